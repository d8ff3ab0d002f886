// A stream's memory as its graft gets it, and what tests do with it: encrypt a message, at once or in pieces.

import {
  type CipherTransform,
  KEY_BYTES,
  NONCE,
  STREAM_COLUMNS,
  type StreamColumns,
} from '../../../../src/kernel-model/grafts/encryption/index.ts';
import type { Random } from '../../../support/random.ts';

/** What a message is encrypted with. `extra`: the parameter behind the nonce, FIRST_BLOCK or UNIT_BYTES. */
export interface Secret {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly extra: number;
}

/** Shared memory as a compartment would hand it out. */
export const streamColumns = ({ key, nonce, extra }: Secret): StreamColumns => {
  const { data, position, parameters } = STREAM_COLUMNS;
  const columns = {
    data: new Uint8Array(new SharedArrayBuffer(data.length)),
    position: new Float64Array(new SharedArrayBuffer(8 * position.length)),
    key: new Uint8Array(new SharedArrayBuffer(STREAM_COLUMNS.key.length)),
    parameters: new Int32Array(new SharedArrayBuffer(4 * parameters.length)),
  };
  columns.key.set(key);
  columns.parameters[KEY_BYTES] = key.length;
  columns.parameters[5] = extra;
  new Uint8Array(columns.parameters.buffer, 4 * NONCE, 16).set(nonce);
  return columns;
};

/**
 * `message` as it leaves a stream from `position` on, passed in pieces of the lengths given, the last as long as what
 * is left.
 */
export const encrypt = (
  transform: CipherTransform,
  secret: Secret,
  message: Uint8Array,
  pieces: readonly number[] = [],
  position = 0,
): Uint8Array => {
  const columns = streamColumns(secret);
  const out = new Uint8Array(message.length);
  for (let at = 0, piece = 0; at < message.length || piece === 0; piece++) {
    const end = Math.min(message.length, at + Math.min(pieces[piece] ?? Number.POSITIVE_INFINITY, columns.data.length));
    columns.data.set(message.subarray(at, end));
    columns.position[0] = position + at;
    const answer = transform(end - at, { columns });
    if (answer !== end - at) throw new Error(`answered ${answer} for ${end - at} bytes`);
    out.set(columns.data.subarray(0, end - at), at);
    at = end;
  }
  return out;
};

export const randomBytes = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => random.below(256));

export const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'));

export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
