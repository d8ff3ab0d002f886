// structuredClone, as HTML has it, but for what is transferred: nothing is, since no buffer can be detached here. Each
// object is made when it is first met, and filled in its turn, so that a deep tree takes no deep stack.

import type { World } from './world.ts';

declare const web: World;

type Fill = () => void;

const ERRORS: Readonly<Record<string, ErrorConstructor>> = {
  __proto__: null as never,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

const refused = (what: string): Error => new web.DOMException(`${what} could not be cloned`, 'DataCloneError');

const boxed = (value: unknown): unknown => {
  for (const Class of [Boolean, Number, String, BigInt, Symbol])
    if (value instanceof Class) return (Class.prototype.valueOf as (this: unknown) => unknown).call(value);
  return undefined;
};

const define = (on: object, key: PropertyKey, value: unknown, enumerable = true): void => {
  Object.defineProperty(on, key, { value, writable: true, enumerable, configurable: true });
};

class Cloning {
  readonly #made = new Map<object, object>();
  readonly #fills: Fill[] = [];

  whole(value: unknown): unknown {
    const made = this.#copy(value);
    for (let fill = this.#fills.pop(); fill !== undefined; fill = this.#fills.pop()) fill();
    return made;
  }

  #copy(value: unknown): unknown {
    if (typeof value === 'symbol') throw refused('a symbol');
    if (typeof value === 'function') throw refused('a function');
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#made.get(value);
    if (known !== undefined) return known;
    if (web.isProxy(value)) throw refused('a proxy');
    const made = this.#leaf(value) ?? this.#filled(value);
    this.#made.set(value, made);
    return made;
  }

  /** A copy of what holds no other values; undefined: it is something else. */
  #leaf(value: object): object | undefined {
    const box = boxed(value);
    if (typeof box === 'symbol') throw refused('a symbol');
    if (box !== undefined) return Object(box) as object;
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof RegExp) return new RegExp(value.source, value.flags);
    if (value instanceof ArrayBuffer) return value.slice(0);
    if (ArrayBuffer.isView(value)) return this.#view(value);
    if (value instanceof web.DOMException) return new web.DOMException(value.message, value.name);
    if (web.isOfWeb(value)) {
      if (value instanceof web.Blob) return value.slice(0, value.size, value.type);
      throw refused('an object of the web');
    }
    for (const Class of [Promise, WeakMap, WeakSet]) if (value instanceof Class) throw refused(`a ${Class.name}`);
    return undefined;
  }

  #view(value: ArrayBufferView): object {
    if (!(value.buffer instanceof ArrayBuffer)) throw refused('shared memory');
    const buffer = this.#copy(value.buffer) as ArrayBuffer;
    if (value instanceof DataView) return new DataView(buffer, value.byteOffset, value.byteLength);
    const Class = Object.getPrototypeOf(value).constructor as typeof Uint8Array;
    return new Class(buffer, value.byteOffset, (value as Uint8Array).length);
  }

  #filled(value: object): object {
    if (value instanceof Map) return this.#map(value);
    if (value instanceof Set) return this.#set(value);
    if (value instanceof Error) return this.#error(value);
    const made: object = Array.isArray(value) ? new Array(value.length) : {};
    this.#fills.push(() => {
      for (const key of Object.keys(value)) define(made, key, this.#copy((value as Record<string, unknown>)[key]));
    });
    return made;
  }

  #map(value: Map<unknown, unknown>): object {
    const made = new Map<unknown, unknown>();
    const entries = [...value];
    this.#fills.push(() => {
      for (const [key, item] of entries) made.set(this.#copy(key), this.#copy(item));
    });
    return made;
  }

  #set(value: Set<unknown>): object {
    const made = new Set<unknown>();
    const items = [...value];
    this.#fills.push(() => {
      for (const item of items) made.add(this.#copy(item));
    });
    return made;
  }

  #error(value: Error): object {
    const Class = ERRORS[`${value.name}`] ?? Error;
    const made = new Class();
    for (const key of ['message', 'stack'] as const) {
      const own = Object.getOwnPropertyDescriptor(value, key);
      if (own !== undefined) define(made, key, `${value[key]}`, false);
    }
    if (Object.hasOwn(value, 'cause')) this.#fills.push(() => define(made, 'cause', this.#copy(value.cause), false));
    return made;
  }
}

export function structuredClone(...args: unknown[]): unknown {
  if (args.length === 0) throw new TypeError('structuredClone: one argument is needed');
  const transfer = (args[1] as { transfer?: Iterable<unknown> } | null | undefined)?.transfer;
  if (transfer !== undefined && [...transfer].length > 0) throw refused('nothing can be transferred here: this');
  return new Cloning().whole(args[0]);
}
