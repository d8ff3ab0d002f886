// AES alone against FIPS 197's examples and Node's AES, with keys of all three lengths.

import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { encrypt, expandKey, schedule } from '../../../../src/kernel-model/grafts/encryption/aes.ts';
import { Random } from '../../../support/random.ts';
import { fromHex, randomBytes, toHex } from './stream.ts';

/** One block under a key that begins at byte `from` of its memory, in a schedule that held another key before. */
const aes = (key: Uint8Array, block: Uint8Array, from = 0): Uint8Array => {
  const bytes = block.slice();
  const made = schedule();
  expandKey(made, new Uint8Array(32).fill(0x5a), 0, 32);
  expandKey(made, Uint8Array.from([...new Uint8Array(from), ...key]), from, key.length);
  encrypt(made, new Int32Array(bytes.buffer), 0);
  return bytes;
};

describe('aes', () => {
  test.each([
    [16, '69c4e0d86a7b0430d8cdb78070b4c55a'],
    [24, 'dda97ca4864cdfe06eaf70a0ec0d7191'],
    [32, '8ea2b7ca516745bfeafc49904b496089'],
  ])('FIPS 197, appendix C: a key of %i bytes', (bytes, out) => {
    const key = Uint8Array.from({ length: bytes }, (_, i) => i);
    expect(toHex(aes(key, fromHex('00112233445566778899aabbccddeeff')))).toBe(out);
  });

  test("is Node's", () => {
    for (let seed = 1; seed <= 600; seed++) {
      const random = new Random(seed);
      const key = randomBytes(random, random.pick([16, 24, 32]));
      const block = randomBytes(random, 16);
      const model = createCipheriv(`aes-${key.length * 8}-ecb`, key, null).update(block);
      expect({ seed, out: toHex(aes(key, block, random.below(32))) }).toEqual({ seed, out: toHex(model) });
    }
  });
});
