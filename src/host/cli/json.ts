// JSON text as a user gives it, on the command line or on standard input. It is checked and sent on unchanged: parsed
// and written anew, a number of many digits would become another one.

import { GraftError } from '../../plugins/index.ts';
import { BODY_MAX } from '../server/index.ts';

/** Checks `text` and gives it back. Throws GRAFT_BAD_JSON. */
export const checkJson = (text: string): string => {
  try {
    JSON.parse(text);
    return text;
  } catch (cause) {
    throw new GraftError('GRAFT_BAD_JSON', `the input is not JSON: ${(cause as Error).message}`, { cause });
  }
};

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new GraftError('GRAFT_BAD_JSON', 'the input is not UTF-8', { cause });
  }
};

/**
 * Reads JSON text from a stream. Throws GRAFT_BAD_JSON, and GRAFT_BODY_TOO_LARGE as soon as it is larger than a server
 * takes.
 */
export const readInput = async (stream: AsyncIterable<Uint8Array>): Promise<string> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    length += piece.length;
    if (length > BODY_MAX.call_bytes)
      throw new GraftError('GRAFT_BODY_TOO_LARGE', `the input is larger than ${BODY_MAX.call_bytes} bytes`);
    pieces.push(piece);
  }
  return checkJson(decode(Buffer.concat(pieces)));
};
