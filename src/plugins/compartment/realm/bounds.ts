// Built-ins that are replaced by bounded ones, in every realm, before the plugin's code runs.
//
// The engine checks its interrupts (the clock, the memory limit) in loops and calls of JavaScript. Loops of its own run
// to their end, and when such a loop asks for memory that there is not, the process ends. So a built-in that walks as
// many elements as an object claims to have takes a length of at most `memory_mb` × 2^17, which is what the memory
// holds; one that grows or searches without checking interrupts is bounded likewise. More is a RangeError, which ends a
// graft like any other error. Cases that cannot be bounded like this are listed in isolate/README.md. On ordinary
// values the answers are those of the native functions, which these still call. Nothing here looks a built-in up after
// plugin code has run (natives.ts).

import { Chains, chainMethods } from './bound-chains.ts';
import { keyMethods } from './bound-keys.ts';
import { arrayMethods, lengthBounds } from './bound-lengths.ts';
import { localeMethods } from './bound-locales.ts';
import { mapMethods } from './bound-maps.ts';
import { textMethods } from './bound-texts.ts';
import { defineProperty, getOwnPropertyDescriptor } from './natives.ts';

export type NativeMethod = (this: unknown, ...args: unknown[]) => unknown;
/** Does what `native` does for `self` and `args`, or throws a RangeError. `args` may be changed. */
export type Body = (native: NativeMethod, self: unknown, args: unknown[]) => unknown;
/** The functions of an object that get a body. */
export type BoundMethods = readonly [on: object, names: readonly PropertyKey[], body: Body];

const MEMORY_MB_MIN = 8;
const LENGTH_PER_MB = 2 ** 17;

const replace = (on: object, name: PropertyKey, body: Body, chains: Chains): void => {
  const own = getOwnPropertyDescriptor(on, name);
  if (own === undefined) return; // Newer than this engine.
  const native = own.value as NativeMethod;
  const { [name]: made } = {
    [name](this: unknown, ...args: unknown[]): unknown {
      const { walked } = chains;
      try {
        return body(native, this, args);
      } finally {
        chains.goBack(walked);
      }
    },
  } as Record<PropertyKey, NativeMethod>;
  defineProperty(made as NativeMethod, 'length', { value: native.length, configurable: true });
  defineProperty(on, name, { ...own, value: made });
};

/** Bounds the realm that this code runs in, after it was scrubbed. */
export function bound(memory_mb: number, isProxy: (value: object) => boolean): void {
  const most = Math.max(MEMORY_MB_MIN, memory_mb) * LENGTH_PER_MB;
  const chains = new Chains(isProxy);
  const lengths = lengthBounds(most, isProxy, chains);
  const rows: BoundMethods[] = [
    ...arrayMethods(lengths),
    ...textMethods(most, lengths),
    ...mapMethods(most),
    ...localeMethods(lengths),
    ...keyMethods(most, lengths, isProxy),
    ...chainMethods(chains),
  ];
  for (const [on, names, body] of rows) for (const name of names) replace(on, name, body, chains);
}
