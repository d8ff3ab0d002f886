// Bodies: decoded where a graft looks at them, and never held whole.

import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/** What an origin may encode a document with that a graft looks at. */
export const ENCODINGS = 'gzip, br, zstd';

/** Whether a `Content-Encoding` can be decoded here. */
export const isDecodable = (encoding: string | undefined): boolean =>
  encoding === undefined || encoding.trim() === '' || encoding.trim().toLowerCase() in DECODERS;

/** A body as its bytes were before they were encoded. What fails in `body` fails in what is given back. */
export const decoded = (body: Readable, encoding: string | undefined): Readable => {
  const decoder = DECODERS[encoding?.trim().toLowerCase() ?? '']?.();
  // Whoever reads hears of a failure; while nobody does, it is kept.
  body.on('error', () => {});
  if (decoder === undefined) return body;
  decoder.on('error', () => {});
  body.on('error', (error) => decoder.destroy(error));
  body.on('aborted', () => decoder.destroy(new Error('the origin went away')));
  decoder.on('close', () => body.destroy());
  return body.pipe(decoder);
};

/** The beginning of a body; `rest` is still in it where it did not end there. */
export interface Beginning {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/**
 * Reads a body up to `bytes_max`, to its end, or for `ms_max`, whichever comes first, and leaves it paused. Throws what
 * the body fails with.
 */
export const beginningOf = (body: Readable, bytes_max: number, ms_max: number): Promise<Beginning> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const stop = (isWhole: boolean): void => {
      clearTimeout(timer);
      body.off('readable', take).off('end', ended).off('error', failed).off('close', closed);
      resolve({ bytes: Buffer.concat(chunks, size), isWhole });
    };
    const take = (): void => {
      for (let chunk = body.read() as Buffer | null; chunk !== null; chunk = body.read() as Buffer | null) {
        const room = bytes_max - size;
        if (chunk.length > room) {
          body.unshift(chunk.subarray(room));
          chunk = chunk.subarray(0, room);
        }
        chunks.push(chunk);
        size += chunk.length;
        if (size === bytes_max) return stop(false);
      }
    };
    const ended = (): void => stop(true);
    const failed = (error: Error): void => {
      clearTimeout(timer);
      reject(error);
    };
    const closed = (): void => failed(new Error('the origin went away'));
    const timer = setTimeout(() => stop(false), ms_max);
    body.on('readable', take).on('end', ended).on('error', failed).on('close', closed);
    take();
  });

/** What is left of a body, in pieces. Throws where it is larger than `bytes_max`: a decompression bomb has an end. */
export async function* restOf(body: Readable, bytes_max: number): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bytes_max) throw new Error(`a document of more than ${bytes_max} bytes`);
    yield chunk;
  }
}
