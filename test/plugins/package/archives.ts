// Archives and plugins for the tests: entries in, bytes of a .tgz out, faulty ones included.

import { gzipSync } from 'node:zlib';
import { expect } from '@jest/globals';
import { type Header, pack } from 'tar-stream';
import { type ErrorCode, GraftError } from '../../../src/plugins/errors.ts';

export const MANIFEST = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }] };
export const PACKAGE = JSON.stringify({ name: 'fair-price', version: '1.2.3', graftwork: MANIFEST });
export const MODULE = 'export const price = (request: { list: number }): number => request.list / 2;\n';
/** The files of a plugin that is right. */
export const FILES: Readonly<Record<string, string>> = { 'package.json': PACKAGE, 'index.ts': MODULE };

export type TarEntry = Partial<Header> & { name: string; data?: string | Uint8Array };

/** A tar stream, uncompressed. */
export async function tar(entries: readonly TarEntry[]): Promise<Buffer> {
  const packer = pack();
  for (const { data = '', ...header } of entries) packer.entry({ mtime: new Date(0), ...header }, Buffer.from(data));
  packer.finalize();
  const pieces: Buffer[] = [];
  for await (const piece of packer) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** A .tgz of entries, in order. */
export const tgz = async (entries: readonly TarEntry[]): Promise<Buffer> => gzipSync(await tar(entries));

/** A .tgz of files, as npm packs them. */
export const npmPack = (files: Readonly<Record<string, string | Uint8Array>>, prefix = 'package/'): Promise<Buffer> =>
  tgz(Object.entries(files).map(([path, data]) => ({ name: prefix + path, data })));

/** A .tgz of a right plugin with more entries behind it. */
export const tgzWith = (...more: TarEntry[]): Promise<Buffer> =>
  tgz([...Object.entries(FILES).map(([name, data]) => ({ name, data })), ...more]);

/** One block of a tar header with any field set by hand, and its checksum right. */
export function header(block: Buffer, offset: number, text: string | Uint8Array): Buffer {
  const changed = Buffer.from(block);
  changed.set(Buffer.from(text), offset);
  changed.fill(' ', 148, 156);
  const sum = changed.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  changed.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return changed;
}

/** Expects a GraftError of this code whose message says `what`. */
export async function expectRefusal(code: ErrorCode, what: string | RegExp, run: () => unknown): Promise<void> {
  let thrown: unknown;
  try {
    await run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(GraftError);
  const { code: actual, message } = thrown as GraftError;
  expect({ code: actual, message }).toEqual({ code, message: expect.stringMatching(what) });
}
