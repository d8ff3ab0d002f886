// The floors: the cost of the bare parts with the same inputs, crossing the same way. For `isolate`, isolated-vm's
// `applySync` with the engine's time-out, with no transaction, account, check or scrubbed realm; for `process`, a
// message to a forked process; for `worker`, to a thread.

import ivm from 'isolated-vm';
import type { CallContender } from '../measure.ts';
import { type Crossing, rawMessage, rawWorkerMessage } from '../raw-calls.ts';
import type { Kind } from './kinds.ts';
import { COLUMN_POLICY, FILTER, WORK, type Work } from './work.ts';

const TIMEOUT = { timeout: 50 };
const MEMORY_MB = 32;
/** Longer texts cross slowly unless they are cut into pieces of this many characters. */
const PIECE = 1000;

const nothing = async (): Promise<void> => {};

type Entry = ivm.Reference<(...args: unknown[]) => unknown>;

/** A function of source text in a bare isolate. */
const entry = (source: string): Entry => {
  const context = new ivm.Isolate({ memoryLimit: MEMORY_MB }).createContextSync();
  return context.evalSync(`(${source})`, { reference: true }) as Entry;
};

const isLate = (error: unknown): boolean => error instanceof Error && error.message === 'Script execution timed out.';

const contender = (name: string, { input, value }: Work, apply: (input: unknown) => unknown): CallContender => ({
  name,
  call() {
    const given = input();
    // On a busy machine a thread may wait for a core longer than the time-out allows: then it tries again.
    for (;;) {
      try {
        return value(apply(given));
      } catch (error) {
        if (!isLate(error)) throw error;
      }
    }
  },
  close: nothing,
});

const bare = (name: string, work: Work): CallContender => {
  const step = entry(work.source.js);
  return contender(name, work, (input) => step.applySync(undefined, [input as number], TIMEOUT));
};

/** The policy over columns in a SharedArrayBuffer, filled by the host before every call. */
const columns = (work: Work): CallContender => {
  const context = new ivm.Isolate({ memoryLimit: MEMORY_MB }).createContextSync();
  const make = context.evalSync(
    `((id, age, dirty) => { const choose = ${COLUMN_POLICY};
      id = new Int32Array(id); age = new Int32Array(age); dirty = new Uint8Array(dirty);
      return (turn) => choose(id, age, dirty); })`,
    { reference: true },
  ) as Entry;
  const size = work.point.columns?.id?.length ?? 0;
  const buffers = [4, 4, 1].map((bytes) => new SharedArrayBuffer(bytes * size));
  const [id, age, dirty] = buffers as [SharedArrayBuffer, SharedArrayBuffer, SharedArrayBuffer];
  const views = { id: new Int32Array(id), age: new Int32Array(age), dirty: new Uint8Array(dirty) };
  const shared = buffers.map((buffer) => new ivm.ExternalCopy(buffer).copyInto());
  const step = make.applySync(undefined, shared, { result: { reference: true } }) as unknown as Entry;
  return contender('raw applySync, columns (floor)', work, (input) => {
    work.point.fill?.(input, views);
    return step.applySync(undefined, [input as number], TIMEOUT);
  });
};

const COPY_OUT = { ...TIMEOUT, result: { copy: true } } as const;
const COPY = { ...COPY_OUT, arguments: { copy: true } } as const;

/** Ways to bring a text of 2 KB into an isolate and back. */
const TRANSPORTS: Readonly<Record<string, (work: Work) => (input: unknown) => unknown>> = {
  'text in, text out': () => {
    const step = entry(FILTER);
    return (text) => step.applySync(undefined, [text as string], TIMEOUT);
  },
  'text in, [text] out': () => {
    const step = entry(`((f) => (text) => [f(text)])(${FILTER})`);
    return (text) => (step.applySync(undefined, [text as string], COPY_OUT) as string[])[0];
  },
  '{text} in, text out': () => {
    const step = entry(`((f) => ({ text }) => f(text))(${FILTER})`);
    return (text) => step.applySync(undefined, [{ text }], { ...TIMEOUT, arguments: { copy: true } });
  },
  '{text} in, [text] out': () => {
    const step = entry(`((f) => ({ text }) => [f(text)])(${FILTER})`);
    return (text) => (step.applySync(undefined, [{ text }], COPY) as string[])[0];
  },
  '[text] in, [text] out': () => {
    const step = entry(`((f) => ([text]) => [f(text)])(${FILTER})`);
    return (text) => (step.applySync(undefined, [[text]], COPY) as string[])[0];
  },
  'ExternalCopy in, [text] out': () => {
    const step = entry(`((f) => (text) => [f(text)])(${FILTER})`);
    return (text) =>
      (step.applySync(undefined, [new ivm.ExternalCopy(text).copyInto({ release: true })], COPY_OUT) as string[])[0];
  },
  'pieces in, [text] out': () => {
    const step = entry(`((f) => (a, b, c) => [f(a + b + c)])(${FILTER})`);
    return (text) => {
      const all = text as string;
      const pieces = [all.slice(0, PIECE), all.slice(PIECE, 2 * PIECE), all.slice(2 * PIECE)];
      return (step.applySync(undefined, pieces, COPY_OUT) as string[])[0];
    };
  },
  '[text] in, shared bytes out': () =>
    sharedBytes((step, _bytes, text) => step.applySync(undefined, [[text]], COPY) as number, '([text]) => text'),
  'shared bytes in, [text] out': () => {
    const { step, bytes } = sharing(
      `(f, bytes) => (length) => [f(String.fromCharCode.apply(null, bytes.subarray(0, length)))]`,
    );
    return (text) => (step.applySync(undefined, [bytes.latin1Write(text as string)], COPY_OUT) as string[])[0];
  },
  'shared bytes in and out': () =>
    sharedBytes(
      (step, bytes, text) => step.applySync(undefined, [bytes.latin1Write(text)], TIMEOUT) as number,
      '(length) => String.fromCharCode.apply(null, bytes.subarray(0, length))',
    ),
};

type Bytes = Buffer & { latin1Write(text: string): number; latin1Slice(from: number, to: number): string };

/** A function over 4 KB that it shares with the host. `make` is a function expression of the filter and the bytes. */
const sharing = (make: string): { step: Entry; bytes: Bytes } => {
  const memory = new SharedArrayBuffer(4096);
  const context = new ivm.Isolate({ memoryLimit: MEMORY_MB }).createContextSync();
  const maker = context.evalSync(`((memory) => (${make})(${FILTER}, new Uint8Array(memory)))`, {
    reference: true,
  }) as Entry;
  const step = maker.applySync(undefined, [new ivm.ExternalCopy(memory).copyInto()], {
    result: { reference: true },
  }) as unknown as Entry;
  return { step, bytes: Buffer.from(memory) as Bytes };
};

/** The answer leaves as bytes in shared memory; its length is what crosses. */
const sharedBytes = (
  call: (step: Entry, bytes: Bytes, text: string) => number,
  read: string,
): ((input: unknown) => unknown) => {
  const { step, bytes } = sharing(`(f, bytes) => {
    const read = ${read};
    return (input) => {
      const text = f(read(input));
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return text.length;
    };
  }`);
  return (text) => bytes.latin1Slice(0, call(step, bytes, text as string));
};

/** All ways for a text, as contenders; the fastest is the filter's floor. */
export const transports = (seed: number): CallContender[] =>
  Object.entries(TRANSPORTS).map(([name, make]) => {
    const work = WORK.filter?.(seed, false) as Work;
    return contender(`raw applySync, ${name}`, work, make(work));
  });

const CHANNELS = { child_process: rawMessage, worker_threads: rawWorkerMessage } as const;

const crossing = ({ input, source, value }: Work): Crossing => ({ input, source: source.js, value });

/** The floor of a kind for a workload; null: there are several to choose from. */
export const floorOf = async (kind: Kind, name: string, seed: number): Promise<CallContender | null> => {
  const channel = kind.floor === 'isolated-vm' ? null : CHANNELS[kind.floor as keyof typeof CHANNELS];
  if (channel !== null) return channel(crossing(WORK[name]?.(seed, false) as Work));
  const work = WORK[name]?.(seed, true) as Work;
  if (name === 'add') return bare('raw applySync (floor)', work);
  return name === 'policy' ? columns(work) : null;
};
