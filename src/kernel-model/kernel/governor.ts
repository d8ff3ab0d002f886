// The governor: what the kernel does when a thread traps (page faults, system calls, its end), and between two traps.

import { CYCLES } from '../limits.ts';
import type { Trap } from '../machine/index.ts';
import type { KernelDuties, Thread } from '../sched/index.ts';
import type { Kernel } from './kernel.ts';
import { systemCall } from './system-calls.ts';

export class Governor implements KernelDuties {
  /** Columns of an eviction policy are nearly full. */
  attention = false;
  /** The machine's count of references when the current thread last began to run its program. */
  #references = 0;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  delegate(thread: Thread): Thread {
    return this.#kernel.policies.delegate(thread);
  }

  enter(thread: Thread): void {
    const { cpu, mmu, memory } = this.#kernel;
    this.#references = cpu.references;
    if (thread.space === null) mmu.leave();
    else mmu.switchTo(thread.space.table, thread.space.watch ?? memory.watch);
  }

  trap(thread: Thread, trap: Trap): void {
    const kernel = this.#kernel;
    if (thread.faultPage >= 0) this.#hasRun(thread);
    if (trap === 'interrupt') return;
    if (trap === 'exit') return this.exit(thread);
    kernel.cpu.charge(CYCLES.trap);
    if (trap === 'page-fault') return this.#fault(thread);
    const call = kernel.cpu.call;
    kernel.trace.note('call', thread.id, call?.args.length ?? 0, kernel.events.now_us);
    thread.work = systemCall(kernel, thread, call?.name ?? '', call?.args ?? []);
  }

  /** The thread has run since its page fault. If it made no reference, it faults again, and that is the same fault. */
  #hasRun(thread: Thread): void {
    if (thread.space !== null) this.#kernel.memory.used(thread.space, thread.faultPage);
    if (this.#kernel.cpu.references !== this.#references) thread.faultPage = -1;
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
    if (wait !== null) kernel.dispatcher.block(thread, wait);
    // The fault may have ended the graft that wanted to see references.
    this.enter(thread);
  }

  /** The kernel itself is wrong: no fault of a program or a graft may come here. */
  failed(_thread: Thread, error: unknown): void {
    throw error;
  }

  serve(): void {
    if (!this.attention) return;
    this.attention = false;
    const { dispatcher, memory, policies, spaces } = this.#kernel;
    memory.drain();
    if (memory.watch?.isFull === true) policies.victim(-1, -1);
    for (const space of spaces.values()) if (space.watch?.isFull === true) policies.evict(space, -1, -1);
    // A policy that wanted to see references may be gone.
    if (dispatcher.current !== null) this.enter(dispatcher.current);
  }

  /**
   * Ends a thread: its transaction is undone, its memory and files are released, and the point of thread ends is told.
   */
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
