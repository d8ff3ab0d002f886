// A block device in memory over an event queue, and a driver of kernel code on nobody's behalf.

import type { BlockDevice } from '../../../src/kernel-model/fs/index.ts';
import { BLOCK_BYTES } from '../../../src/kernel-model/limits.ts';
import { EventQueue } from '../../../src/kernel-model/machine/index.ts';
import type { KernelSteps } from '../../../src/kernel-model/wait.ts';

export class Blocks implements BlockDevice {
  readonly events = new EventQueue();
  readonly blocks: Map<number, Uint8Array>;
  reads = 0;
  writes = 0;

  constructor(blocks = new Map<number, Uint8Array>()) {
    this.blocks = blocks;
  }

  read(block: number, bytes: Uint8Array, done: () => void): void {
    this.reads++;
    this.events.at(this.events.now_us + 10, () => {
      bytes.set(this.blocks.get(block) ?? new Uint8Array(BLOCK_BYTES));
      done();
    });
  }

  write(block: number, bytes: Uint8Array, done: () => void): void {
    this.writes++;
    const kept = bytes.slice();
    this.events.at(this.events.now_us + 10, () => {
      this.blocks.set(block, kept);
      done();
    });
  }

  /** Carries kernel code out. */
  finish<Value>(steps: KernelSteps<Value>): Value {
    const [value] = this.together([steps]);
    return value as Value;
  }

  /**
   * Carries several stretches of kernel code out, each a step further in turn. Gives their values, or what they threw.
   */
  together(all: readonly KernelSteps<unknown>[]): unknown[] {
    const values = new Array<unknown>(all.length);
    const waits = all.map(() => ({ settled: true }) as { readonly settled: boolean });
    const left = new Set(all.keys());
    while (left.size > 0) {
      const ready = [...left].filter((at) => waits[at]?.settled === true);
      if (ready.length === 0 && !this.events.idle()) throw new Error('waits for what cannot happen');
      for (const at of ready) {
        try {
          const step = (all[at] as KernelSteps<unknown>).next();
          if (step.done !== true) {
            waits[at] = step.value;
            continue;
          }
          values[at] = step.value;
        } catch (error) {
          values[at] = error;
        }
        left.delete(at);
      }
    }
    return values;
  }
}
