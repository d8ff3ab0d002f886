// A proxy in front of PostgreSQL that cuts connections of transactions where a test says: before a COMMIT arrives, or
// when it has been carried out and before its answer arrives.

import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The server's word that a COMMIT was carried out. */
const COMMITTED = Buffer.from('C\0\0\0\x0bCOMMIT\0', 'latin1');
/** In the first statement of a transaction, once for each connection. */
const BEGIN = 'BEGIN ISOLATION LEVEL SERIALIZABLE';

export type Cut = 'before' | 'after';

export class CuttingProxy {
  readonly url: string;
  /** What happens to the next COMMIT; null: nothing. */
  next: Cut | null = null;
  /** How often it has cut. */
  cuts = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'graftwork-proxy-'));
  readonly #target: NetConnectOpts;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(url: string) {
    const target = new URL(url);
    const folder = target.searchParams.get('host');
    const port = target.port === '' ? 5432 : Number(target.port);
    this.#target = folder === null ? { host: target.hostname, port } : { path: `${folder}/.s.PGSQL.5432` };
    target.searchParams.set('host', this.#folder);
    target.port = '';
    this.url = target.href;
    this.#server = createServer((client) => this.#serve(client));
  }

  /** A proxy in front of the database at `url`. */
  static async before(url: string): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(url);
    await new Promise<void>((resolve) => proxy.#server.listen(`${proxy.#folder}/.s.PGSQL.5432`, resolve));
    return proxy;
  }

  #serve(client: Socket): void {
    const server = connect(this.#target);
    let isTransactional = false;
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    const cut = (): void => {
      this.next = null;
      this.cuts++;
      client.destroy();
      server.end();
    };
    client.on('data', (data) => {
      isTransactional ||= data.includes(BEGIN);
      if (this.next === 'before' && isTransactional) cut();
      else server.write(data);
    });
    server.on('data', (data) => {
      if (this.next === 'after' && data.includes(COMMITTED)) cut();
      else client.write(data);
    });
  }

  /** Cuts every connection there is. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
