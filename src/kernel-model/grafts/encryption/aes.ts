// AES, one way (FIPS 197): keys of 16, 24 or 32 bytes; blocks of four words, encrypted in place. A schedule is made
// once, by `schedule()`, and a key put into it by `expandKey()`, as often as one likes. Words are little-endian: a
// column of AES's state is a word, its row 0 the lowest byte. Substitution, row shift and column mix of a byte are one
// look-up in a table of 256 words, made when the module is loaded (J. Daemen, V. Rijmen, AES Proposal: Rijndael,
// 5.2.1). Look-ups leave traces in the processor's caches: right for a model, not for a secret on a machine shared with
// others.

/** Round keys, and the number of rounds. */
export interface Schedule {
  readonly words: Int32Array;
  rounds: number;
}

/** Words of the longest schedule: 14 rounds, one more round key, four words each (FIPS 197, 5.2). */
const SCHEDULE_WORDS_MAX = 60;

/** Room for a key of any length. */
export const schedule = (): Schedule => ({ words: new Int32Array(SCHEDULE_WORDS_MAX), rounds: 0 });

/** The S-box (FIPS 197, 5.1.1). */
const SUB = new Uint8Array(256);
/** The part of a byte of row 0, 1, 2 and 3 in its new column. */
const ROW0 = new Int32Array(256);
const ROW1 = new Int32Array(256);
const ROW2 = new Int32Array(256);
const ROW3 = new Int32Array(256);

/** Multiplication by x in AES's field, modulo x^8 + x^4 + x^3 + x + 1 (FIPS 197, 4.2.1). */
const timesX = (byte: number): number => ((byte << 1) ^ (0x11b & -(byte >> 7))) & 0xff;

const fillTables = (): void => {
  // The powers of x + 1 are all of the field but 0; so the inverse of power i is power 255 − i.
  const powers = new Uint8Array(256);
  for (let i = 0, power = 1; i < 256; i++, power ^= timesX(power)) powers[i] = power;
  SUB[0] = 0x63;
  for (let i = 0; i < 255; i++) {
    const twice = powers[255 - i]! * 0x101;
    SUB[powers[i]!] = 0x63 ^ twice ^ (twice >> 7) ^ (twice >> 6) ^ (twice >> 5) ^ (twice >> 4);
  }
  for (let byte = 0; byte < 256; byte++) {
    const once = SUB[byte]!;
    const column = timesX(once) | (once << 8) | (once << 16) | ((once ^ timesX(once)) << 24);
    ROW0[byte] = column;
    ROW1[byte] = (column << 8) | (column >>> 24);
    ROW2[byte] = (column << 16) | (column >>> 16);
    ROW3[byte] = (column << 24) | (column >>> 8);
  }
};
fillTables();

const substitute = (word: number): number =>
  SUB[word & 0xff]! | (SUB[(word >>> 8) & 0xff]! << 8) | (SUB[(word >>> 16) & 0xff]! << 16) | (SUB[word >>> 24]! << 24);

/** Fills a schedule from `length` bytes of `key`, 16, 24 or 32, from byte `from` on (FIPS 197, 5.2). */
export const expandKey = (into: Schedule, key: Uint8Array, from: number, length: number): void => {
  const { words } = into;
  const size = length >> 2;
  into.rounds = size + 6;
  for (let i = 0, at = from; i < size; i++, at += 4)
    words[i] = key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
  for (let i = size, constant = 1; i < 4 * (into.rounds + 1); i++) {
    let word = words[i - 1]!;
    if (i % size === 0) {
      word = substitute((word >>> 8) | (word << 24)) ^ constant;
      constant = timesX(constant);
    } else if (size === 8 && i % size === 4) word = substitute(word);
    words[i] = words[i - size]! ^ word;
  }
};

/** Encrypts the four words of `block` from index `at` on. */
export const encrypt = ({ words, rounds }: Schedule, block: Int32Array, at: number): void => {
  let a = block[at]! ^ words[0]!;
  let b = block[at + 1]! ^ words[1]!;
  let c = block[at + 2]! ^ words[2]!;
  let d = block[at + 3]! ^ words[3]!;
  const last = rounds * 4;
  for (let k = 4; k < last; k += 4) {
    const e = ROW0[a & 0xff]! ^ ROW1[(b >>> 8) & 0xff]! ^ ROW2[(c >>> 16) & 0xff]! ^ ROW3[d >>> 24]! ^ words[k]!;
    const f = ROW0[b & 0xff]! ^ ROW1[(c >>> 8) & 0xff]! ^ ROW2[(d >>> 16) & 0xff]! ^ ROW3[a >>> 24]! ^ words[k + 1]!;
    const g = ROW0[c & 0xff]! ^ ROW1[(d >>> 8) & 0xff]! ^ ROW2[(a >>> 16) & 0xff]! ^ ROW3[b >>> 24]! ^ words[k + 2]!;
    d = ROW0[d & 0xff]! ^ ROW1[(a >>> 8) & 0xff]! ^ ROW2[(b >>> 16) & 0xff]! ^ ROW3[c >>> 24]! ^ words[k + 3]!;
    a = e;
    b = f;
    c = g;
  }
  block[at] =
    words[last]! ^
    (SUB[a & 0xff]! | (SUB[(b >>> 8) & 0xff]! << 8) | (SUB[(c >>> 16) & 0xff]! << 16) | (SUB[d >>> 24]! << 24));
  block[at + 1] =
    words[last + 1]! ^
    (SUB[b & 0xff]! | (SUB[(c >>> 8) & 0xff]! << 8) | (SUB[(d >>> 16) & 0xff]! << 16) | (SUB[a >>> 24]! << 24));
  block[at + 2] =
    words[last + 2]! ^
    (SUB[c & 0xff]! | (SUB[(d >>> 8) & 0xff]! << 8) | (SUB[(a >>> 16) & 0xff]! << 16) | (SUB[b >>> 24]! << 24));
  block[at + 3] =
    words[last + 3]! ^
    (SUB[d & 0xff]! | (SUB[(a >>> 8) & 0xff]! << 8) | (SUB[(b >>> 16) & 0xff]! << 16) | (SUB[c >>> 24]! << 24));
};
