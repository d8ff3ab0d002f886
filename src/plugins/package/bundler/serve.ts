// The bundler's reading process: it unpacks, reads and checks one package after the other, and has esbuild, in the
// process beside it, bundle each. It blocks on pipes and runs nothing of any package.
//
// Descriptors: 3 from the host, 4 to it, 5 from esbuild, 6 to it. 1. Walls. 2. esbuild says which walls stand around
// itself, and its version; READY tells the host. 3. Messages of one package (messages.ts), an answer, and so on; where
// the package is a folder, questions in between. The end of the host's stream ends the process; so does the end of
// esbuild, with a status of its own.

import { readSync, writeSync } from 'node:fs';
import { FrameReader, FrameWriter } from '../../compartment/process/frames.ts';
import { type Guarded, guard } from '../../compartment/process/walls/guard.ts';
import { toByte } from '../../compartment/process/walls/standing.ts';
import { type ErrorCode, GraftError } from '../../errors.ts';
import { unpack } from '../archive.ts';
import { bundle } from '../bundle.ts';
import { digestOf } from '../digest.ts';
import { Checks, checkFiles, type Entry, refuseSignatures } from '../files.ts';
import { readHead } from '../head.ts';
import { linksOf, memorySource } from '../memory.ts';
import { printable } from '../path.ts';
import { Files } from '../tree.ts';
import {
  ARCHIVE,
  CODE,
  ENTRY,
  EXIT_NO_SERVICE,
  FAULT,
  FILE,
  FOLDER,
  FOLLOW,
  GAVE_UP,
  GIVEN,
  HEAD,
  LIST,
  MAKE,
  NAMES,
  PLACE,
  READ,
  READY,
  REFUSED,
  REQUEST_BYTES_MAX,
  readEntry,
  readNames,
  readPlace,
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
  isFolder: boolean;
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
    const received: Received = { entries: [], archive: null, isFolder: false, given: null };
    for (let type = this.#next(); type !== MAKE; type = this.#next()) {
      const payload = this.#payload();
      if (type === FOLDER) received.isFolder = true;
      else if (type === ARCHIVE) received.archive = Buffer.from(payload);
      else if (type === ENTRY) received.entries.push(readEntry(payload));
      else if (type === GIVEN) received.given = this.#reader.text();
      else this.#guarded.exit(EXIT_PROTOCOL);
    }
    return received;
  }

  #payload(): Buffer {
    return this.#reader.buffer.subarray(this.#reader.from, this.#reader.to);
  }

  /** Asks the host about its folder. The answer's payload, a view: valid until the next question. */
  #ask(type: number, path: string, answer: number): Buffer {
    this.#writer.begin(type, 0).text(path).end();
    this.#flush();
    const got = this.#next();
    if (got === answer) return this.#payload();
    if (got !== FAULT) this.#guarded.exit(EXIT_PROTOCOL);
    const { code, message } = JSON.parse(this.#reader.text()) as { code: ErrorCode; message: string };
    throw new GraftError(code, message);
  }

  /** The files of a package; where they are those of a folder, the host reads them when they are asked for. */
  #filesOf({ entries, archive, isFolder }: Received): Files {
    const checks = new Checks();
    if (!isFolder) {
      const all = archive === null ? entries : unpack(archive);
      return new Files(memorySource(checkFiles(all, checks), linksOf(all)), checks);
    }
    const files = new Files({
      list: (folder) => readNames(this.#ask(LIST, folder, NAMES)),
      read: (file) => Buffer.from(this.#ask(READ, file, FILE)),
      follow: (link) => readPlace(this.#ask(FOLLOW, link, PLACE)),
    });
    refuseSignatures(files.topFiles);
    return files;
  }

  #make(service: EsbuildService, received: Received): void {
    const files = this.#filesOf(received);
    const { given } = received;
    const { head, resolver } = readHead(files, given === null ? null : JSON.parse(given));
    const { code, sourceMap, missing } = bundle(service, { files, resolver, main: head.main, sdk: this.#sdk });
    const { name, version, description, manifest } = head;
    const told = JSON.stringify({
      name,
      version,
      description,
      manifest,
      digest: digestOf(head, files.reached),
      missing,
    });
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

/** Runs until the host's end. `addon` raises the walls, where there are any; `sdk` is the source of `graftwork-sdk`. */
export const serve = (addon: string | undefined, sdk: string): never =>
  new Server(guard(addon, SERVICE_WRITES), sdk).run();
