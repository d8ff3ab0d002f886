// The XOR graft against a loop over bytes.

import { describe, expect, test } from '@jest/globals';
import { xor } from '../../../../src/kernel-model/grafts/encryption/index.ts';
import { Random } from '../../../support/random.ts';
import { encrypt, fromHex, randomBytes, type Secret, streamColumns, toHex } from './stream.ts';

const LENGTHS = [1, 2, 4, 8, 16, 32, 64];
const secretOf = (key: Uint8Array): Secret => ({ key, nonce: new Uint8Array(16), extra: 0 });

describe('xor', () => {
  test('a key of one byte, by hand', () => {
    expect(toHex(encrypt(xor, secretOf(fromHex('0f')), fromHex('00 ff 0f f0 12')))).toBe('0ff000ff1d');
  });

  test.each(LENGTHS)('with a key of %i bytes, byte p meets byte p mod k, wherever the buffer lies', (bytes) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const key = randomBytes(random, bytes);
      const message = randomBytes(random, random.below(500));
      const position = random.below(2 ** 32) * random.below(2 ** 20);
      const model = message.map((byte, i) => byte ^ (key[(position + i) % bytes] as number));
      expect({ seed, out: toHex(encrypt(xor, secretOf(key), message, [], position)) }).toEqual({
        seed,
        out: toHex(model),
      });
    }
  });

  test('twice is identity, and pieces make the whole', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = new Random(seed);
      const secret = secretOf(randomBytes(random, random.pick(LENGTHS)));
      const message = randomBytes(random, 20_000);
      const once = encrypt(xor, secret, message);
      expect({ seed, out: toHex(encrypt(xor, secret, once)) }).toEqual({ seed, out: toHex(message) });
      const pieces = Array.from({ length: 100 }, () => 1 + random.below(400));
      expect({ seed, out: toHex(encrypt(xor, secret, message, pieces)) }).toEqual({ seed, out: toHex(once) });
    }
  });

  test('bytes behind the length stay as they were', () => {
    const columns = streamColumns(secretOf(fromHex('ff')));
    expect(xor(100, { columns })).toBe(100);
    expect(columns.data.findIndex((byte) => byte !== 0xff)).toBe(100);
    expect(columns.data.subarray(100).every((byte) => byte === 0)).toBe(true);
  });

  test.each([0, -4, 3, 24, 128])('a key of %i bytes is refused before anything is changed', (bytes) => {
    const columns = streamColumns(secretOf(new Uint8Array(64).fill(1)));
    columns.parameters[0] = bytes;
    expect(() => xor(8192, { columns })).toThrow(RangeError);
    expect(columns.data.every((byte) => byte === 0)).toBe(true);
  });
});
