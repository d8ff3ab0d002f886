// DOMException, performance and queueMicrotask.

import type { World } from './world.ts';

declare const web: World;

/** By their codes, which begin at 1; names that came later have none. */
const CODED = [
  ...['IndexSizeError', '', 'HierarchyRequestError', 'WrongDocumentError', 'InvalidCharacterError', ''],
  ...['NoModificationAllowedError', 'NotFoundError', 'NotSupportedError', 'InUseAttributeError', 'InvalidStateError'],
  ...['SyntaxError', 'InvalidModificationError', 'NamespaceError', 'InvalidAccessError', '', 'TypeMismatchError'],
  ...['SecurityError', 'NetworkError', 'AbortError', 'URLMismatchError', 'QuotaExceededError', 'TimeoutError'],
  ...['InvalidNodeTypeError', 'DataCloneError'],
];

export class DOMException extends Error {
  readonly #name: string;

  constructor(message: unknown = '', options: unknown = 'Error') {
    const given =
      typeof options === 'object' && options !== null ? (options as { name?: unknown; cause?: unknown }) : null;
    super(`${message}`, given !== null && 'cause' in given ? { cause: given.cause } : undefined);
    this.#name = given === null ? `${options}` : `${given.name ?? 'Error'}`;
  }

  override get name(): string {
    return this.#name;
  }

  get code(): number {
    return this.#name === '' ? 0 : CODED.indexOf(this.#name) + 1;
  }

  get [Symbol.toStringTag](): string {
    return 'DOMException';
  }
}

/** `INDEX_SIZE_ERR` of `IndexSizeError`. */
const constantOf = (name: string): string =>
  name
    .replace('URL', 'Url')
    .replace(/Error$/, 'Err')
    .replace(/(?<=[a-z])[A-Z]/g, '_$&')
    .toUpperCase();

for (const on of [DOMException, DOMException.prototype])
  for (const [at, name] of CODED.entries())
    if (name !== '') Object.defineProperty(on, constantOf(name), { value: at + 1, enumerable: true });

const { now } = web;
const began_ms = Math.floor(now());
let latest_ms = began_ms;

/** Whole milliseconds, which never go back. */
export const performance = {
  timeOrigin: began_ms,
  now(): number {
    latest_ms = Math.max(latest_ms, Math.floor(now()));
    return latest_ms - began_ms;
  },
  toJSON(): object {
    return { timeOrigin: began_ms };
  },
};
Object.defineProperty(performance, Symbol.toStringTag, { value: 'Performance', configurable: true });
Object.freeze(performance);

const settled = Promise.resolve();

/** What `callback` throws is a rejection that nobody handles. */
export function queueMicrotask(callback: unknown): void {
  if (typeof callback !== 'function') throw new TypeError('queueMicrotask: the argument is not a function');
  settled.then(() => void callback());
}
