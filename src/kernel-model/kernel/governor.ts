// What the kernel does when a thread traps: page faults, system calls, the end; and what waits for attention between two traps.

import { CYCLES } from '../limits.ts';
import type { Trap } from '../machine/index.ts';
import type { Governor as Governs, Thread } from '../sched/index.ts';
import type { Kernel } from './kernel.ts';
import { systemCall } from './system-calls.ts';

export class Governor implements Governs {
  /** Columns of an eviction policy are nearly full. */
  attention = false;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  delegate(thread: Thread): Thread {
    return this.#kernel.policies.delegate(thread);
  }

  enter(thread: Thread): void {
    const { mmu, memory } = this.#kernel;
    if (thread.space !== null) mmu.switchTo(thread.space.table, thread.space.watch ?? memory.watch);
  }

  trap(thread: Thread, trap: Trap): void {
    const kernel = this.#kernel;
    if (trap === 'interrupt') return;
    if (trap === 'exit') return this.exit(thread);
    kernel.cpu.charge(CYCLES.trap);
    if (trap === 'page-fault') return this.#fault(thread);
    const call = kernel.cpu.call;
    kernel.trace.note('call', thread.id, call?.args.length ?? 0, kernel.events.now_us);
    thread.work = systemCall(kernel, thread, call?.name ?? '', call?.args ?? []);
  }

  #fault(thread: Thread): void {
    const kernel = this.#kernel;
    const { faultPage: page, faultWrite: write } = kernel.cpu;
    if (thread.faultPage !== page) {
      thread.faultPage = page;
      thread.faults++;
      if (thread.space !== null) thread.space.faults++;
      kernel.trace.note('fault', thread.id, page, kernel.events.now_us);
    }
    const wait = thread.space === null ? 'violation' : kernel.memory.fault(thread.space, page, write);
    if (wait === 'violation') return this.exit(thread);
    if (wait === null) thread.faultPage = -1;
    else kernel.dispatcher.block(thread, wait);
    // The fault may have asked a graft that is gone now, and with it the wish to see references.
    this.enter(thread);
  }

  /** The kernel itself is wrong: nothing that a program or a graft does may come here. */
  failed(_thread: Thread, error: unknown): void {
    throw error;
  }

  serve(): void {
    if (!this.attention) return;
    this.attention = false;
    const { memory, policies, spaces } = this.#kernel;
    memory.drain();
    if (memory.watch?.isFull === true) policies.victim(-1, -1);
    for (const space of spaces.values()) if (space.watch?.isFull === true) policies.evict(space, -1, -1);
  }

  /** Ends a thread: its transaction is undone, its memory and files go back, and who listens is told. */
  exit(thread: Thread): void {
    const kernel = this.#kernel;
    kernel.trace.note('exit', thread.id, thread.faults, kernel.events.now_us);
    thread.txn?.abort();
    thread.txn = null;
    kernel.dispatcher.remove(thread);
    kernel.bury(thread);
    kernel.policies.ended(thread);
  }
}
