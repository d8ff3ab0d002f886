// A stream between a program and a file. Bytes pass the stream's transform method, 8 KB at a time, on their way to the
// file and back. The default copies. (VINO's encryption example.)

import type { GraftPoint } from '../../plugins/index.ts';
import type { FileSystem, OpenFile } from '../fs/index.ts';
import { STREAM_COLUMNS } from '../grafts/encryption/index.ts';
import { CYCLES, STREAM_BUFFER_BYTES } from '../limits.ts';
import type { Cpu } from '../machine/index.ts';
import { Completion, type KernelSteps } from '../wait.ts';

/** Calls a stream's transform method for `length` bytes of `buffer`, in place. */
export type Transform = (stream: Stream, length: number) => void;

export class Stream {
  readonly id: number;
  readonly file: OpenFile;
  readonly buffer = new Uint8Array(STREAM_BUFFER_BYTES);
  /** Key and parameters of a cipher (grafts/encryption/stream.ts), as the owner set them. */
  readonly key = new Uint8Array(STREAM_COLUMNS.key.length);
  readonly parameters = new Int32Array(STREAM_COLUMNS.parameters.length);
  /** The place of the buffer in the stream, in bytes. */
  position = 0;
  point: GraftPoint<number, number> | null = null;
  /** Set while a thread writes or reads: buffer and position are one for all. */
  #busy: Completion | null = null;

  constructor(id: number, file: OpenFile) {
    this.id = id;
    this.file = file;
  }

  /** Runs one operation at a time. */
  *#alone<Value>(steps: KernelSteps<Value>): KernelSteps<Value> {
    while (this.#busy !== null) yield this.#busy;
    const busy = new Completion();
    this.#busy = busy;
    try {
      return yield* steps;
    } finally {
      this.#busy = null;
      busy.settle();
    }
  }

  /** Writes through the stream at its position. */
  write(fs: FileSystem, cpu: Cpu, bytes: Uint8Array, transform: Transform): KernelSteps<number> {
    return this.#alone(this.#write(fs, cpu, bytes, transform));
  }

  *#write(fs: FileSystem, cpu: Cpu, bytes: Uint8Array, transform: Transform): KernelSteps<number> {
    for (let at = 0; at < bytes.length; ) {
      const length = Math.min(STREAM_BUFFER_BYTES, bytes.length - at);
      this.buffer.set(bytes.subarray(at, at + length));
      cpu.charge(length * CYCLES.copy_byte);
      transform(this, length);
      const out = this.buffer.slice(0, length);
      yield* fs.write(this.file.inode, this.position, out);
      this.position += length;
      at += length;
    }
    return bytes.length;
  }

  /** Reads through the stream at its position; fewer bytes at the end of the file. */
  read(fs: FileSystem, cpu: Cpu, length: number, transform: Transform): KernelSteps<Uint8Array> {
    return this.#alone(this.#read(fs, cpu, length, transform));
  }

  *#read(fs: FileSystem, cpu: Cpu, length: number, transform: Transform): KernelSteps<Uint8Array> {
    const into = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const piece = new Uint8Array(Math.min(STREAM_BUFFER_BYTES, length - done));
      const got = yield* fs.read(this.file.inode, this.position, piece);
      if (got === 0) break;
      this.buffer.set(piece.subarray(0, got));
      transform(this, got);
      into.set(this.buffer.subarray(0, got), done);
      cpu.charge(got * CYCLES.copy_byte);
      this.position += got;
      done += got;
    }
    return into.subarray(0, done);
  }
}
