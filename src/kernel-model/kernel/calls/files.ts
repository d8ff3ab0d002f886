// System calls on files and streams.

import type { OpenFile } from '../../fs/index.ts';
import { BLOCK_BYTES, CYCLES } from '../../limits.ts';
import type { Thread } from '../../sched/index.ts';
import type { Stream } from '../../stream/index.ts';
import type { KernelSteps } from '../../wait.ts';
import type { Kernel } from '../kernel.ts';
import { bytes, type CallTable, missing, number, text } from './arguments.ts';

const TRANSFER_MAX = 2 ** 20;

const fileOf = (kernel: Kernel, thread: Thread, id: unknown): OpenFile =>
  kernel.file(number(id), thread.owner) ?? missing('open file');
const streamOf = (kernel: Kernel, thread: Thread, id: unknown): Stream =>
  kernel.stream(number(id), thread.owner) ?? missing('stream');
const lengthOf = (value: unknown): number => Math.min(number(value), TRANSFER_MAX);

/** Reads, and asks compute-ra after the last block. */
function* read(kernel: Kernel, file: OpenFile, offset: number, length: number): KernelSteps<Uint8Array> {
  const into = new Uint8Array(Math.max(0, Math.min(length, file.inode.size - offset)));
  const got = yield* kernel.fs.read(file.inode, offset, into);
  kernel.cpu.charge(got * CYCLES.copy_byte);
  if (got > 0) {
    const { count, extents } = kernel.policies.readAhead(file, Math.floor((offset + got - 1) / BLOCK_BYTES));
    file.fetch(kernel.fs, count, extents);
  }
  return into;
}

export const FILE_CALLS: CallTable = {
  atOnce: {
    close(kernel, thread, [id]) {
      kernel.closeFile(thread, fileOf(kernel, thread, id));
      return null;
    },
    stream: (kernel, thread, [id]) => kernel.openStream(fileOf(kernel, thread, id)).id,
  },
  waiting: {
    *create(kernel, _thread, [path, size]) {
      yield* kernel.fs.create(text(path), 'file', number(size ?? 0));
      return null;
    },
    *mkdir(kernel, _thread, [path]) {
      yield* kernel.fs.create(text(path), 'directory');
      return null;
    },
    *list(kernel, _thread, [path]) {
      const entries = yield* kernel.fs.list(yield* kernel.fs.lookup(text(path)));
      return entries.map(({ name }) => name);
    },
    *open(kernel, thread, [path]) {
      return kernel.openFile(thread, yield* kernel.fs.lookup(text(path))).id;
    },
    *read(kernel, thread, [id, offset, length]) {
      return yield* read(kernel, fileOf(kernel, thread, id), number(offset), lengthOf(length));
    },
    *write(kernel, thread, [id, offset, what]) {
      const data = bytes(what);
      kernel.cpu.charge(data.length * CYCLES.copy_byte);
      return yield* kernel.fs.write(fileOf(kernel, thread, id).inode, number(offset), data);
    },
    *sync(kernel) {
      yield* kernel.fs.sync();
      return null;
    },
    /** Writes through a stream, at its position. */
    *put(kernel, thread, [id, what]) {
      return yield* streamOf(kernel, thread, id).write(kernel.fs, kernel.cpu, bytes(what), kernel.policies.transform);
    },
    /** Reads through a stream, at its position. */
    *get(kernel, thread, [id, length]) {
      return yield* streamOf(kernel, thread, id).read(
        kernel.fs,
        kernel.cpu,
        lengthOf(length),
        kernel.policies.transform,
      );
    },
  },
};
