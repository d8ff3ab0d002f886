// Blob, without streams, which there are none of.

import type { World } from './world.ts';

declare const web: World;

interface BlobOptions {
  readonly type?: unknown;
  readonly endings?: unknown;
}

const partOf = (part: unknown, native: boolean): Uint8Array => {
  if (part instanceof Blob) return bytesOf(part);
  if (part instanceof ArrayBuffer) return new Uint8Array(part);
  if (ArrayBuffer.isView(part)) return new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  const text = `${part}`;
  return new web.TextEncoder().encode(native ? text.replace(/\r\n?/g, '\n') : text);
};

const joined = (parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => {
  const made = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
};

/** A type with units beyond printable ASCII is none. */
const typeOf = (type: unknown): string => (/^[ -~]*$/.test(`${type}`) ? `${type}`.toLowerCase() : '');

/** An index of `slice`: from the end where it is negative. */
const clamped = (index: unknown, size: number, absent: number): number => {
  if (index === undefined) return absent;
  const at = Math.trunc(Number(index)) || 0;
  return at < 0 ? Math.max(size + at, 0) : Math.min(at, size);
};

let bytesOf: (blob: Blob) => Uint8Array<ArrayBuffer>;

export class Blob {
  static {
    bytesOf = (blob) => blob.#bytes;
  }

  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #type: string;

  constructor(parts: Iterable<unknown> = [], options: BlobOptions | null = {}) {
    if (typeof parts !== 'object' || parts === null) throw new TypeError('Blob: the parts are no list');
    const { type = '', endings = 'transparent' } = options ?? {};
    if (endings !== 'transparent' && endings !== 'native') throw new TypeError('Blob: unknown endings');
    this.#bytes = joined([...parts].map((part) => partOf(part, endings === 'native')));
    this.#type = typeOf(type);
  }

  get size(): number {
    return this.#bytes.length;
  }

  get type(): string {
    return this.#type;
  }

  slice(start?: unknown, end?: unknown, type: unknown = ''): Blob {
    const from = clamped(start, this.size, 0);
    const to = clamped(end, this.size, this.size);
    return new Blob([this.#bytes.subarray(from, Math.max(from, to))], { type });
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer;
  }

  async bytes(): Promise<Uint8Array> {
    return this.#bytes.slice();
  }

  async text(): Promise<string> {
    return new web.TextDecoder().decode(this.#bytes);
  }

  get [Symbol.toStringTag](): string {
    return 'Blob';
  }
}
