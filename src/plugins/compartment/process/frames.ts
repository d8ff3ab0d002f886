// Frames on a byte stream, for both ends (protocol.ts says what they hold).
//
// Reading: copy bytes into `space()`, tell `filled(n)`, or `push(chunk)`; then `next()` while it answers true, and look
// at `type`, `call`, and the payload's bytes from `from` to `to`. They are views into one buffer, valid until more
// bytes come in. Writing: `begin(type, call)`, fields, `end()`; as often as wanted; then send `bytes()` and `clear()`.
// One buffer again, reused.

import { FRAME_HEADER_BYTES } from '../../protocol.ts';

/** A buffer that a large frame made grow beyond this is given back when it is empty. */
const KEEP_BYTES = 256 * 1024;
const FIRST_BYTES = 64 * 1024;
/** Type and call count into a frame's length, the length itself does not. */
const LENGTH_BYTES = 4;
const COUNTED_HEADER_BYTES = FRAME_HEADER_BYTES - LENGTH_BYTES;

/** Cuts a stream of bytes into frames of at most `bytesMax` bytes after the length. */
export class FrameReader {
  type = 0;
  call = 0;
  /** The payload of the current frame is `buffer` from `from` to `to`. */
  from = 0;
  to = 0;
  buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** A length was out of bounds. Nothing that follows can be read. */
  broken = false;
  readonly #bytesMax: number;
  #start = 0;
  #end = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Where the next bytes go: `buffer` from the offset returned, with at least `room` bytes free. */
  space(room = 4096): number {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      if (this.buffer.length > KEEP_BYTES && room <= FIRST_BYTES) this.buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
    }
    if (this.buffer.length - this.#end < room) this.#makeRoom(room);
    return this.#end;
  }

  #makeRoom(room: number): void {
    const held = this.#end - this.#start;
    const size = this.buffer.length;
    const target = held + room <= size ? this.buffer : Buffer.allocUnsafeSlow(Math.max(size * 2, held + room));
    this.buffer.copy(target, 0, this.#start, this.#end);
    this.buffer = target;
    this.#start = 0;
    this.#end = held;
  }

  /** `bytes` more were put at `space()`. */
  filled(bytes: number): void {
    this.#end += bytes;
  }

  /** Takes a chunk in. */
  push(chunk: Uint8Array): void {
    const at = this.space(chunk.length);
    this.buffer.set(chunk, at);
    this.#end += chunk.length;
  }

  /** Goes to the next whole frame; false where there is none yet, or where the stream is broken. */
  next(): boolean {
    const { buffer } = this;
    const available = this.#end - this.#start;
    if (this.broken || available < LENGTH_BYTES) return false;
    const length = buffer.readUInt32LE(this.#start);
    if (length < COUNTED_HEADER_BYTES || length > this.#bytesMax) {
      this.broken = true;
      return false;
    }
    if (available < LENGTH_BYTES + length) {
      this.space(LENGTH_BYTES + length - available);
      return false;
    }
    const at = this.#start + LENGTH_BYTES;
    this.type = buffer[at] as number;
    this.call = buffer.readUInt32LE(at + 1);
    this.from = at + COUNTED_HEADER_BYTES;
    this.to = at + length;
    this.#start = this.to;
    return true;
  }

  /** How many bytes the payload of the current frame has. */
  get size(): number {
    return this.to - this.from;
  }

  /** The payload from its byte `skip` on, as text. */
  text(skip = 0): string {
    return this.buffer.toString('utf8', this.from + skip, this.to);
  }
}

/** Puts frames into one growing buffer. */
export class FrameWriter {
  #buffer: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #frame = 0;
  #end = 0;

  #reserve(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed));
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }

  begin(type: number, call: number): this {
    this.#reserve(FRAME_HEADER_BYTES + 16);
    this.#frame = this.#end;
    this.#buffer[this.#frame + LENGTH_BYTES] = type;
    this.#buffer.writeUInt32LE(call, this.#frame + LENGTH_BYTES + 1);
    this.#end = this.#frame + FRAME_HEADER_BYTES;
    return this;
  }

  u8(value: number): this {
    this.#buffer[this.#end++] = value;
    return this;
  }

  u16(value: number): this {
    this.#end = this.#buffer.writeUInt16LE(value, this.#end);
    return this;
  }

  u32(value: number): this {
    this.#end = this.#buffer.writeUInt32LE(value, this.#end);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
    return this;
  }

  /** `value` in UTF-8; it is the last field of a frame. */
  text(value: string): this {
    this.#reserve(value.length * 3);
    this.#end += this.#buffer.write(value, this.#end, 'utf8');
    return this;
  }

  /** Ends the frame; the answer is how many bytes it counts after its length. */
  end(): number {
    const length = this.#end - this.#frame - LENGTH_BYTES;
    this.#buffer.writeUInt32LE(length, this.#frame);
    return length;
  }

  /** Takes the last frame back. */
  drop(): void {
    this.#end = this.#frame;
  }

  /** All frames since `clear`. A view, valid until the next `begin` or `clear`. */
  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#end);
  }

  clear(): void {
    this.#frame = this.#end = 0;
    if (this.#buffer.length > KEEP_BYTES) this.#buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  }
}
