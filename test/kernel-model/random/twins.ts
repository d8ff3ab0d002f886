// Broken twins: one mechanism of the kernel, or of what it stands on, deliberately wrong. Random kernels must find each
// of them.

import { BufferCache } from '../../../src/kernel-model/fs/index.ts';
import { DiskBlocks } from '../../../src/kernel-model/kernel/disk-blocks.ts';
import { PRIORITIES } from '../../../src/kernel-model/limits.ts';
import { EventQueue, entryOf, frameOf, PageTable, PRESENT } from '../../../src/kernel-model/machine/index.ts';
import { Dispatcher, ProcessList } from '../../../src/kernel-model/sched/index.ts';
import { RunQueue } from '../../../src/kernel-model/sched/run-queue.ts';
import { Frames } from '../../../src/kernel-model/vm/frames.ts';
import { VirtualMemory } from '../../../src/kernel-model/vm/index.ts';
import { Account, Entry, Ticket, UndoLog } from '../../../src/txn/index.ts';
import { Tree } from '../../../src/txn/tree.ts';
import { replace } from '../../support/twins/patch.ts';

export interface KernelTwin {
  readonly breaks: string;
  /** What the checks say of it. */
  readonly found: RegExp;
  install(): () => void;
}

const every = (count: number): (() => boolean) => {
  let calls = 0;
  return () => ++calls % count === 0;
};

export const kernelTwins: readonly KernelTwin[] = [
  {
    breaks: 'an abort undoes nothing',
    found: /priority|wired|replay/,
    install: () => replace(UndoLog.prototype, 'unwind', () => () => ({ records: 0, first: [] })),
  },
  {
    breaks: 'two frames change their pages',
    found: /lies elsewhere|maps another's|byte/,
    install: () =>
      replace(
        PageTable.prototype,
        'set',
        (set) =>
          function (page, entry) {
            const isSwapped = (entry & PRESENT) !== 0 && frameOf(entry) < 2;
            set.call(this, page, isSwapped ? entryOf(1 - frameOf(entry), entry & 31) : entry);
          },
      ),
  },
  {
    breaks: 'a frame is lost',
    found: /frames: /,
    install: () => {
      const isTurn = every(20);
      return replace(
        Frames.prototype,
        'give',
        (give) =>
          function (frame) {
            if (!isTurn()) give.call(this, frame);
          },
      );
    },
  },
  {
    breaks: 'a frame goes twice',
    found: /frames: |lies elsewhere/,
    install: () => {
      const isTurn = every(20);
      return replace(
        Frames.prototype,
        'give',
        (give) =>
          function (frame) {
            give.call(this, frame);
            if (isTurn()) give.call(this, frame);
          },
      );
    },
  },
  {
    breaks: 'wired pages are taken',
    found: /wired/,
    install: () =>
      replace(
        Frames.prototype,
        'isEvictable',
        () =>
          function (frame) {
            return this.owner[frame] !== null;
          },
      ),
  },
  {
    breaks: 'a lock is kept at the end of a transaction',
    found: /lock /,
    install: () => {
      const isTurn = every(10);
      return replace(
        Tree.prototype,
        'releaseTo',
        (releaseTo) =>
          function (mark, committed) {
            if (isTurn()) this.holds.length = mark;
            else releaseTo.call(this, mark, committed);
          },
      );
    },
  },
  {
    breaks: 'who waited for a lock is not woken',
    found: /for ever/,
    install: () =>
      replace(
        Ticket.prototype,
        'settleGranted',
        (settleGranted) =>
          function () {
            this.onSettled = null;
            settleGranted.call(this);
          },
      ),
  },
  {
    breaks: 'interim values are seen outside',
    found: /replay/,
    install: () =>
      replace(
        Entry.prototype,
        'before',
        () =>
          function () {
            return this.value;
          },
      ),
  },
  {
    breaks: 'what is given back is not',
    found: /hold|units/,
    install: () => replace(Account.prototype, 'giveBack', () => () => null),
  },
  {
    breaks: 'a page comes back from swap with a wrong byte',
    found: /byte/,
    install: () =>
      replace(
        DiskBlocks.prototype,
        'write',
        (write) =>
          function (block, bytes, done) {
            write.call(this, block, block >= this.files ? bytes.map((byte) => byte ^ 1) : bytes, done);
          },
      ),
  },
  {
    breaks: 'a buffer that was written to is not kept',
    found: /wrong|not what was written|files|made|opened|threw/,
    install: () => replace(BufferCache.prototype, 'flush', () => function* () {}),
  },
  {
    breaks: 'all queue up behind each other, however urgent',
    found: /more urgent/,
    install: () =>
      replace(
        RunQueue.prototype,
        'add',
        (add) =>
          function (thread) {
            const { priority } = thread;
            thread.priority = PRIORITIES - 1;
            add.call(this, thread);
            thread.priority = priority;
          },
      ),
  },
  {
    breaks: 'threads that have ended stay in the process list',
    found: /listed/,
    install: () => replace(ProcessList.prototype, 'remove', () => () => {}),
  },
  {
    breaks: 'who comes back up is still buried',
    found: /buried|for ever|nothing runs|threw/,
    install: () =>
      replace(
        Dispatcher.prototype,
        'tick',
        (tick) =>
          function (tree) {
            tick.call(this, tree);
            if (this.current !== null) this.current.buried = 7;
          },
      ),
  },
  {
    breaks: 'a victim is not looked at again after a graft was asked',
    found: /frames: |lies elsewhere|threw|wired|byte/,
    install: () => replace(VirtualMemory.prototype, 'mayGo', () => () => true),
  },
  {
    breaks: 'time is not the same twice',
    found: /two runs/,
    install: () => {
      let jitter_us = 0;
      return replace(
        EventQueue.prototype,
        'at',
        (at) =>
          function (time_us, run) {
            jitter_us += 0.001;
            return at.call(this, time_us + jitter_us, run);
          },
      );
    },
  },
];
