// The body of a request, within a bound. Nothing is converted: no inflating, no guessing of a character set, no
// replacement of broken UTF-8. A body that is too large is answered at once; the rest that the client sends is thrown
// away.

import type { IncomingMessage } from 'node:http';
import { GraftError, shown } from '../../plugins/index.ts';

const MB = 1_048_576;

/** The bytes of a body at most. Above the bounds of the value or archive in it, so that the client is told of those. */
export const BODY_MAX = { call_bytes: 1.5 * MB, package_bytes: 9 * MB } as const;

export const JSON_TYPE = 'application/json';
export const ARCHIVE_TYPES = [
  'application/gzip',
  'application/x-gzip',
  'application/octet-stream',
  'application/x-tgz',
] as const;

const badType = (why: string): GraftError => new GraftError('GRAFT_BAD_MEDIA_TYPE', why);

const checkCharset = (parameters: readonly string[]): void => {
  for (const parameter of parameters) {
    const charset = /^charset="?([^"]*)"?$/.exec(parameter)?.[1];
    if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
      throw badType(`the character set ${charset}; it must be utf-8`);
  }
};

/** The media type of a request's body, one of `allowed`. Throws GRAFT_BAD_MEDIA_TYPE. */
export const mediaType = (request: IncomingMessage, allowed: readonly string[]): string => {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity';
  if (encoding !== 'identity') throw badType(`the content encoding ${encoding}; a body must have none`);
  const [type = '', ...parameters] = (request.headers['content-type'] ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  if (!allowed.includes(type))
    throw badType(`the content type ${type === '' ? 'is missing' : type}; it must be ${allowed.join(' or ')}`);
  if (type === JSON_TYPE) checkCharset(parameters);
  return type;
};

const FIRST_BYTES = 16_384;

/** Bytes put together in one buffer: a body of many tiny pieces costs no more than a whole one. */
class Collected {
  bytes = Buffer.allocUnsafe(FIRST_BYTES);
  length = 0;

  add(piece: Buffer): void {
    const length = this.length + piece.length;
    if (length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.length);
      this.bytes = larger;
    }
    piece.copy(this.bytes, this.length);
    this.length = length;
  }
}

/**
 * Reads a body of at most `bytes_max`. Throws GRAFT_BODY_TOO_LARGE, and GRAFT_BAD_OPTION if the client goes away before
 * its end.
 */
export const readBody = (request: IncomingMessage, bytes_max: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const collected = new Collected();
    // Without a listener the stream flows on, and its data is dropped.
    const fail = (error: GraftError): void => {
      request.off('data', take);
      reject(error);
    };
    const tooLarge = (): void =>
      fail(new GraftError('GRAFT_BODY_TOO_LARGE', `the body is larger than ${bytes_max} bytes`));
    const cutShort = (): void => fail(new GraftError('GRAFT_BAD_OPTION', 'the request ended before its body did'));
    const take = (piece: Buffer): void => {
      if (collected.length + piece.length > bytes_max) tooLarge();
      else collected.add(piece);
    };
    if (request.readableEnded)
      return reject(new Error('a body was read before it came here: mount the routes before what reads bodies'));
    if (Number(request.headers['content-length'] ?? 0) > bytes_max) return tooLarge();
    request.on('data', take);
    request.once('end', () => resolve(collected.bytes.subarray(0, collected.length)));
    request.once('close', cutShort);
  });

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The JSON value of a body. Throws GRAFT_BAD_JSON, also for bytes that are not UTF-8. */
export const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new GraftError('GRAFT_BAD_JSON', `the body is not JSON: ${(cause as Error).message}`, { cause });
  }
};

/** An object with exactly these fields. Throws GRAFT_BAD_OPTION. */
export const exactFields = <Name extends string>(value: unknown, names: readonly Name[]): Record<Name, unknown> => {
  const form = `{ ${names.map((name) => `"${name}": …`).join(', ')} }`;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new GraftError('GRAFT_BAD_OPTION', `the body: expected ${form}, got ${shown(value)}`);
  const missing = names.find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new GraftError('GRAFT_BAD_OPTION', `the body lacks ${missing}; it must be ${form}`);
  const unknown = Object.keys(value).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new GraftError('GRAFT_BAD_OPTION', `unknown field ${shown(unknown)}; the body must be ${form}`);
  return value as Record<Name, unknown>;
};
