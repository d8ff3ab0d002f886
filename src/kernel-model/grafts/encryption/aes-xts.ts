// The AES-XTS graft (IEEE 1619, NIST SP 800-38E), as disks are encrypted: every data unit (sector) by itself, under a
// tweak that is its number in the stream added to the first unit's tweak. Half of the key is AES's, half enciphers the
// tweaks. A unit that is no whole number of 16-byte blocks borrows from its last whole block (ciphertext stealing), so
// that nothing grows; one shorter than a block cannot be encrypted. A buffer begins where a unit begins.

import { encrypt, expandKey, schedule } from './aes.ts';
import { type CipherTransform, KEY_BYTES, NONCE, type StreamColumns, UNIT_BYTES, wordsOf } from './stream.ts';

const BLOCK_BYTES = 16;
const BLOCK_WORDS = 4;
const WORD_VALUES = 2 ** 32;
/** The polynomial by which a tweak is reduced when it is doubled, x^7 + x^2 + x + 1 (IEEE 1619, 5.2). */
const REDUCE = 0x87;

const dataKey = schedule();
const tweakKey = schedule();
/** The tweak of the block at hand. */
const tweak = new Int32Array(BLOCK_WORDS);

/** Sets the tweak for the first block of data unit number `unit` of the stream. */
const beginUnit = (parameters: Int32Array, unit: number): void => {
  let carry = unit;
  for (let i = 0; i < BLOCK_WORDS; i++) {
    carry += parameters[NONCE + i]! >>> 0;
    tweak[i] = carry % WORD_VALUES;
    carry = Math.floor(carry / WORD_VALUES);
  }
  encrypt(tweakKey, tweak, 0);
};

/** Encrypts the block of words from `at` on, and doubles the tweak for the next one. */
const encryptBlock = (words: Int32Array, at: number): void => {
  const t0 = tweak[0]!;
  const t1 = tweak[1]!;
  const t2 = tweak[2]!;
  const t3 = tweak[3]!;
  words[at]! ^= t0;
  words[at + 1]! ^= t1;
  words[at + 2]! ^= t2;
  words[at + 3]! ^= t3;
  encrypt(dataKey, words, at);
  words[at]! ^= t0;
  words[at + 1]! ^= t1;
  words[at + 2]! ^= t2;
  words[at + 3]! ^= t3;
  tweak[0] = (t0 << 1) ^ (REDUCE & (t3 >> 31));
  tweak[1] = (t1 << 1) | (t0 >>> 31);
  tweak[2] = (t2 << 1) | (t1 >>> 31);
  tweak[3] = (t3 << 1) | (t2 >>> 31);
};

/** Encrypts the bytes of one data unit, from `start` to `end`. */
const encryptUnit = (data: Uint8Array, start: number, end: number): void => {
  const words = wordsOf(data);
  const stolen = (end - start) % BLOCK_BYTES;
  const whole = end - stolen;
  for (let at = start; at < whole; at += BLOCK_BYTES) encryptBlock(words, at >> 2);
  if (stolen === 0) return;
  // The last whole block's first bytes become the unit's end, and make way for the bytes left over.
  for (let i = whole; i < end; i++) {
    const byte = data[i]!;
    data[i] = data[i - BLOCK_BYTES]!;
    data[i - BLOCK_BYTES] = byte;
  }
  encryptBlock(words, (whole - BLOCK_BYTES) >> 2);
};

/** Throws RangeError for what AES-XTS does not allow. */
const check = ({ position, parameters }: StreamColumns, length: number): void => {
  const key_bytes = parameters[KEY_BYTES]!;
  const unit_bytes = parameters[UNIT_BYTES]!;
  if (key_bytes !== 32 && key_bytes !== 48 && key_bytes !== 64)
    throw new RangeError(`a key of ${key_bytes} bytes, not 32, 48 or 64`);
  if (unit_bytes < BLOCK_BYTES || unit_bytes % BLOCK_BYTES !== 0)
    throw new RangeError(`data units of ${unit_bytes} bytes, no multiple of 16`);
  if (position[0]! % unit_bytes !== 0) throw new RangeError(`position ${position[0]}, where no data unit begins`);
  const last = length % unit_bytes;
  if (last > 0 && last < BLOCK_BYTES) throw new RangeError(`a data unit of ${last} bytes, less than a block`);
};

/** Encrypts whole data units; the last may be short. */
export const transform: CipherTransform = (length, { columns }) => {
  check(columns, length);
  const { data, key, position, parameters } = columns;
  const half = parameters[KEY_BYTES]! >> 1;
  expandKey(dataKey, key, 0, half);
  expandKey(tweakKey, key, half, half);
  const unit_bytes = parameters[UNIT_BYTES]!;
  let unit = position[0]! / unit_bytes;
  for (let start = 0; start < length; start += unit_bytes, unit++) {
    beginUnit(parameters, unit);
    encryptUnit(data, start, Math.min(length, start + unit_bytes));
  }
  return length;
};
