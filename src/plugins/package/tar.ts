// A tar stream in memory as entries of a package. It reads what npm, GNU tar, bsdtar and git write, and refuses what
// two readers could read differently: a size or sum that is not plain digits, a name given twice, anything behind the
// end.
//
// Blocks of 512 bytes. An entry is a header block and its content, filled up to a whole block. An entry of kind `x`
// (pax) or `L` (GNU) holds the name of the next one, or where it links to, where that does not fit a header; `g` is a
// remark on the whole archive. Two blocks of zeros and nothing else end it. A tolerant reader is the wrong tool here:
// of a hostile stream it may wait for more for ever.

import { GraftError } from '../errors.ts';
import { addSize, checkCarried, type Entry, isOwn } from './files.ts';
import { shown } from './path.ts';

const BLOCK = 512;
const END_BYTES = 2 * BLOCK;
/** Content of a pax or long-name entry; a path has at most 255 bytes. There may be as many of them as entries. */
const NOTE_BYTES = 8_192;

/** Kinds of entries that speak of others. */
const NOTES = 'xgL';

/** Fields of a header block: first byte, length. */
const FIELD = {
  name: [0, 100],
  size: [124, 12],
  sum: [148, 8],
  kind: [156, 1],
  link: [157, 100],
  magic: [257, 6],
  prefix: [345, 155],
} as const;

/** What is refused, in the words of its message. */
const KINDS: Readonly<Record<string, string>> = {
  '1': 'link',
  '3': 'character device',
  '4': 'block device',
  '6': 'fifo',
  K: 'link',
  S: 'sparse file',
};

const bad = (why: string): GraftError =>
  new GraftError('GRAFT_BAD_PACKAGE', `the archive is not a whole tar stream: ${why}`);
const special = (name: string, kind: string): GraftError =>
  new GraftError('GRAFT_PACKAGE_ENTRY', `${shown(name)} is a ${kind}`);
/**
 * Each byte equals the one before it, and the first is zero: one comparison of memory, since a tail may have megabytes.
 */
const isZero = (bytes: Buffer): boolean =>
  bytes.length === 0 || (bytes[0] === 0 && bytes.subarray(1).equals(bytes.subarray(0, -1)));
const padded = (size: number): number => Math.ceil(size / BLOCK) * BLOCK;

function field(block: Buffer, name: keyof typeof FIELD): Buffer {
  const [start, length] = FIELD[name];
  return block.subarray(start, start + length);
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

/** A number in octal digits, or in binary behind a byte 0x80, as GNU writes what is too large for digits. */
function number(bytes: Buffer, what: string): number {
  const digits = /^ *([0-7]+)[ \0]*$/.exec(bytes.toString('latin1'))?.[1];
  if (digits !== undefined) return Number.parseInt(digits, 8);
  if (bytes[0] === 0x80) return bytes.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
  throw bad(`the ${what} of an entry is no number`);
}

interface Header {
  readonly name: string;
  readonly size: number;
  readonly kind: string;
  /** Where it links to. */
  readonly link: string;
}

function readHeader(block: Buffer): Header {
  const magic = field(block, 'magic').toString('latin1');
  if (magic !== 'ustar\0' && magic !== 'ustar ') throw bad('an entry has no header');
  const sumField = field(block, 'sum');
  const sum = block.reduce((total, byte) => total + byte, 0) - sumField.reduce((total, byte) => total + byte - 0x20, 0);
  if (number(sumField, 'sum') !== sum) throw bad('the sum of a header is wrong');
  const prefix = magic === 'ustar\0' ? text(field(block, 'prefix')) : '';
  const name = text(field(block, 'name'));
  const kind = field(block, 'kind').toString('latin1');
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: number(field(block, 'size'), 'size'),
    kind: kind === '\0' ? '0' : kind,
    link: text(field(block, 'link')),
  };
}

/** What pax and GNU notes say of the next entry. */
interface Note {
  path?: string;
  link?: string;
  size?: number;
}

/** Records of a pax note: `length key=value\n`, the length that of the whole record. */
function* paxRecords(content: Buffer): Generator<[key: string, value: string]> {
  for (let at = 0; at < content.length; ) {
    const digits = /^[1-9]\d{0,5} /.exec(content.toString('latin1', at, at + 8))?.[0] ?? '';
    const end = at + Number.parseInt(digits, 10);
    const record = content.toString('utf8', at + digits.length, end);
    const equals = record.indexOf('=');
    if (digits === '' || end > content.length || !record.endsWith('\n') || equals < 1)
      throw bad('a pax record is malformed');
    yield [record.slice(0, equals), record.slice(equals + 1, -1)];
    at = end;
  }
}

const saysAnything = ({ path, link, size }: Note): boolean =>
  path !== undefined || link !== undefined || size !== undefined;

function takeName(note: Note, path: string): void {
  if (note.path !== undefined) throw bad(`an entry is named twice: ${shown(note.path)} and ${shown(path)}`);
  note.path = path;
}

function takeRecord(note: Note, key: string, value: string): void {
  if (key.startsWith('GNU.sparse.')) throw special(note.path ?? '', 'sparse file');
  if (key === 'path') takeName(note, value);
  if (key === 'linkpath') {
    if (note.link !== undefined) throw bad(`an entry links twice: to ${shown(note.link)} and ${shown(value)}`);
    note.link = value;
  }
  if (key !== 'size') return;
  if (note.size !== undefined || !/^\d{1,15}$/.test(value))
    throw bad('the size of an entry is no number, or given twice');
  note.size = Number(value);
}

/**
 * Adds what a note says to what is known of the next entry. A remark on the whole archive (`g`) may say nothing that
 * counts.
 */
function readNote(kind: string, content: Buffer, note: Note): void {
  if (kind === 'L') takeName(note, text(content));
  else for (const [key, value] of paxRecords(content)) takeRecord(note, key, value);
  if (kind === 'g' && saysAnything(note)) throw bad('a remark on the whole archive names its entries');
}

const LINK = '2';

function entryOf({ name, kind, link }: Header, content: Buffer): Entry {
  if (kind === '0') return { path: name, bytes: content };
  if (content.length > 0) throw bad(`${shown(name)}, which is no file, has bytes of its own`);
  if (kind === LINK) return { path: name, bytes: null, link };
  return { path: name.replace(/\/$/, ''), bytes: null };
}

function checkHeader({ kind, name, size }: Omit<Header, 'link'>, isNote: boolean): void {
  if (!isNote && kind !== '0' && kind !== '5' && kind !== LINK) throw special(name, KINDS[kind] ?? 'special file');
  if (isNote && size > NOTE_BYTES)
    throw new GraftError('GRAFT_PACKAGE_LIMIT', `the archive has a name longer than ${NOTE_BYTES} bytes`);
  // What is a dependency's may be larger, within the archive, as long as nobody reaches it.
  if (isOwn(name)) addSize(0, name, size);
}

/** Where the archive ends there must be an end, and nothing else. */
function checkEnd(tail: Buffer, note: Note): void {
  if (tail.length < END_BYTES) throw bad('it was cut off');
  if (!isZero(tail)) throw bad('it has bytes behind its end');
  if (saysAnything(note)) throw bad('its last entry is missing');
}

/**
 * The entries of a tar stream, their bytes views of it. Throws GRAFT_PACKAGE_ENTRY for anything that is neither a file,
 * a folder nor a symbolic link, GRAFT_PACKAGE_LIMIT for too many entries or one too large, GRAFT_BAD_PACKAGE for a
 * stream that is damaged or ambiguous.
 */
export function readTar(tar: Buffer): readonly Entry[] {
  const entries: Entry[] = [];
  let note: Note = {};
  let notes = 0;
  let at = 0;
  while (at + BLOCK <= tar.length && !isZero(tar.subarray(at, at + BLOCK))) {
    const header = readHeader(tar.subarray(at, at + BLOCK));
    const isNote = NOTES.includes(header.kind);
    const { name, size } = isNote ? header : { name: note.path ?? header.name, size: note.size ?? header.size };
    checkHeader({ kind: header.kind, name, size }, isNote);
    const start = at + BLOCK;
    at = start + padded(size);
    if (at > tar.length) throw bad('it was cut off');
    const content = tar.subarray(start, start + size);
    if (isNote) {
      checkCarried(++notes);
      readNote(header.kind, content, note);
    } else {
      const { link = header.link } = note;
      note = {};
      checkCarried(entries.push(entryOf({ ...header, name, link }, content)));
    }
  }
  checkEnd(tar.subarray(at), note);
  return entries;
}
