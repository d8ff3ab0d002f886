// The bundler's reading process: it unpacks, reads and checks one package after the other, and has esbuild, in the
// process beside it, bundle each. It blocks on pipes and runs nothing of any package.
//
// Descriptors: 3 from the host, 4 to it, 5 from esbuild, 6 to it. 1. Walls. 2. esbuild says which walls stand around
// itself, and its version; READY tells the host. 3. Messages of one package (messages.ts), an answer, and so on. The
// end of the host's stream ends the process; so does the end of esbuild, with a status of its own.

import { readSync, writeSync } from 'node:fs';
import { FrameReader, FrameWriter } from '../../compartment/process/frames.ts';
import { type Guarded, guard } from '../../compartment/process/walls/guard.ts';
import { toByte } from '../../compartment/process/walls/standing.ts';
import { GraftError } from '../../errors.ts';
import { unpack } from '../archive.ts';
import { bundle } from '../bundle.ts';
import { digestOf } from '../digest.ts';
import { checkFiles, type Entry } from '../files.ts';
import { readHead } from '../head.ts';
import { printable } from '../path.ts';
import {
  ARCHIVE,
  CODE,
  ENTRY,
  EXIT_NO_SERVICE,
  GAVE_UP,
  GIVEN,
  HEAD,
  MAKE,
  READY,
  REFUSED,
  REQUEST_BYTES_MAX,
  readEntry,
  SOURCE_MAP,
} from './messages.ts';
import { EsbuildService, ServiceEnded } from './service.ts';

const READS = 3;
const WRITES = 4;
const SERVICE_READS = 5;
const SERVICE_WRITES = 6;

/** EX_SOFTWARE of sysexits.h: the host sent what it should not. */
const EXIT_PROTOCOL = 70;

/** What has come of a package. */
interface Received {
  entries: Entry[];
  archive: Buffer | null;
  given: string | null;
}

class Server {
  readonly #reader = new FrameReader(REQUEST_BYTES_MAX);
  readonly #writer = new FrameWriter();
  readonly #sdk: string;
  readonly #guarded: Guarded;

  constructor(guarded: Guarded, sdk: string) {
    this.#guarded = guarded;
    this.#sdk = sdk;
  }

  run(): never {
    const { service, walls } = this.#startService();
    this.#writer.begin(READY, 0).u8(toByte(this.#guarded.standing)).u8(walls).end();
    for (;;) {
      this.#flush();
      const received = this.#receive();
      try {
        this.#make(service, received);
      } catch (error) {
        this.#refuse(error);
      }
    }
  }

  #startService(): { service: EsbuildService; walls: number } {
    const walls = Buffer.alloc(1);
    try {
      if (readSync(SERVICE_READS, walls, 0, 1, null) === 1)
        return { service: new EsbuildService(SERVICE_READS, SERVICE_WRITES), walls: walls.readUInt8() };
    } catch {}
    return this.#guarded.exit(EXIT_NO_SERVICE);
  }

  #flush(): void {
    const bytes = this.#writer.bytes();
    try {
      for (let sent = 0; sent < bytes.length; ) sent += writeSync(WRITES, bytes, sent);
    } catch {
      this.#guarded.exit(0); // The host is gone.
    }
    this.#writer.clear();
  }

  /** Waits for the next frame. */
  #next(): number {
    const reader = this.#reader;
    while (!reader.next()) {
      if (reader.broken) this.#guarded.exit(EXIT_PROTOCOL);
      const at = reader.space();
      const count = readSync(READS, reader.buffer, at, reader.buffer.length - at, null);
      if (count === 0) this.#guarded.exit(0);
      reader.filled(count);
    }
    return reader.type;
  }

  #receive(): Received {
    const received: Received = { entries: [], archive: null, given: null };
    for (let type = this.#next(); type !== MAKE; type = this.#next()) {
      const payload = this.#reader.buffer.subarray(this.#reader.from, this.#reader.to);
      if (type === ARCHIVE) received.archive = Buffer.from(payload);
      else if (type === ENTRY) received.entries.push(readEntry(payload));
      else if (type === GIVEN) received.given = this.#reader.text();
      else this.#guarded.exit(EXIT_PROTOCOL);
    }
    return received;
  }

  #make(service: EsbuildService, { entries, archive, given }: Received): void {
    const files = checkFiles(archive === null ? entries : unpack(archive));
    const head = readHead(files, given === null ? null : JSON.parse(given));
    const { code, sourceMap, missing } = bundle(service, files, head.main, this.#sdk);
    const { name, version, manifest } = head;
    const told = JSON.stringify({ name, version, manifest, digest: digestOf(head, files), missing });
    this.#writer.begin(HEAD, 0).text(told).end();
    this.#writer.begin(CODE, 0).raw(code).end();
    this.#writer.begin(SOURCE_MAP, 0).raw(sourceMap).end();
  }

  #refuse(error: unknown): void {
    if (error instanceof ServiceEnded) this.#guarded.exit(EXIT_NO_SERVICE);
    const { code, message } =
      error instanceof GraftError ? error : new GraftError('GRAFT_BUNDLE', `${GAVE_UP}: ${(error as Error).message}`);
    this.#writer
      .begin(REFUSED, 0)
      .text(JSON.stringify({ code, message: printable(message) }))
      .end();
  }
}

/** Runs until the host's end. `addon` raises the walls, where there are any; `sdk` is the source of `graftwork/sdk`. */
export const serve = (addon: string | undefined, sdk: string): never =>
  new Server(guard(addon, SERVICE_WRITES), sdk).run();
