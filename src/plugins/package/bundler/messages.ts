// Every message that crosses between the host and a bundler's reading process, both ways, in frames of a plugin's
// process (compartment/process/frames.ts); their field `call` is 0.
//
//   host → bundler                                  payload
//   ARCHIVE  the package, packed                    bytes
//   ENTRY    a file of it, or a folder              length u32 of the path · path · isFile u8 · bytes
//   GIVEN    what stands in for its package.json    JSON
//   MAKE     that was all of it: make it            –
//
//   bundler → host
//   READY       both of its processes are up        walls of the reading one u8 · of esbuild's u8
//   HEAD        of what was made                    JSON { name, version, manifest, digest, missing }
//   CODE        its script                          text
//   SOURCE_MAP  of that: it is complete             text
//   REFUSED     it could not be made                JSON { code, message }

import { FRAME_HEADER_BYTES } from '../../protocol.ts';
import { PACKAGE_BOUNDS } from '../bounds.ts';
import type { Entry } from '../files.ts';

export const ARCHIVE = 1;
export const ENTRY = 2;
export const GIVEN = 3;
export const MAKE = 4;
export const READY = 16;
export const HEAD = 17;
export const CODE = 18;
export const SOURCE_MAP = 19;
export const REFUSED = 20;

/** Room in a frame beside what its bound is on. */
const HEAD_ROOM = 65_536;
/** What the host may send in one frame: a file and its path, or a package.json. */
export const REQUEST_BYTES_MAX = PACKAGE_BOUNDS.entry_bytes + HEAD_ROOM;
/** What the bundler may send in one frame. */
export const REPLY_BYTES_MAX = PACKAGE_BOUNDS.source_map_bytes + HEAD_ROOM;

/** A package as it was read, nothing of it looked at. `given` is JSON. */
export type RawPackage =
  | { readonly archive: Uint8Array }
  | { readonly entries: readonly Entry[]; readonly given: string | null };

/** What a bundler made of a package, as it says. */
export interface Made {
  /** Any JSON. */
  readonly head: unknown;
  readonly code: string;
  readonly sourceMap: string;
}

/** The status with which the reading process ends where esbuild has ended. */
export const EXIT_NO_SERVICE = 71;

/** How a message begins where the package is to blame for an end, and nothing more exact is known. */
export const GAVE_UP = 'the bundler gave up on this package';

const LENGTH_BYTES = 4;

/** The head of a frame and its payload, uncopied. */
function frame(type: number, ...payload: readonly Uint8Array[]): Uint8Array[] {
  const head = Buffer.alloc(FRAME_HEADER_BYTES);
  const bytes = payload.reduce((sum, { length }) => sum + length, FRAME_HEADER_BYTES - LENGTH_BYTES);
  head.writeUInt32LE(bytes, 0);
  head.writeUInt8(type, LENGTH_BYTES);
  return [head, ...payload];
}

function entryFrame({ path, bytes }: Entry): Uint8Array[] {
  const name = Buffer.from(path);
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUInt32LE(name.length);
  return frame(ENTRY, head, name, Uint8Array.of(bytes === null ? 0 : 1), bytes ?? new Uint8Array());
}

/** The frames that ask for a package to be made. Their bytes are those of `raw` where they can be. */
export function requestOf(raw: RawPackage): Uint8Array[] {
  const content =
    'archive' in raw
      ? frame(ARCHIVE, raw.archive)
      : [...raw.entries.flatMap(entryFrame), ...(raw.given === null ? [] : frame(GIVEN, Buffer.from(raw.given)))];
  return [...content, ...frame(MAKE)];
}

/** The entry in the payload of an ENTRY, copied. */
export function readEntry(payload: Buffer): Entry {
  const start = LENGTH_BYTES + payload.readUInt32LE();
  const isFile = payload.readUInt8(start) !== 0;
  return {
    path: payload.toString('utf8', LENGTH_BYTES, start),
    bytes: isFile ? Buffer.from(payload.subarray(start + 1)) : null,
  };
}
