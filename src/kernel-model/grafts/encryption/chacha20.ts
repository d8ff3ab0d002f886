// The ChaCha20 graft (RFC 8439): a keystream of 64-byte blocks, each made of key, nonce and its own number alone, so
// that a buffer may lie anywhere in the stream. The whole keystream of a buffer is made first, into memory that is
// kept, and is then combined with the data a word at a time. A buffer that begins inside a word of the keystream takes
// each of its words from two. Decrypting is encrypting again. A block's sixteen words are variables, which the engine
// keeps in registers, and the rounds are written out, since a turn of a loop and a call of a function cost a metered
// graft extra.

import { type CipherTransform, FIRST_BLOCK, KEY_BYTES, NONCE, type StreamColumns, wordsOf } from './stream.ts';

const BLOCK_BYTES = 64;
const BLOCK_WORDS = 16;
/** Block numbers are 32 bits wide (RFC 8439, 2.3). */
const BLOCKS_MAX = 2 ** 32;

/** The state that a block starts from: constants, key, block number, nonce (RFC 8439, 2.3). */
const state = new Int32Array(BLOCK_WORDS);
/** "expand 32-byte k" in little-endian words. */
state.set([0x61707865, 0x3320646e, 0x79622d32, 0x6b206574]);
const stateBytes = new Uint8Array(state.buffer);
/** Bytes of `state`: where the key lies, and how long it is. */
const KEY_AT = 16;
const KEY_LENGTH = 32;
/** Words: the block's number, and after it the nonce. */
const NUMBER = 12;
const NONCE_WORDS = 3;

/** A step on the sixteen words of a block. */
type Block = (out: Int32Array, at: number, ...words: number[]) => void;

/** The end of a block: its words, added to those it started from, are the keystream from word `at` of `out` on. */
const finish: Block = (out, at, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15) => {
  out[at] = x0 + state[0]!;
  out[at + 1] = x1 + state[1]!;
  out[at + 2] = x2 + state[2]!;
  out[at + 3] = x3 + state[3]!;
  out[at + 4] = x4 + state[4]!;
  out[at + 5] = x5 + state[5]!;
  out[at + 6] = x6 + state[6]!;
  out[at + 7] = x7 + state[7]!;
  out[at + 8] = x8 + state[8]!;
  out[at + 9] = x9 + state[9]!;
  out[at + 10] = x10 + state[10]!;
  out[at + 11] = x11 + state[11]!;
  out[at + 12] = x12 + state[12]!;
  out[at + 13] = x13 + state[13]!;
  out[at + 14] = x14 + state[14]!;
  out[at + 15] = x15 + state[15]!;
};

/** The twenty rounds, two a turn: the columns, then the diagonals (RFC 8439, 2.1 and 2.3). */
const rounds: Block = (out, at, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15) => {
  for (let round = 0; round < 20; round += 2) {
    x0 = (x0 + x4) | 0;
    x12 = ((x12 ^ x0) << 16) | ((x12 ^ x0) >>> 16);
    x8 = (x8 + x12) | 0;
    x4 = ((x4 ^ x8) << 12) | ((x4 ^ x8) >>> 20);
    x0 = (x0 + x4) | 0;
    x12 = ((x12 ^ x0) << 8) | ((x12 ^ x0) >>> 24);
    x8 = (x8 + x12) | 0;
    x4 = ((x4 ^ x8) << 7) | ((x4 ^ x8) >>> 25);
    x1 = (x1 + x5) | 0;
    x13 = ((x13 ^ x1) << 16) | ((x13 ^ x1) >>> 16);
    x9 = (x9 + x13) | 0;
    x5 = ((x5 ^ x9) << 12) | ((x5 ^ x9) >>> 20);
    x1 = (x1 + x5) | 0;
    x13 = ((x13 ^ x1) << 8) | ((x13 ^ x1) >>> 24);
    x9 = (x9 + x13) | 0;
    x5 = ((x5 ^ x9) << 7) | ((x5 ^ x9) >>> 25);
    x2 = (x2 + x6) | 0;
    x14 = ((x14 ^ x2) << 16) | ((x14 ^ x2) >>> 16);
    x10 = (x10 + x14) | 0;
    x6 = ((x6 ^ x10) << 12) | ((x6 ^ x10) >>> 20);
    x2 = (x2 + x6) | 0;
    x14 = ((x14 ^ x2) << 8) | ((x14 ^ x2) >>> 24);
    x10 = (x10 + x14) | 0;
    x6 = ((x6 ^ x10) << 7) | ((x6 ^ x10) >>> 25);
    x3 = (x3 + x7) | 0;
    x15 = ((x15 ^ x3) << 16) | ((x15 ^ x3) >>> 16);
    x11 = (x11 + x15) | 0;
    x7 = ((x7 ^ x11) << 12) | ((x7 ^ x11) >>> 20);
    x3 = (x3 + x7) | 0;
    x15 = ((x15 ^ x3) << 8) | ((x15 ^ x3) >>> 24);
    x11 = (x11 + x15) | 0;
    x7 = ((x7 ^ x11) << 7) | ((x7 ^ x11) >>> 25);
    x0 = (x0 + x5) | 0;
    x15 = ((x15 ^ x0) << 16) | ((x15 ^ x0) >>> 16);
    x10 = (x10 + x15) | 0;
    x5 = ((x5 ^ x10) << 12) | ((x5 ^ x10) >>> 20);
    x0 = (x0 + x5) | 0;
    x15 = ((x15 ^ x0) << 8) | ((x15 ^ x0) >>> 24);
    x10 = (x10 + x15) | 0;
    x5 = ((x5 ^ x10) << 7) | ((x5 ^ x10) >>> 25);
    x1 = (x1 + x6) | 0;
    x12 = ((x12 ^ x1) << 16) | ((x12 ^ x1) >>> 16);
    x11 = (x11 + x12) | 0;
    x6 = ((x6 ^ x11) << 12) | ((x6 ^ x11) >>> 20);
    x1 = (x1 + x6) | 0;
    x12 = ((x12 ^ x1) << 8) | ((x12 ^ x1) >>> 24);
    x11 = (x11 + x12) | 0;
    x6 = ((x6 ^ x11) << 7) | ((x6 ^ x11) >>> 25);
    x2 = (x2 + x7) | 0;
    x13 = ((x13 ^ x2) << 16) | ((x13 ^ x2) >>> 16);
    x8 = (x8 + x13) | 0;
    x7 = ((x7 ^ x8) << 12) | ((x7 ^ x8) >>> 20);
    x2 = (x2 + x7) | 0;
    x13 = ((x13 ^ x2) << 8) | ((x13 ^ x2) >>> 24);
    x8 = (x8 + x13) | 0;
    x7 = ((x7 ^ x8) << 7) | ((x7 ^ x8) >>> 25);
    x3 = (x3 + x4) | 0;
    x14 = ((x14 ^ x3) << 16) | ((x14 ^ x3) >>> 16);
    x9 = (x9 + x14) | 0;
    x4 = ((x4 ^ x9) << 12) | ((x4 ^ x9) >>> 20);
    x3 = (x3 + x4) | 0;
    x14 = ((x14 ^ x3) << 8) | ((x14 ^ x3) >>> 24);
    x9 = (x9 + x14) | 0;
    x4 = ((x4 ^ x9) << 7) | ((x4 ^ x9) >>> 25);
  }
  finish(out, at, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9, x10, x11, x12, x13, x14, x15);
};

/** One block of keystream, from `state`. */
const makeBlock = (out: Int32Array, at: number): void => {
  const s = state;
  rounds(
    out,
    at,
    s[0]!,
    s[1]!,
    s[2]!,
    s[3]!,
    s[4]!,
    s[5]!,
    s[6]!,
    s[7]!,
    s[8]!,
    s[9]!,
    s[10]!,
    s[11]!,
    s[12]!,
    s[13]!,
    s[14]!,
    s[15]!,
  );
};

let keystream = new Int32Array(0);
let keystreamBytes = new Uint8Array(0);

/** Makes room for the keystream of `bytes` of data, which may begin and end inside blocks. */
const makeRoom = (bytes: number): void => {
  const words = (bytes >> 2) + 2 * BLOCK_WORDS;
  if (keystream.length >= words) return;
  keystream = new Int32Array(words);
  keystreamBytes = new Uint8Array(keystream.buffer);
};

/** Takes key and nonce into `state`. */
const begin = ({ key, parameters }: StreamColumns): void => {
  for (let i = 0; i < KEY_LENGTH; i++) stateBytes[KEY_AT + i] = key[i]!;
  for (let i = 0; i < NONCE_WORDS; i++) state[NUMBER + 1 + i] = parameters[NONCE + i]!;
};

/**
 * XORs `count` words, a multiple of 8, with the keystream from its byte `skip` on. If skip is a whole number of words,
 * the second shift leaves nothing of a word.
 */
const xorWords = (words: Int32Array, count: number, skip: number): void => {
  const stream = keystream;
  const right = (skip & 3) * 8;
  const left = 31 - right;
  for (let i = 0, k = skip >> 2; i < count; i += 8, k += 8) {
    words[i]! ^= (stream[k]! >>> right) | ((stream[k + 1]! << 1) << left);
    words[i + 1]! ^= (stream[k + 1]! >>> right) | ((stream[k + 2]! << 1) << left);
    words[i + 2]! ^= (stream[k + 2]! >>> right) | ((stream[k + 3]! << 1) << left);
    words[i + 3]! ^= (stream[k + 3]! >>> right) | ((stream[k + 4]! << 1) << left);
    words[i + 4]! ^= (stream[k + 4]! >>> right) | ((stream[k + 5]! << 1) << left);
    words[i + 5]! ^= (stream[k + 5]! >>> right) | ((stream[k + 6]! << 1) << left);
    words[i + 6]! ^= (stream[k + 6]! >>> right) | ((stream[k + 7]! << 1) << left);
    words[i + 7]! ^= (stream[k + 7]! >>> right) | ((stream[k + 8]! << 1) << left);
  }
};

/** Encrypts, or decrypts, with the keystream of the buffer's place. */
export const transform: CipherTransform = (length, { columns }) => {
  const { data, position, parameters } = columns;
  const skip = position[0]! % BLOCK_BYTES;
  const first = (parameters[FIRST_BLOCK]! >>> 0) + (position[0]! - skip) / BLOCK_BYTES;
  const blocks = Math.ceil((skip + length) / BLOCK_BYTES);
  if (parameters[KEY_BYTES] !== KEY_LENGTH)
    throw new RangeError(`a key of ${parameters[KEY_BYTES]} bytes, not ${KEY_LENGTH}`);
  if (first + blocks > BLOCKS_MAX) throw new RangeError('the stream is longer than block numbers reach');
  begin(columns);
  makeRoom(data.length);
  for (let block = 0; block < blocks; block++) {
    state[NUMBER] = first + block;
    makeBlock(keystream, block * BLOCK_WORDS);
  }
  const whole = length - (length % 32);
  xorWords(wordsOf(data), whole >> 2, skip);
  for (let i = whole; i < length; i++) data[i]! ^= keystreamBytes[skip + i]!;
  return length;
};
