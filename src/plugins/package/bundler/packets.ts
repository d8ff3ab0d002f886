// Packets of esbuild's service (`esbuild --service`), as bytes. esbuild's own library speaks the same to it, but over
// streams and with an event loop; here both ends block.
//
// A packet: length u32 (of what follows) · id u32, doubled, and odd in an answer · a value: null 0 · boolean 1, u8 ·
// number 2, u32 · text 3, length u32, UTF-8 · bytes 4, length u32 · list 5, count u32, values · object 6, count u32,
// pairs of key and value. Little-endian. Source: esbuild 0.28.2, cmd/esbuild/stdio_protocol.go.

export type Value =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | { readonly [key: string]: Value };

export interface Packet {
  readonly id: number;
  readonly isRequest: boolean;
  readonly value: Value;
}

const LENGTH_BYTES = 4;
const FIRST_BYTES = 64 * 1024;

/** Writes packets, one after the other, into one growing buffer. */
export class PacketWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #end = 0;

  /** The bytes of a packet: a view, valid until the next one. */
  packet({ id, isRequest, value }: Packet): Buffer {
    this.#end = 0;
    this.#u32(0);
    this.#u32(id * 2 + (isRequest ? 0 : 1));
    this.#value(value);
    this.#buffer.writeUInt32LE(this.#end - LENGTH_BYTES, 0);
    return this.#buffer.subarray(0, this.#end);
  }

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }

  #u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#end++] = value;
  }

  #u32(value: number): void {
    this.#reserve(LENGTH_BYTES);
    this.#end = this.#buffer.writeUInt32LE(value >>> 0, this.#end);
  }

  #bytes(value: Uint8Array): void {
    this.#u32(value.length);
    this.#reserve(value.length);
    this.#buffer.set(value, this.#end);
    this.#end += value.length;
  }

  #text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#u32(length);
    this.#reserve(length);
    this.#end += this.#buffer.write(value, this.#end, 'utf8');
  }

  #value(value: Value): void {
    if (value === null) this.#u8(0);
    else if (typeof value === 'boolean') this.#fixed(1, value ? 1 : 0);
    else if (typeof value === 'number') this.#sized(2, value);
    else if (typeof value === 'string') {
      this.#u8(3);
      this.#text(value);
    } else if (value instanceof Uint8Array) {
      this.#u8(4);
      this.#bytes(value);
    } else if (Array.isArray(value)) {
      this.#sized(5, value.length);
      for (const item of value) this.#value(item);
    } else this.#object(value as Record<string, Value>);
  }

  #fixed(kind: number, value: number): void {
    this.#u8(kind);
    this.#u8(value);
  }

  #sized(kind: number, value: number): void {
    this.#u8(kind);
    this.#u32(value);
  }

  #object(value: Readonly<Record<string, Value>>): void {
    const pairs = Object.entries(value);
    this.#sized(6, pairs.length);
    for (const [key, item] of pairs) {
      this.#text(key);
      this.#value(item);
    }
  }
}

/** Reads the packet in `bytes`, which is what follows its length. Throws a RangeError where that is none. */
export function readPacket(bytes: Buffer): Packet {
  const reader = new PacketReader(bytes);
  const id = reader.u32();
  return { id: Math.floor(id / 2), isRequest: id % 2 === 0, value: reader.value() };
}

class PacketReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u32(): number {
    this.#at += LENGTH_BYTES;
    return this.#bytes.readUInt32LE(this.#at - LENGTH_BYTES);
  }

  #u8(): number {
    return this.#bytes.readUInt8(this.#at++);
  }

  /** A view of so many bytes as the next number says. */
  #sized(): Buffer {
    const length = this.u32();
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new RangeError('a packet is cut off');
    return this.#bytes.subarray(start, this.#at);
  }

  value(): Value {
    switch (this.#u8()) {
      case 0:
        return null;
      case 1:
        return this.#u8() !== 0;
      case 2:
        return this.u32();
      case 3:
        return this.#sized().toString();
      case 4:
        return Buffer.from(this.#sized());
      case 5:
        return this.#list();
      case 6:
        return this.#object();
      default:
        throw new RangeError('a packet holds a value of no known kind');
    }
  }

  #list(): Value[] {
    const items: Value[] = [];
    for (let left = this.u32(); left > 0; left--) items.push(this.value());
    return items;
  }

  #object(): Record<string, Value> {
    const pairs: Record<string, Value> = Object.create(null);
    for (let left = this.u32(); left > 0; left--) pairs[this.#sized().toString()] = this.value();
    return pairs;
  }
}
