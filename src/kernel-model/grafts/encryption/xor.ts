// The XOR graft: the stream against a key that repeats. VINO's encryption graft did no more. It hides nothing from
// anyone who tries; it is here to compare the cost of a graft call with that of a copy. Byte p of the stream is
// combined with byte p mod k of a key of k bytes. k divides 64, so that 64 bytes of key, turned to the buffer's place
// in the stream, serve the whole buffer, 16 words a turn of the loop. Decrypting is encrypting again.

import { type CipherTransform, KEY_BYTES, type StreamColumns, wordsOf } from './stream.ts';

/** In bytes. */
const PERIOD = 64;
const pattern = new Int32Array(PERIOD / 4);
const patternBytes = new Uint8Array(pattern.buffer);

/** Fills the pattern with the key, as the stream meets it from the buffer's first byte on. */
const turnKey = ({ key, position, parameters }: StreamColumns): void => {
  const bytes = parameters[KEY_BYTES]!;
  if (bytes < 1 || PERIOD % bytes !== 0)
    throw new RangeError(`a key of ${bytes} bytes, which does not divide ${PERIOD}`);
  const start = position[0]! % bytes;
  for (let i = 0; i < PERIOD; i++) patternBytes[i] = key[(start + i) & (bytes - 1)]!;
};

/** Whole periods only: `count` words, a multiple of 16. */
const xorWords = (words: Int32Array, count: number): void => {
  const k0 = pattern[0]!;
  const k1 = pattern[1]!;
  const k2 = pattern[2]!;
  const k3 = pattern[3]!;
  const k4 = pattern[4]!;
  const k5 = pattern[5]!;
  const k6 = pattern[6]!;
  const k7 = pattern[7]!;
  const k8 = pattern[8]!;
  const k9 = pattern[9]!;
  const k10 = pattern[10]!;
  const k11 = pattern[11]!;
  const k12 = pattern[12]!;
  const k13 = pattern[13]!;
  const k14 = pattern[14]!;
  const k15 = pattern[15]!;
  for (let i = 0; i < count; i += 16) {
    words[i]! ^= k0;
    words[i + 1]! ^= k1;
    words[i + 2]! ^= k2;
    words[i + 3]! ^= k3;
    words[i + 4]! ^= k4;
    words[i + 5]! ^= k5;
    words[i + 6]! ^= k6;
    words[i + 7]! ^= k7;
    words[i + 8]! ^= k8;
    words[i + 9]! ^= k9;
    words[i + 10]! ^= k10;
    words[i + 11]! ^= k11;
    words[i + 12]! ^= k12;
    words[i + 13]! ^= k13;
    words[i + 14]! ^= k14;
    words[i + 15]! ^= k15;
  }
};

/** Encrypts, or decrypts, by XOR with the repeated key. */
export const transform: CipherTransform = (length, { columns }) => {
  const { data } = columns;
  turnKey(columns);
  const whole = length - (length % PERIOD);
  xorWords(wordsOf(data), whole >> 2);
  for (let i = whole; i < length; i++) data[i]! ^= patternBytes[i - whole]!;
  return length;
};
