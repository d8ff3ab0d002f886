// One process of statements, from the host's side: one statement at a time, and what it says is believed no further
// than its place in the protocol (messages.ts). It is killed where its statement takes too long, where nobody waits for
// it any more, or where it says what it cannot have meant.

import { INVALID, parseJson } from '../../../plugins/compartment/index.ts';
import {
  type Channel,
  childEnvironment,
  cpuOfProcess,
  FrameReader,
  FrameWriter,
  openChannel,
  type Standing,
  standingOf,
} from '../../../plugins/compartment/process/index.ts';
import { SQL_MESSAGE_MAX, SQL_START_MS_MAX } from '../bounds.ts';
import type { SqlAnswer, SqlEnd } from '../engine.ts';
import type { StatementTask, Worker } from '../workers.ts';
import { ANSWER, EXHAUSTED, FAILED, GRANT, READY, REFUSED, REPLY_BYTES_MAX, RUN } from './messages.ts';

/** A look at the processor time that is left comes no sooner. */
const LOOK_MS_MIN = 5;
/** Each further thread would reserve 64 MB of addresses, which count as memory that the process takes. */
const ONE_ARENA = { MALLOC_ARENA_MAX: '1' };
/** How an engine ends that has no memory left. */
const OUT_OF_MEMORY: readonly string[] = ['SIGABRT', 'SIGTRAP', 'SIGILL'];

const isAnswer = (value: unknown): value is Omit<SqlAnswer, 'changes'> => {
  const { columns, rows } = (value ?? {}) as Partial<SqlAnswer>;
  return (
    Array.isArray(columns) &&
    Array.isArray(rows) &&
    columns.every((name) => typeof name === 'string') &&
    rows.every((row) => Array.isArray(row) && row.length === columns.length)
  );
};

const failed = (why: string): SqlEnd => ({ is: 'failed', why });

export class StatementProcess implements Worker {
  readonly #channel: Channel;
  readonly #reader = new FrameReader(REPLY_BYTES_MAX);
  readonly #writer = new FrameWriter();
  readonly #ended: (process: StatementProcess) => void;
  readonly #ready = Promise.withResolvers<void>();
  #started = false;
  #gone = false;
  #grant = '';
  #settle: ((end: SqlEnd) => void) | null = null;
  /** Why it was killed, for who waits. */
  #killed: SqlEnd | null = null;
  #timer: NodeJS.Timeout | null;
  walls: Standing | null = null;

  constructor([file, ...args]: readonly [string, ...string[]], ended: (process: StatementProcess) => void) {
    this.#ended = ended;
    this.#channel = openChannel(
      file,
      args,
      { env: { ...childEnvironment(), ...ONE_ARENA }, cwd: '/' },
      { data: (bytes) => this.#take(bytes), closed: (signal) => this.#closed(signal) },
    );
    this.#channel.keep(false);
    this.#timer = setTimeout(() => this.kill(failed('the process did not start')), SQL_START_MS_MAX).unref();
  }

  get pid(): number | undefined {
    return this.#channel.child.pid;
  }

  get gone(): boolean {
    return this.#gone || this.#killed !== null;
  }

  async run({ grant, request, ms, signal }: StatementTask): Promise<SqlEnd> {
    if (!this.#started) await this.#ready.promise;
    if (signal.aborted) return { is: 'abandoned' };
    if (this.gone) return this.#killed ?? failed('the process ended before it was ready');
    const { promise, resolve } = Promise.withResolvers<SqlEnd>();
    const abandon = (): void => this.kill({ is: 'abandoned' });
    this.#settle = resolve;
    signal.addEventListener('abort', abandon);
    this.#channel.keep(true);
    this.#send(grant, request);
    this.#watch(ms);
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  #send(grant: string, request: string): void {
    if (grant !== this.#grant) this.#writer.begin(GRANT, 0).text(grant).end();
    this.#grant = grant;
    this.#writer.begin(RUN, 0).text(request).end();
    // Bytes that are not gone yet must stay as they are.
    this.#channel.write(Buffer.from(this.#writer.bytes()));
    this.#writer.clear();
  }

  /** Ends a statement that has had its processor time; where the system tells none, the wall clock counts. */
  #watch(ms: number): void {
    const before = cpuOfProcess(this.pid);
    const look = (): void => {
      const used = before === null ? ms : (cpuOfProcess(this.pid) ?? Number.POSITIVE_INFINITY) - before;
      if (used >= ms) this.kill({ is: 'exhausted', what: 'time' });
      else this.#timer = setTimeout(look, Math.max(LOOK_MS_MIN, ms - used));
    };
    this.#timer = setTimeout(look, ms);
  }

  kill(end: SqlEnd): void {
    if (this.gone) return;
    this.#killed = end;
    this.#channel.child.kill('SIGKILL');
    this.#answer(end);
  }

  #take(bytes: Buffer): void {
    if (this.gone) return;
    const reader = this.#reader;
    reader.push(bytes);
    while (reader.next()) if (!this.#understands(reader)) return this.kill(failed('it said what it cannot have meant'));
    if (reader.broken) this.kill(failed('it said what it cannot have meant'));
  }

  #understands(reader: FrameReader): boolean {
    if (!this.#started) return reader.type === READY && this.#begin(reader);
    if (this.#settle === null) return false;
    const end = endOf(reader);
    if (end === null) return false;
    this.#answer(end);
    return true;
  }

  #begin(reader: FrameReader): true {
    this.#started = true;
    this.walls = standingOf(reader);
    this.#stopClock();
    this.#ready.resolve();
    return true;
  }

  #answer(end: SqlEnd): void {
    const settle = this.#settle;
    this.#settle = null;
    this.#stopClock();
    if (!this.#gone) this.#channel.keep(false);
    settle?.(end);
  }

  #stopClock(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #closed(signal: NodeJS.Signals | null): void {
    this.#gone = true;
    this.#killed ??=
      this.#settle !== null && OUT_OF_MEMORY.includes(signal ?? '')
        ? { is: 'exhausted', what: 'memory' }
        : failed(`the process ended with ${signal ?? 'a status of its own'}`);
    this.#answer(this.#killed);
    this.#ready.resolve();
    this.#ended(this);
  }
}

/** What a reply means; null: it is none. */
const endOf = (reader: FrameReader): SqlEnd | null => {
  switch (reader.type) {
    case ANSWER: {
      const told = parseJson(reader.text());
      return told === INVALID || !isAnswer(told)
        ? null
        : { is: 'answered', answer: { columns: told.columns, rows: told.rows, changes: 0 } };
    }
    case REFUSED:
      return { is: 'refused', why: reader.text().slice(0, SQL_MESSAGE_MAX) };
    case EXHAUSTED:
      return { is: 'exhausted', what: 'memory' };
    case FAILED:
      return failed(reader.text().slice(0, SQL_MESSAGE_MAX));
    default:
      return null;
  }
};
