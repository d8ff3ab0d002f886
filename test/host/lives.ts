// One host after the other over the same data: each life ends by a close, or by a kill, after which the next one finds
// the files as they were at that instant.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, type Host, type HostOptions } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';

export class Lives {
  readonly #root = mkdtempSync(join(tmpdir(), 'graftwork-lives-'));
  readonly #options: HostOptions;
  readonly #killed: Promise<void>[] = [];
  #life = 0;
  host!: Host;

  constructor(options: HostOptions = {}) {
    this.#options = options;
    mkdirSync(this.#folder);
  }

  get #folder(): string {
    return join(this.#root, String(this.#life));
  }

  /** Begins a life. */
  async begin(): Promise<Host> {
    this.host = await createHost({
      store: `sqlite:${join(this.#folder, 'app.db')}`,
      registry: join(this.#folder, 'plugins.db'),
      compartment: new IsolateMaker(),
      report: () => {},
      ...this.#options,
    });
    return this.host;
  }

  /** Ends it as kill -9 does: nothing is written any more. */
  kill(): void {
    const files = this.#folder;
    this.#life++;
    cpSync(files, this.#folder, {
      recursive: true,
      filter: (path) => !path.endsWith('-host') && !path.endsWith('-shm'),
    });
    this.#killed.push(this.host.close());
  }

  async end(): Promise<void> {
    await this.host.close();
    await Promise.all(this.#killed);
    rmSync(this.#root, { recursive: true });
  }
}
