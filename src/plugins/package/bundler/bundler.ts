// One bundler, from the host's side: two processes that make one package at a time of what is sent to them. Nothing
// they say is believed beyond its place in the protocol (messages.ts); what it means is checked by who asked.
//
// 1. READY. 2. `make` sends a package, and settles with what was made of it, a refusal, or that the bundler was lost
//    over it. Of a folder it may ask in between, one question at a time. Whoever takes longer than it may, or says what
//    it cannot have meant, is killed.

import { parseJson } from '../../compartment/ending.ts';
import { FrameReader } from '../../compartment/process/frames.ts';
import { ALL_WALLS, fromByte, NO_WALLS, type Standing, toByte } from '../../compartment/process/walls/standing.ts';
import { PACKAGE_BOUNDS } from '../bounds.ts';
import type { PackageFolder } from '../folder.ts';
import type { BundlerCommands } from './command.ts';
import {
  answerOf,
  CODE,
  HEAD,
  isQuestion,
  type Made,
  type RawPackage,
  READY,
  REFUSED,
  REPLY_BYTES_MAX,
  requestOf,
  SOURCE_MAP,
} from './messages.ts';
import { type BundlerEnding, Processes } from './processes.ts';

/** The bundler has ended; where it was killed from outside, the package is not to blame. */
export interface Lost {
  readonly is: 'lost';
  readonly why: string;
  readonly outside: boolean;
}

/** What came of a package. */
export type BundlerReply =
  | ({ readonly is: 'made' } & Made)
  | { readonly is: 'refused'; readonly code: unknown; readonly message: unknown }
  | Lost;

/** Process ids of the one that reads, and of esbuild's. */
export type Pids = Processes['pids'];

/** What a bundler tells the pool that it is in. */
export interface BundlerEvents {
  /** It has started, and can make a package. */
  ready(bundler: Bundler): void;
  ended(bundler: Bundler): void;
}

const START_MS_MAX = 15_000;
/** A manifest is some tens of kilobytes at most, and so is a message. */
const HEAD_BYTES_MAX = 256 * 1024;
/** About so many bytes are put together and leave in one write. */
const TOGETHER_BYTES = 256 * 1024;

function* together(pieces: readonly Uint8Array[]): Generator<Buffer> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < TOGETHER_BYTES) continue;
    yield Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held, bytes);
}

/** How an end is put where nothing else is known; a memory that runs out is the usual reason. */
const endText = ({ of, code, signal }: BundlerEnding): string => {
  const what = of === 'reader' ? 'the process that reads packages' : "esbuild's process";
  return `${what} ended with ${signal ?? `status ${code}`}, as it does where its memory runs out`;
};

export class Bundler {
  readonly #events: BundlerEvents;
  readonly #processes: Processes;
  readonly #reader = new FrameReader(REPLY_BYTES_MAX);
  /** Who waits for a reply. */
  #settle: ((reply: BundlerReply) => void) | null = null;
  /** The folder that is made a package of, and whether a question to it has no answer yet. */
  #folder: PackageFolder | null = null;
  #asked = false;
  /** What has come of the package that is being made. */
  #head: unknown = null;
  #code: string | null = null;
  #timer: NodeJS.Timeout | null;
  #killed: string | null = null;
  #ended: BundlerEnding | null = null;
  #dismissed = false;
  #ready = false;
  /** Walls that stand around both processes, as they say. */
  #walls: Standing = NO_WALLS;

  /** `named`: as Processes takes it. */
  constructor(commands: BundlerCommands, events: BundlerEvents, named = true) {
    this.#events = events;
    const told = { data: (bytes: Buffer) => this.#take(bytes), ended: (ending: BundlerEnding) => this.#over(ending) };
    this.#processes = new Processes(commands, told, named);
    this.#timer = setTimeout(() => this.kill(`it did not start within ${START_MS_MAX} ms`), START_MS_MAX).unref();
  }

  get ready(): boolean {
    return this.#ready;
  }

  get walls(): Standing {
    return this.#walls;
  }

  get pids(): Pids {
    return this.#processes.pids;
  }

  /** Whether it can be given a package. */
  get idle(): boolean {
    return this.#ready && this.#settle === null && this.#killed === null && this.#ended === null;
  }

  /** Whether its processes keep this one from ending. At first they do. */
  keep(alive: boolean): void {
    this.#processes.keep(alive);
  }

  /** Ends it. `why` goes into the reply to who waits for one. */
  kill(why: string): void {
    if (this.#killed !== null) return;
    this.#killed = why;
    this.#processes.kill();
  }

  /** Ends it where nobody needs it. */
  dismiss(): void {
    this.#dismissed = true;
    this.kill('nobody needs it');
  }

  /** Makes a package, within `wait_ms`. Only one that was idle a moment ago may be asked. */
  make(raw: RawPackage, wait_ms: number): Promise<BundlerReply> {
    if (this.#ended !== null) return Promise.resolve(this.#lost(this.#ended));
    const { promise, resolve } = Promise.withResolvers<BundlerReply>();
    this.#settle = resolve;
    this.#folder = 'folder' in raw ? raw.folder : null;
    this.#folder?.begin();
    this.#timer = setTimeout(() => this.kill(`bundling took longer than ${wait_ms} ms`), wait_ms);
    for (const bytes of together(requestOf(raw))) this.#processes.write(bytes);
    return promise;
  }

  #take(bytes: Buffer): void {
    if (this.#killed !== null) return;
    const reader = this.#reader;
    reader.push(bytes);
    while (reader.next()) if (!this.#understands(reader)) return this.kill('it said what it cannot have meant');
    if (reader.broken) this.kill('it said what it cannot have meant');
  }

  /** Acts on a frame. False where it has no place here, or is too large for it. */
  #understands(reader: FrameReader): boolean {
    const { type } = reader;
    if (!this.#ready) return type === READY && reader.size === 2 && this.#begin(reader);
    if (this.#settle === null) return false;
    if (this.#code !== null) return type === SOURCE_MAP && this.#made(this.#code, reader.text());
    if (this.#asked) return false;
    if (this.#head !== null)
      return type === CODE && reader.size <= PACKAGE_BOUNDS.bundle_bytes && this.#coded(reader.text());
    if (reader.size > HEAD_BYTES_MAX) return false;
    if (isQuestion(type)) return this.#question(type, reader.text());
    if (type === REFUSED) return this.#refused(parseJson(reader.text()));
    return type === HEAD && this.#headed(parseJson(reader.text()));
  }

  #begin({ buffer, from }: FrameReader): true {
    this.#ready = true;
    this.#walls = fromByte(toByte(ALL_WALLS) & buffer.readUInt8(from) & buffer.readUInt8(from + 1));
    this.#stopClock();
    this.#events.ready(this);
    return true;
  }

  #question(type: number, path: string): boolean {
    if (this.#folder === null) return false;
    this.#asked = true;
    void answerOf(this.#folder, type, path).then((frames) => {
      this.#asked = false;
      if (this.#killed === null && this.#ended === null)
        for (const bytes of together(frames)) this.#processes.write(bytes);
    });
    return true;
  }

  #headed(head: unknown): boolean {
    this.#head = head;
    return typeof head === 'object' && head !== null;
  }

  #coded(code: string): true {
    this.#code = code;
    return true;
  }

  #made(code: string, sourceMap: string): true {
    this.#answer({ is: 'made', head: this.#head, code, sourceMap });
    return true;
  }

  #refused(said: unknown): boolean {
    if (typeof said !== 'object' || said === null) return false;
    const { code, message } = said as { code?: unknown; message?: unknown };
    this.#answer({ is: 'refused', code, message });
    return true;
  }

  #answer(reply: BundlerReply): void {
    const settle = this.#settle;
    this.#settle = this.#folder = this.#head = this.#code = null;
    this.#stopClock();
    settle?.(reply);
  }

  #stopClock(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #over(ending: BundlerEnding): void {
    this.#ended = ending;
    this.#answer(this.#lost(ending));
    this.#events.ended(this);
  }

  #lost(ending: BundlerEnding): Lost {
    const outside = this.#killed === null && ending.signal === 'SIGKILL';
    return { is: 'lost', why: this.#killed ?? endText(ending), outside };
  }

  /** How it was lost before it was ready; null where it was ready, or is there still, or was not needed. */
  get notStarted(): Lost | null {
    return this.#ready || this.#dismissed || this.#ended === null ? null : this.#lost(this.#ended);
  }
}
