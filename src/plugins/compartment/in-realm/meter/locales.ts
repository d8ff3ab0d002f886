// What depends on the host's locale, without it: as SES would have it, but that comparing texts is paid for, which
// could not be added once the realm is locked down.

import { CELL, charge, RUNNING } from './meter.ts';
import { chargeEqual } from './price.ts';

const LOCALE = /^(\w*[a-z])Locale([A-Z]\w*)$/;

const own = {
  localeCompare(this: unknown, that: unknown): number {
    if (this === null || this === undefined) throw new TypeError('localeCompare called on null or undefined');
    const [one, other] = [`${this as string}`, `${that as string}`];
    if (CELL[RUNNING] !== 0) {
      charge(1);
      chargeEqual(one, 2);
    }
    return one < other ? -1 : Number(one > other);
  },
  toLocaleString(this: unknown): string {
    return `${this as string}`;
  },
};

/** Puts plain methods in the place of those that ask for a locale, in the calling realm; gives those of its own. */
export const plainLocales = (): readonly object[] => {
  const typed = Object.getPrototypeOf(Int8Array.prototype) as object;
  for (const on of [Object, String, Date, Array, BigInt].map((made) => made.prototype as object).concat(typed))
    for (const name of Object.getOwnPropertyNames(on)) {
      const [, before, after] = LOCALE.exec(name) ?? [];
      const plain = Object.getOwnPropertyDescriptor(on, `${before}${after}`);
      if (plain !== undefined) Object.defineProperty(on, name, plain);
    }
  Object.defineProperty(String.prototype, 'localeCompare', { value: own.localeCompare });
  Object.defineProperty(Number.prototype, 'toLocaleString', { value: own.toLocaleString });
  return Object.values(own);
};
