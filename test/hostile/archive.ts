// Archives written byte by byte, so that a header can lie: what a source describes as entries, as the bytes of a .tgz.

import { constants, crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** An entry as a corpus describes it. */
export interface ArchiveEntry {
  readonly name: string;
  readonly data?: string;
  /** file (default), directory, link, symlink, character-device, block-device, fifo. */
  readonly type?: string;
  readonly linkname?: string;
  /** `size` bytes of this text, again and again. */
  readonly repeat?: string;
  readonly size?: number;
  /** What the header says instead of the size. */
  readonly headerSize?: number;
  readonly mode?: number;
}

const BLOCK = 512;
const KINDS: Readonly<Record<string, string>> = {
  file: '0',
  link: '1',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  chardev: '3',
  device: '3',
  'block-device': '4',
  blockdev: '4',
  directory: '5',
  dir: '5',
  fifo: '6',
};

export const isOrdinary = (type = 'file'): boolean => ['0', '5'].includes(KINDS[type] ?? '');

/** Octal digits; a number that is negative as text, one too large for them in binary behind 0x80 (GNU). */
const sizeField = (size: number): Buffer => {
  if (size < 0) return Buffer.from(String(size).padEnd(12, '\0'), 'latin1');
  if (size < 8 ** 11) return Buffer.from(`${size.toString(8).padStart(11, '0')}\0`, 'latin1');
  const field = Buffer.alloc(12);
  field[0] = 0x80;
  field.writeBigUInt64BE(BigInt(size), 4);
  return field;
};

const header = (name: string, kind: string, size: number, linkname = '', mode = 0o644): Buffer => {
  const block = Buffer.alloc(BLOCK);
  block.write(name.slice(0, 100), 0, 100, 'utf8');
  block.write(`${(mode & 0o7777).toString(8).padStart(7, '0')}\0`, 100, 'latin1');
  block.write('0000000\x000000000\0', 108, 'latin1');
  sizeField(size).copy(block, 124);
  block.write('00000000000\0', 136, 'latin1');
  block.write(kind, 156, 'latin1');
  block.write(linkname.slice(0, 100), 157, 100, 'utf8');
  block.write('ustar\x0000', 257, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
};

const filled = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);

/** The note in which pax gives a name that does not fit a header. */
const longName = (name: string): Buffer => {
  const rest = Buffer.byteLength(` path=${name}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  const record = Buffer.from(`${length} path=${name}\n`);
  return Buffer.concat([header('pax', 'x', record.length), filled(record)]);
};

const headOf = ({ name, type = 'file', linkname, headerSize, mode }: ArchiveEntry, size: number): Buffer => {
  const kind = KINDS[type] ?? '7';
  const head = header(name, kind, headerSize ?? size, linkname, mode);
  // A header ends a name at its first NUL; a note does not.
  return Buffer.byteLength(name) > 100 || name.includes('\0') ? Buffer.concat([longName(name), head]) : head;
};

const CHUNK = 16 * 1024 * 1024;

/**
 * Entries up to the large one, the large one, and what follows it: a large content is compressed once and repeated, as
 * it would be anyway.
 */
class Gzip {
  readonly #pieces: Buffer[] = [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])];
  #crc = 0;
  #length = 0n;

  add(bytes: Buffer, times = 1): void {
    const packed = deflateRawSync(bytes, { finishFlush: constants.Z_FULL_FLUSH });
    for (let i = 0; i < times; i++) {
      this.#pieces.push(packed);
      this.#crc = crc32(bytes, this.#crc);
      this.#length += BigInt(bytes.length);
    }
  }

  end(): Buffer {
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(this.#crc, 0);
    tail.writeUInt32LE(Number(this.#length & 0xffffffffn), 4);
    return Buffer.concat([...this.#pieces, deflateRawSync(Buffer.alloc(0)), tail]);
  }
}

const contentOf = ({ data = '' }: ArchiveEntry): Buffer => Buffer.from(data);

const addLarge = (gzip: Gzip, entry: ArchiveEntry, size: number): void => {
  const unit = Buffer.from(entry.repeat || '\0');
  const chunk = Buffer.alloc(CHUNK - (CHUNK % unit.length), unit);
  gzip.add(headOf(entry, size));
  gzip.add(chunk, Math.floor(size / chunk.length));
  const rest = size % chunk.length;
  gzip.add(filled(Buffer.concat([chunk.subarray(0, rest), Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK)])));
};

/** The bytes of a .tgz of these entries, in order. */
export const archiveOf = (entries: readonly ArchiveEntry[]): Buffer => {
  const gzip = new Gzip();
  let small: Buffer[] = [];
  for (const entry of entries) {
    if (entry.repeat === undefined) {
      const content = contentOf(entry);
      small.push(headOf(entry, content.length), filled(content));
      continue;
    }
    gzip.add(Buffer.concat(small));
    small = [];
    addLarge(gzip, entry, entry.size ?? entry.repeat.length);
  }
  gzip.add(Buffer.concat([...small, Buffer.alloc(2 * BLOCK)]));
  return gzip.end();
};

/** An archive in an archive, `depth` times. */
export const nested = (entries: readonly ArchiveEntry[], depth: number): Buffer => {
  let bytes = archiveOf(entries);
  for (let i = 0; i < depth; i++) {
    const content = filled(bytes);
    const tar = Buffer.concat([
      ...entries.flatMap((entry) => [headOf(entry, contentOf(entry).length), filled(contentOf(entry))]),
      header('inner.tgz', '0', bytes.length),
      content,
      Buffer.alloc(2 * BLOCK),
    ]);
    bytes = gzipSync(tar);
  }
  return bytes;
};
