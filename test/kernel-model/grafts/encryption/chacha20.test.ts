// The ChaCha20 graft against RFC 8439's vectors, Node's own ChaCha20 and Project Wycheproof.

import { createCipheriv } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { chacha20 } from '../../../../src/kernel-model/grafts/encryption/index.ts';
import { Random } from '../../../support/random.ts';
import { encrypt, fromHex, randomBytes, type Secret, streamColumns, toHex } from './stream.ts';
import { hasVectors, vectors } from './wycheproof.ts';

const VECTORS = 'chacha20_poly1305_test.json';
const COUNTING_KEY = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const SUNSCREEN =
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";

const secretOf = (key: string, nonce: string, first_block: number): Secret => ({
  key: fromHex(key),
  nonce: fromHex(nonce),
  extra: first_block,
});

const randomSecret = (random: Random): Secret => ({
  key: randomBytes(random, 32),
  nonce: randomBytes(random, 12),
  extra: random.below(2 ** 31),
});

/** What Node's ChaCha20 makes of `message` at `position`: its initial vector is the block's number and the nonce. */
const model = ({ key, nonce, extra }: Secret, message: Uint8Array, position: number): Uint8Array => {
  const skip = position % 64;
  const iv = Buffer.alloc(16);
  iv.writeUInt32LE(extra + (position - skip) / 64);
  iv.set(nonce, 4);
  return createCipheriv('chacha20', key, iv)
    .update(Buffer.concat([Buffer.alloc(skip), message]))
    .subarray(skip);
};

describe('chacha20: RFC 8439', () => {
  test('2.3.2, the block function', () => {
    const keystream = encrypt(chacha20, secretOf(COUNTING_KEY, '000000090000004a00000000', 1), new Uint8Array(64));
    expect(toHex(keystream)).toBe(
      '10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e' +
        'd2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e',
    );
  });

  test('2.4.2, the cipher', () => {
    const out = encrypt(
      chacha20,
      secretOf(COUNTING_KEY, '000000000000004a00000000', 1),
      new TextEncoder().encode(SUNSCREEN),
    );
    expect(toHex(out)).toBe(
      [
        '6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b',
        'f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8',
        '07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736',
        '5af90bbf74a35be6b40b8eedf2785e42874d',
      ].join(''),
    );
  });

  test('A.1, vector 1: key, nonce and block number zero', () => {
    const keystream = encrypt(chacha20, secretOf('00'.repeat(32), '00'.repeat(12), 0), new Uint8Array(64));
    expect(toHex(keystream)).toBe(
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7' +
        'da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586',
    );
  });
});

describe('chacha20', () => {
  test("is Node's, at any position", () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = new Random(seed);
      const secret = randomSecret(random);
      const message = randomBytes(random, random.below(random.chance(0.1) ? 8193 : 300));
      const position = random.below(2 ** 30);
      expect({ seed, out: toHex(encrypt(chacha20, secret, message, [], position)) }).toEqual({
        seed,
        out: toHex(model(secret, message, position)),
      });
    }
  });

  test('twice is identity, and pieces make the whole', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = new Random(seed);
      const secret = randomSecret(random);
      const message = randomBytes(random, 20_000);
      const once = encrypt(chacha20, secret, message);
      expect({ seed, out: toHex(encrypt(chacha20, secret, once)) }).toEqual({ seed, out: toHex(message) });
      const pieces = Array.from({ length: 100 }, () => 1 + random.below(400));
      expect({ seed, out: toHex(encrypt(chacha20, secret, message, pieces)) }).toEqual({ seed, out: toHex(once) });
    }
  });

  test('the last block has number 2^32 − 1; behind it the stream is refused, and nothing changed', () => {
    const secret = { ...randomSecret(new Random(1)), extra: -1 };
    const message = randomBytes(new Random(2), 64);
    expect(toHex(encrypt(chacha20, secret, message))).toBe(toHex(model({ ...secret, extra: 2 ** 32 - 1 }, message, 0)));
    const columns = streamColumns(secret);
    expect(() => chacha20(65, { columns })).toThrow(RangeError);
    expect(columns.data.every((byte) => byte === 0)).toBe(true);
  });

  test('a key of other than 32 bytes is refused', () => {
    const columns = streamColumns({ ...randomSecret(new Random(1)), key: new Uint8Array(16) });
    expect(() => chacha20(64, { columns })).toThrow(RangeError);
  });

  (hasVectors(VECTORS) ? test : test.skip)(
    `every valid Wycheproof vector with a nonce of 96 bits (needs ../shared: ${VECTORS})`,
    () => {
      const valid = vectors(VECTORS).filter((one) => one.result === 'valid' && one.iv.length === 24);
      expect(valid.length).toBeGreaterThan(200);
      for (const { tcId, key, iv, msg, ct } of valid)
        expect({ tcId, out: toHex(encrypt(chacha20, secretOf(key, iv, 1), fromHex(msg))) }).toEqual({ tcId, out: ct });
    },
  );
});
