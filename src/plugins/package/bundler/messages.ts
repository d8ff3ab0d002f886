// Every message that crosses between the host and a bundler's reading process, both ways, in frames of a plugin's
// process (compartment/process/frames.ts); their field `call` is 0.
//
//   host → bundler                                  payload
//   ARCHIVE  the package, packed                    bytes
//   ENTRY    a file of it, or a folder              length u32 of the path · path · isFile u8 · bytes
//   GIVEN    what stands in for its package.json    JSON
//   FOLDER   the package is a folder: ask           –
//   MAKE     that was all of it: make it            –
//   NAMES    what lies in a folder                  for each: kind u8 · length u16 of the name · name
//   FILE     what a file holds                      bytes
//   PLACE    where a link leads                     kind u8 (0: nowhere) · path
//   FAULT    why there is no answer                 JSON { code, message }
//
//   bundler → host
//   READY       both of its processes are up        walls of the reading one u8 · of esbuild's u8
//   LIST        what lies in this folder?           path: answered by NAMES
//   READ        what does this file hold?           path: answered by FILE
//   FOLLOW      where does this link lead?          path: answered by PLACE
//   HEAD        of what was made                    JSON { name, version, manifest, digest, missing }
//   CODE        its script                          text
//   SOURCE_MAP  of that: it is complete             text
//   REFUSED     it could not be made                JSON { code, message }

import { GraftError } from '../../errors.ts';
import { FRAME_HEADER_BYTES } from '../../protocol.ts';
import { PACKAGE_BOUNDS } from '../bounds.ts';
import type { Entry } from '../files.ts';
import type { PackageFolder } from '../folder.ts';
import type { FileKind, FilePlace } from '../tree.ts';

export const ARCHIVE = 1;
export const ENTRY = 2;
export const GIVEN = 3;
export const MAKE = 4;
export const FOLDER = 5;
export const NAMES = 6;
export const FILE = 7;
export const PLACE = 8;
export const FAULT = 9;
export const READY = 16;
export const HEAD = 17;
export const CODE = 18;
export const SOURCE_MAP = 19;
export const REFUSED = 20;
export const LIST = 21;
export const READ = 22;
export const FOLLOW = 23;

/** Room in a frame beside what its bound is on. */
const HEAD_ROOM = 65_536;
/** What the host may send in one frame: a file and its path, or a package.json. */
export const REQUEST_BYTES_MAX = PACKAGE_BOUNDS.entry_bytes + HEAD_ROOM;
/** What the bundler may send in one frame. */
export const REPLY_BYTES_MAX = PACKAGE_BOUNDS.source_map_bytes + HEAD_ROOM;

/** A package as it was read, nothing of it looked at; a folder is open, and read when it is asked. `given` is JSON. */
export type RawPackage =
  | { readonly archive: Uint8Array }
  | { readonly folder: PackageFolder }
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

function contentOf(raw: RawPackage): Uint8Array[] {
  if ('archive' in raw) return frame(ARCHIVE, raw.archive);
  if ('folder' in raw) return frame(FOLDER);
  return [...raw.entries.flatMap(entryFrame), ...(raw.given === null ? [] : frame(GIVEN, Buffer.from(raw.given)))];
}

/** The frames that ask for a package to be made. Their bytes are those of `raw` where they can be. */
export const requestOf = (raw: RawPackage): Uint8Array[] => [...contentOf(raw), ...frame(MAKE)];

const KINDS: readonly (FileKind | null)[] = [null, 'file', 'folder', 'link'];
/** More than a file may be is no frame either. */
const NAMES_BYTES_MAX = PACKAGE_BOUNDS.entry_bytes;

function namesFrame(names: readonly (readonly [name: string, kind: FileKind])[]): Uint8Array[] {
  const payload = names.flatMap(([name, kind]) => {
    const bytes = Buffer.from(name);
    const head = Buffer.from([KINDS.indexOf(kind), 0, 0]);
    head.writeUInt16LE(bytes.length, 1);
    return [head, bytes];
  });
  if (payload.reduce((sum, { length }) => sum + length, 0) > NAMES_BYTES_MAX)
    throw new GraftError('GRAFT_PACKAGE_LIMIT', 'the names in a folder of the package are too long together');
  return frame(NAMES, ...payload);
}

const placeFrame = (place: FilePlace | null): Uint8Array[] =>
  frame(PLACE, Uint8Array.of(KINDS.indexOf(place?.kind ?? null)), Buffer.from(place?.path ?? ''));

/** Whether a frame of a bundler's asks a folder. */
export const isQuestion = (type: number): boolean => type === LIST || type === READ || type === FOLLOW;

/** The frame that answers a question to a folder. */
export async function answerOf(folder: PackageFolder, type: number, path: string): Promise<Uint8Array[]> {
  try {
    if (type === LIST) return namesFrame(await folder.list(path));
    if (type === READ) return frame(FILE, await folder.file(path));
    return placeFrame(await folder.follow(path));
  } catch (error) {
    const { code, message } = error instanceof GraftError ? error : new GraftError('GRAFT_INTERNAL', String(error));
    return frame(FAULT, Buffer.from(JSON.stringify({ code, message })));
  }
}

/** What the payload of a NAMES says. */
export function readNames(payload: Buffer): Map<string, FileKind> {
  const names = new Map<string, FileKind>();
  for (let at = 0; at < payload.length; ) {
    const end = at + 3 + payload.readUInt16LE(at + 1);
    names.set(payload.toString('utf8', at + 3, end), KINDS[payload.readUInt8(at)] as FileKind);
    at = end;
  }
  return names;
}

/** What the payload of a PLACE says. */
export function readPlace(payload: Buffer): FilePlace | null {
  const kind = KINDS[payload.readUInt8()];
  return kind === 'file' || kind === 'folder' ? { path: payload.toString('utf8', 1), kind } : null;
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
