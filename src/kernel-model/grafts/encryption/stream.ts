// The stream graft point, as its grafts see it: bytes pass between a user and a file in buffers, and a graft may change
// each buffer as it passes (VINO's encryption graft). Buffer and parameters lie in columns, memory that the owner of
// the stream and its graft share. For every buffer the owner
// 1. puts the bytes into `data`, their place in the stream into `position`, key and parameters into the columns of
//    those names;
// 2. calls transform(length, api), which changes the first `length` bytes of `data` in place and answers `length`;
// 3. checks the answer and takes the bytes.
// The machine must have little-endian words, as Node's supported ones do.

import type { ColumnOptions } from '../../../plugins/index.ts';

/** The columns that the owner of a stream declares at its graft point. */
export const STREAM_COLUMNS = {
  /** The buffer, in bytes. */
  data: { type: 'u8', length: 8192 },
  /** One number: the buffer's offset in the stream, in bytes; at most 2^53 − 1. */
  position: { type: 'f64', length: 1 },
  /** Key material, of which the first `parameters[KEY_BYTES]` bytes count. */
  key: { type: 'u8', length: 64 },
  /** Further parameters of a cipher, at the indices below. */
  parameters: { type: 'i32', length: 6 },
} as const satisfies Record<string, ColumnOptions>;

/**
 * Index in `parameters`: the length of the key in bytes. XOR: a divisor of 64; ChaCha20: 32; AES-XTS: both keys
 * together, 32, 48 or 64.
 */
export const KEY_BYTES = 0;
/**
 * Index in `parameters` of the first of four words that hold 16 bytes in memory order: ChaCha20's nonce (12 of them),
 * or the tweak of AES-XTS's first unit.
 */
export const NONCE = 1;
/**
 * Index in `parameters`: the number of the stream's first ChaCha20 block, an unsigned word (RFC 8439 encrypts from 1).
 */
export const FIRST_BLOCK = 5;
/**
 * Index in `parameters`: the length of an AES-XTS data unit in bytes, a multiple of 16; 512 for a disk's sectors. A
 * stream's last unit may be shorter.
 */
export const UNIT_BYTES = 5;

/** The memory that a stream's owner and its graft share; see STREAM_COLUMNS. */
export interface StreamColumns {
  readonly data: Uint8Array;
  readonly position: Float64Array;
  readonly key: Uint8Array;
  readonly parameters: Int32Array;
}

/**
 * A graft at a stream: changes the first `length` bytes of `data` in place and answers `length`. Throws RangeError for
 * a key, a parameter, a position or a length that its cipher does not allow; the buffer is then as it was. Allocates
 * nothing, but for views at the first call.
 */
export type CipherTransform = (length: number, api: { readonly columns: StreamColumns }) => number;

let seen: Uint8Array | null = null;
let words: Int32Array = new Int32Array(0);

/** The whole words of `data`. The view is made at the first call, and again only if the memory has changed. */
export const wordsOf = (data: Uint8Array): Int32Array => {
  if (data === seen) return words;
  words = new Int32Array(data.buffer, data.byteOffset, data.length >> 2);
  seen = data;
  return words;
};
