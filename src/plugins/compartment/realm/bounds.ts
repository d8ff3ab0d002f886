// Built-ins that a plugin gets bounded ones for, in every realm, before its code runs.
//
// The engine looks at its interrupts (the clock, the memory limit) in loops and calls of JavaScript; loops of its own
// it runs to their end, and memory that such a loop asks for and does not get ends the process. So what walks as many
// elements as an object claims to have takes a length of at most `memory_mb` × 2^17, which is what the memory holds;
// what grows or searches without looking up is bounded likewise. More is a RangeError, which ends a graft like any
// other error. What cannot be bounded so stands in isolate/README.md. On ordinary values the answers are those of the
// native functions, which these still call. Nothing here looks a built-in up after plugin code has run (natives.ts).

import { Chains, chainMethods } from './bound-chains.ts';
import { keyMethods } from './bound-keys.ts';
import { arrayMethods, lengthBounds } from './bound-lengths.ts';
import { localeMethods } from './bound-locales.ts';
import { mapMethods } from './bound-maps.ts';
import { textMethods } from './bound-texts.ts';
import { defineProperty, getOwnPropertyDescriptor } from './natives.ts';

export type Native = (this: unknown, ...args: unknown[]) => unknown;
/** Does what `native` does for `self` and `args`, or throws a RangeError. `args` may be changed. */
export type Body = (native: Native, self: unknown, args: unknown[]) => unknown;
/** Which functions of an object get which body. */
export type Row = readonly [on: object, names: readonly PropertyKey[], body: Body];

const MEMORY_MB_MIN = 8;
const LENGTH_PER_MB = 2 ** 17;

const replace = (on: object, name: PropertyKey, body: Body, chains: Chains): void => {
  const own = getOwnPropertyDescriptor(on, name);
  if (own === undefined) return; // Newer than this engine.
  const native = own.value as Native;
  const { [name]: made } = {
    [name](this: unknown, ...args: unknown[]): unknown {
      const { walked } = chains;
      try {
        return body(native, this, args);
      } finally {
        chains.goBack(walked);
      }
    },
  } as Record<PropertyKey, Native>;
  defineProperty(made as Native, 'length', { value: native.length, configurable: true });
  defineProperty(on, name, { ...own, value: made });
};

/** Bounds the realm that this code runs in, after it was scrubbed. */
export function bound(memory_mb: number, isProxy: (value: object) => boolean): void {
  const most = Math.max(MEMORY_MB_MIN, memory_mb) * LENGTH_PER_MB;
  const chains = new Chains(isProxy);
  const lengths = lengthBounds(most, isProxy, chains);
  const rows: Row[] = [
    ...arrayMethods(lengths),
    ...textMethods(most, lengths),
    ...mapMethods(most),
    ...localeMethods(lengths),
    ...keyMethods(most, lengths, isProxy),
    ...chainMethods(chains),
  ];
  for (const [on, names, body] of rows) for (const name of names) replace(on, name, body, chains);
}
