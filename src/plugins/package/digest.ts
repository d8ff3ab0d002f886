// The digest of a package: the address of its contents. Two packages have the same digest only if nothing that runs or
// is promised differs.
//
// SHA-256 over a sequence of fields, each led by its length (eight bytes, big-endian), so that no two sequences give
// the same bytes: a title, the name, the version, the path of the module, the canonical manifest, what package.json
// says of imports, then path and content of every file that the module reaches, by path.

import { createHash } from 'node:crypto';
import type { Head } from './head.ts';
import { canonicalManifest } from './manifest.ts';

const TITLE = 'graftwork package 2';

/** The SHA-256 of a package, 64 hexadecimal digits. */
export function digestOf(head: Head, files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash('sha256');
  const length = Buffer.alloc(8);
  const add = (field: Uint8Array): void => {
    length.writeBigUInt64BE(BigInt(field.length));
    hash.update(length).update(field);
  };
  for (const text of [TITLE, head.name, head.version, head.main, canonicalManifest(head.manifest), head.imports])
    add(Buffer.from(text));
  const byPath = [...files].map(([path, content]) => ({ path: Buffer.from(path), content }));
  byPath.sort((a, b) => Buffer.compare(a.path, b.path));
  for (const { path, content } of byPath) {
    add(path);
    add(content);
  }
  return hash.digest('hex');
}
