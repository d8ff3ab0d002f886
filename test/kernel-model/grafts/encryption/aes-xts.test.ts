// The AES-XTS graft against IEEE 1619's vectors, Node's own AES-XTS and Project Wycheproof.

import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { aesXts } from '../../../../src/kernel-model/grafts/encryption/index.ts';
import { Random } from '../../../support/random.ts';
import { encrypt, fromHex, randomBytes, type Secret, streamColumns, toHex } from './stream.ts';
import { hasVectors, vectors } from './wycheproof.ts';

const VECTORS = 'aes_xts_test.json';
/** A data unit as long as the buffer. */
const WHOLE = 8192;

const secretOf = (key: string, tweak: string, unit_bytes: number): Secret => ({
  key: fromHex(key),
  nonce: fromHex(tweak),
  extra: unit_bytes,
});

/** IEEE 1619-2007, annex B: number of the vector, both keys, tweak in memory order, plain text, cipher text. */
const IEEE_1619: readonly (readonly [number, string, string, string, string])[] = [
  [1, '00'.repeat(32), '00', '00'.repeat(32), '917cf69ebd68b2ec9b9fe9a3eadda692cd43d2f59598ed858c02c2652fbf922e'],
  [
    2,
    `${'11'.repeat(16)}${'22'.repeat(16)}`,
    '3333333333',
    '44'.repeat(32),
    'c454185e6a16936e39334038acef838bfb186fff7480adc4289382ecd6d394f0',
  ],
  [
    3,
    `fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0${'22'.repeat(16)}`,
    '3333333333',
    '44'.repeat(32),
    'af85336b597afc1a900b2eb21ec949d292df4c047e0b21532186a5971a227a89',
  ],
  ...(
    [
      [15, '10', '6c1625db4671522d3d7599601de7ca09ed'],
      [16, '1011', 'd069444b7a7e0cab09e24447d24deb1fedbf'],
      [17, '101112', 'e5df1351c0544ba1350b3363cd8ef4beedbf9d'],
      [18, '10111213', '9d84c813f719aa2c7be3f66171c7c5c2edbf9dac'],
    ] as const
  ).map(
    ([number, end, out]) =>
      [
        number,
        'fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0bfbebdbcbbbab9b8b7b6b5b4b3b2b1b0',
        '9a78563412',
        `000102030405060708090a0b0c0d0e0f${end}`,
        out,
      ] as const,
  ),
];

/** The tweak of the unit `units` further on: a number of 128 bits, lowest byte first. */
const tweakAfter = (tweak: Uint8Array, units: number): Buffer => {
  const sum = BigInt.asUintN(128, BigInt(`0x${toHex(tweak.toReversed())}`) + BigInt(units));
  return Buffer.from(sum.toString(16).padStart(32, '0'), 'hex').reverse();
};

/** What Node's AES-XTS makes of `message`, unit by unit. */
const model = ({ key, nonce, extra }: Secret, message: Uint8Array, position: number): Uint8Array => {
  const out: Buffer[] = [];
  for (let at = 0; at < message.length; at += extra) {
    const cipher = createCipheriv(
      key.length === 32 ? 'aes-128-xts' : 'aes-256-xts',
      key,
      tweakAfter(nonce, (position + at) / extra),
    );
    out.push(cipher.update(message.subarray(at, at + extra)));
  }
  return Buffer.concat(out);
};

const randomSecret = (random: Random, unit_bytes: number): Secret => ({
  key: randomBytes(random, random.pick([32, 64])),
  // Every other tweak is so high that adding units to it carries into its higher words, or around.
  nonce: random.chance(0.5)
    ? randomBytes(random, 16)
    : Uint8Array.from({ length: 16 }, (_, i) => (i === 0 ? 0xfe : 0xff)),
  extra: unit_bytes,
});

/** A length that leaves no unit shorter than a block. */
const randomLength = (random: Random, unit_bytes: number): number => {
  const length = random.below(random.chance(0.1) ? 8193 : 1500);
  const last = length % unit_bytes;
  return last > 0 && last < 16 ? length - last : length;
};

describe('aes-xts', () => {
  test.each(IEEE_1619)('IEEE 1619, vector %i', (_, key, tweak, plain, out) => {
    expect(toHex(encrypt(aesXts, secretOf(key, tweak, WHOLE), fromHex(plain)))).toBe(out);
  });

  test("is Node's, with units of any length, at any unit", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const unit_bytes = random.pick([16, 32, 512, 528, 4096, WHOLE]);
      const secret = randomSecret(random, unit_bytes);
      const message = randomBytes(random, randomLength(random, unit_bytes));
      const position = unit_bytes * random.below(random.chance(0.5) ? 4 : 2 ** 32);
      expect({ seed, out: toHex(encrypt(aesXts, secret, message, [], position)) }).toEqual({
        seed,
        out: toHex(model(secret, message, position)),
      });
    }
  });

  test('pieces of whole sectors make the whole', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const secret = randomSecret(random, 512);
      const message = randomBytes(random, 512 * 30 + 16 + random.below(496));
      const pieces = Array.from({ length: 20 }, () => 512 * (1 + random.below(4)));
      expect({ seed, out: toHex(encrypt(aesXts, secret, message, pieces)) }).toEqual({
        seed,
        out: toHex(encrypt(aesXts, secret, message)),
      });
    }
  });

  test('bytes behind the length stay as they were', () => {
    const columns = streamColumns(randomSecret(new Random(1), 512));
    aesXts(1000, { columns });
    expect(columns.data.subarray(0, 1000).every((byte) => byte === 0)).toBe(false);
    expect(columns.data.subarray(1000).every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    ['a key of 40 bytes', 40, 512, 0, 512],
    ['data units of no bytes', 32, 0, 0, 512],
    ['data units of 24 bytes', 32, 24, 0, 48],
    ['a position inside a unit', 32, 512, 16, 512],
    ['a unit shorter than a block', 32, 512, 0, 527],
  ])('%s: refused, and nothing changed', (_, key_bytes, unit_bytes, position, length) => {
    const columns = streamColumns({ key: new Uint8Array(key_bytes), nonce: new Uint8Array(16), extra: unit_bytes });
    columns.position[0] = position;
    expect(() => aesXts(length, { columns })).toThrow(RangeError);
    expect(columns.data.every((byte) => byte === 0)).toBe(true);
  });

  (hasVectors(VECTORS) ? test : test.skip)(`all of Wycheproof's vectors (needs ../shared: ${VECTORS})`, () => {
    const all = vectors(VECTORS);
    expect(all).toHaveLength(123);
    for (const { tcId, key, iv, msg, ct } of all)
      expect({ tcId, out: toHex(encrypt(aesXts, secretOf(key, iv, WHOLE), fromHex(msg))) }).toEqual({ tcId, out: ct });
  });
});
