// crypto: the host's randomness and digests. Keys, signatures and ciphers are not here.

import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { World } from './world.ts';

declare const web: World;

const RANDOM_BYTES_MAX = 65_536;
const INTEGERS = /^(Big)?(Int|Uint)\d+(Clamped)?Array$/;
const DIGESTS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  __proto__: null as never,
  'SHA-1': sha1,
  'SHA-256': sha256,
  'SHA-384': sha384,
  'SHA-512': sha512,
};

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

const isIntegers = (view: unknown): view is Uint8Array => INTEGERS.test(`${typedArrayName.call(view)}`);

const digit = (unit: number): number => (unit < 58 ? unit - 48 : unit - 87);

const fill = (bytes: Uint8Array): void => {
  const digits = web.random(bytes.length);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = digit(digits.charCodeAt(2 * i)) * 16 + digit(digits.charCodeAt(2 * i + 1));
};

const bytesOf = (data: unknown): Uint8Array => {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError('crypto.subtle.digest: the data is neither a buffer nor a view of one');
};

const digestOf = (algorithm: unknown, data: unknown): ArrayBuffer => {
  const name: unknown =
    typeof algorithm === 'object' && algorithm !== null ? (algorithm as { name?: unknown }).name : algorithm;
  const digest = DIGESTS[`${name}`.toUpperCase()];
  if (digest === undefined) throw new web.DOMException(`crypto.subtle.digest: no ${name} here`, 'NotSupportedError');
  return digest(bytesOf(data)).slice().buffer as ArrayBuffer;
};

const subtle = {
  /** SHA-1, SHA-256, SHA-384 or SHA-512. The work is done at once, in the call's own time. */
  digest: async (algorithm: unknown, data: unknown): Promise<ArrayBuffer> => digestOf(algorithm, data),
};

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

export const crypto = {
  subtle,
  getRandomValues(view: unknown): unknown {
    if (!isIntegers(view))
      throw new web.DOMException('crypto.getRandomValues: not a typed array of integers', 'TypeMismatchError');
    if (view.byteLength > RANDOM_BYTES_MAX)
      throw new web.DOMException(`crypto.getRandomValues: more than ${RANDOM_BYTES_MAX} bytes`, 'QuotaExceededError');
    if (view.byteLength > 0) fill(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    return view;
  },
  randomUUID(): string {
    const bytes = new Uint8Array(16);
    fill(bytes);
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
    const text = Array.from(bytes, (byte) => HEX[byte]).join('');
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
  },
};
for (const [on, name] of [
  [subtle, 'SubtleCrypto'],
  [crypto, 'Crypto'],
] as const)
  Object.freeze(Object.defineProperty(on, Symbol.toStringTag, { value: name }));
