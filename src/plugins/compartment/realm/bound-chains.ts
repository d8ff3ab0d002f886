// Bounds on chains of prototypes. A native loop over an array looks every hole up in all prototypes, and looks at no
// interrupt: a million holes under a thousand prototypes take a quarter of a minute. So natively only objects are
// walked that have few prototypes, and they get no more while they are walked: a getter or a call-back could give them
// any number. Other objects are walked through a proxy of ours (bound-lengths.ts), a step of JavaScript an element.

import type { Body, BoundMethods } from './bounds.ts';
import {
  apply,
  arrayPrototype,
  defineProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  NativeRangeError,
  objectPrototype,
  reflectSetPrototypeOf,
} from './natives.ts';

/** Prototypes that an object may have and be walked natively: those of a class of arrays in a few generations. */
const FEW = 8;

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** What native functions walk now, one inside the other. */
interface Walked {
  readonly object: object;
  readonly around: Walked | null;
}

export class Chains {
  readonly #isProxy: (value: object) => boolean;
  #walked: Walked | null = null;

  constructor(isProxy: (value: object) => boolean) {
    this.#isProxy = isProxy;
  }

  /** Whether an object, which is no proxy, has few prototypes, and no proxy among them. */
  isShort(object: object): boolean {
    let one = getPrototypeOf(object) as object | null;
    if (one === arrayPrototype && getPrototypeOf(arrayPrototype) === objectPrototype) return true;
    for (let i = 0; i < FEW; i++) {
      if (one === null) return true;
      if (this.#isProxy(one)) return false;
      one = getPrototypeOf(one);
    }
    return false;
  }

  /** A native function is about to walk `object`, whose chain is short. */
  walks(object: object): void {
    this.#walked = { object, around: this.#walked };
  }

  /** What is walked now, for `goBack` when a native function has returned or thrown. */
  get walked(): Walked | null {
    return this.#walked;
  }

  goBack(walked: Walked | null): void {
    this.#walked = walked;
  }

  /** Whether something that is walked has got more than few prototypes. */
  isTooLong(): boolean {
    for (let one = this.#walked; one !== null; one = one.around) if (!this.isShort(one.object)) return true;
    return false;
  }

  /**
   * Does what `set` does, which sets the prototype of `target`, unless something that is walked gets too many by it.
   */
  change(target: unknown, set: () => unknown): unknown {
    if (this.#walked === null || !isObject(target)) return set();
    if (this.#isProxy(target)) throw new NativeRangeError('the prototype of a proxy, set while an array is walked');
    const before = getPrototypeOf(target) as object | null;
    const answer = set();
    if (!this.isTooLong()) return answer;
    reflectSetPrototypeOf(target, before);
    throw new NativeRangeError(`more than ${FEW} prototypes of an array that is being walked`);
  }
}

/** Puts a bounded setter in the place of that of `__proto__`. */
const boundAccessor = (chains: Chains): void => {
  const own = getOwnPropertyDescriptor(objectPrototype, '__proto__') as PropertyDescriptor;
  const native = own.set as Body;
  const made = {
    set ['__proto__'](value: unknown) {
      const set = (): unknown => apply(native, this, [value]);
      chains.change(this, set);
    },
  };
  const { set } = getOwnPropertyDescriptor(made, '__proto__') as PropertyDescriptor;
  defineProperty(objectPrototype, '__proto__', { ...own, set } as PropertyDescriptor);
};

export const chainMethods = (chains: Chains): BoundMethods[] => {
  boundAccessor(chains);
  const first: Body = (native, self, args) => chains.change(args[0], () => apply(native, self, args));
  return [
    [Object, ['setPrototypeOf'], first],
    [Reflect, ['setPrototypeOf'], first],
  ];
};
