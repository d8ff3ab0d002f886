// The engine isolated-vm. It is loaded when the first compartment of this kind is made, since it is a native binary
// that many users of this folder never need.

import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { loadLocaleData } from '../locale-data.ts';
import { type Engine, INTERRUPTIBLE } from './realm-isolate.ts';
import { Warden } from './warden.ts';

/** V8's own default, in KB: the stack of the host's thread. */
const HOST_STACK_KB = 984;
/**
 * The largest stack in a guest, in KB, by the number of calls that run in the thread already. V8 counts from where the
 * thread's stack begins. So each level has the rest that the one before leaves, and the host keeps enough for a host
 * call that arrives when every guest has used its own part up.
 */
const GUEST_STACK_KB = [400, 600, 720, 840] as const;

/** The number of nested calls in the thread at most. */
const LEVELS_MAX = GUEST_STACK_KB.length;

/** State that all guests of the host's thread share: only one call runs in it at a time, the others are around it. */
export interface EngineThread {
  readonly engine: Engine;
  readonly warden: Warden;
}

let thread: EngineThread | undefined;

/** The engine and the warden of this thread, made at the first use. */
export const threadOf = (): EngineThread => {
  if (thread === undefined) {
    setFlagsFromString(INTERRUPTIBLE);
    loadLocaleData();
    const engine = createRequire(import.meta.url)('isolated-vm') as Engine;
    const warden = new Warden(engine, LEVELS_MAX);
    thread = { engine, warden };
  }
  return thread;
};

/** Makes an isolate with the stack for calls inside `level` others. */
export const withStack = <T>(level: number, make: () => T): T => {
  setFlagsFromString(`--stack-size=${GUEST_STACK_KB[level]}`);
  try {
    return make();
  } finally {
    setFlagsFromString(`--stack-size=${HOST_STACK_KB}`);
  }
};
