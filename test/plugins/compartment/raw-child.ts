// A plugin's process, driven by raw frames: what the tests of its protocol hold in hand instead of the host's side.

import type { ChildProcess } from 'node:child_process';
import { type Channel, openChannel } from '../../../src/plugins/compartment/process/channel.ts';
import { childCommand } from '../../../src/plugins/compartment/process/command.ts';
import { FrameReader, FrameWriter } from '../../../src/plugins/compartment/process/frames.ts';
import { realmScript } from '../../../src/plugins/compartment/realm/script.ts';
import * as protocol from '../../../src/plugins/protocol.ts';

const TYPES: Record<number, string> = {
  [protocol.READY]: 'READY',
  [protocol.HOST_CALL]: 'HOST_CALL',
};
/** What an end tells, by its letter (realm/steps.ts). */
const ENDS: Record<string, string> = { R: 'RESULT', T: 'RESULT', N: 'REFUSED', F: 'FAILED' };
/** Bytes before the JSON. */
const HEADS: Record<string, number> = { READY: 1, HOST_CALL: 2 };

/** A frame of the child's, or its exit. `head` is own_us, the accessor of a HOST_CALL, or the walls of a READY. */
export interface Received {
  readonly type: string;
  readonly call: number;
  readonly head: number;
  readonly json: unknown;
}

export interface LoadOptions {
  readonly callable?: readonly string[];
  readonly grafts?: readonly { readonly export: string; readonly callable: readonly string[] }[];
  readonly memory_mb?: number;
  readonly load_ms?: number;
}

export class RawChild {
  readonly process: ChildProcess;
  readonly writer = new FrameWriter();
  readonly #reader = new FrameReader(protocol.ANSWER_BYTES_MAX);
  readonly #received: Received[] = [];
  readonly #waiting: ((received: Received) => void)[] = [];
  readonly #channel: Channel;
  #calls = 0;

  constructor(walled: boolean) {
    const { file, args } = childCommand(walled);
    this.#channel = openChannel(
      file,
      args,
      { env: {} },
      {
        data: (bytes) => this.#take(bytes),
        closed: (signal) => this.#deliver({ type: 'EXIT', call: 0, head: this.process.exitCode ?? -1, json: signal }),
      },
    );
    this.process = this.#channel.child;
  }

  #take(chunk: Buffer): void {
    const reader = this.#reader;
    reader.push(chunk);
    while (reader.next()) {
      const isEnd = reader.type === protocol.ENDED;
      const skip = HEADS[TYPES[reader.type] ?? ''] ?? 4;
      const head = skip === 0 ? 0 : reader.buffer.readUIntLE(reader.from, skip);
      const text = reader.text(skip);
      const type = (isEnd ? ENDS[text[0] ?? ''] : TYPES[reader.type]) ?? `type ${reader.type}`;
      const json = isEnd ? text.slice(1) : text;
      this.#deliver({
        type,
        call: reader.call,
        head,
        json: json === '' ? undefined : isEnd && text[0] === 'T' ? json : JSON.parse(json),
      });
    }
    if (reader.broken) this.#deliver({ type: 'BROKEN', call: 0, head: 0, json: undefined });
  }

  #deliver(received: Received): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#received.push(received);
    else next(received);
  }

  /** The next frame, or the exit of the process. */
  next(): Promise<Received> {
    const first = this.#received.shift();
    return first === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(first);
  }

  /** Sends what was put into `writer`, in one write. */
  flush(): void {
    this.#channel.write(Buffer.from(this.writer.bytes()));
    this.writer.clear();
  }

  sendBytes(bytes: Uint8Array): void {
    this.#channel.write(Buffer.from(bytes));
  }

  hangUp(): void {
    this.#channel.end();
  }

  frame(type: number, call: number, text = ''): this {
    this.writer.begin(type, call).text(text).end();
    return this;
  }

  /** Puts a CALL; `send` or `flush` sends it. */
  putCall(call: number, realm: number, input: unknown, own_ms = 1000, graft = 0): this {
    const text = typeof input === 'string' && input.startsWith('raw:') ? input.slice(4) : JSON.stringify(input);
    this.writer.begin(protocol.CALL, call).u32(realm).u16(graft).u32(own_ms).text(text).end();
    return this;
  }

  putAnswer(call: number, status: number, value: unknown): this {
    this.writer.begin(protocol.ANSWER, call).u8(status).text(JSON.stringify(value)).end();
    return this;
  }

  /** Loads `code` as realm `realm`. Its first graft is its export `graft`, unless `grafts` says otherwise. */
  load(realm: number, code: string, options: LoadOptions = {}): Promise<Received> {
    const { callable = [], memory_mb = 32, load_ms = 5000 } = options;
    const grafts = options.grafts ?? [{ export: 'graft', callable }];
    const message: protocol.LoadMessage = { realm: realmScript(), code, memory_mb, load_ms, grafts };
    this.frame(protocol.LOAD, realm, JSON.stringify(message)).flush();
    return this.next();
  }

  /**
   * Calls a graft. Host calls that come before the outcome are answered by `answer`. After a failure, waits until the
   * realm is made anew.
   */
  async call(
    realm: number,
    input: unknown,
    options: { own_ms?: number; graft?: number; answer?: (args: unknown) => unknown } = {},
  ): Promise<Received> {
    const call = ++this.#calls;
    this.putCall(call, realm, input, options.own_ms, options.graft).flush();
    for (;;) {
      const received = await this.next();
      if (received.type === 'FAILED') await this.next();
      if (received.type !== 'HOST_CALL') return received;
      this.putAnswer(call, 0, options.answer?.(received.json) ?? null).flush();
    }
  }

  /** Ends the process whatever it does. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    await gone;
  }
}

/** A child that is up. */
export async function startChild(walled = true): Promise<RawChild> {
  const child = new RawChild(walled);
  const { type } = await child.next();
  if (type !== 'READY') throw new Error(`the child did not come up: ${type}`);
  return child;
}
