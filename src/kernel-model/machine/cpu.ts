// The processor: it executes one thread's program until something calls the kernel.
//
// A program is an object that runs until it traps: a generator (program.ts), a replay of a trace, or one day an
// interpreter of instructions; the kernel cannot tell the difference. Between any two operations it must look at
// `cpu.over`, and stop with 'interrupt' when that is true. After a page fault it is run again and must repeat the
// access.

import { CPU_MHZ, CYCLES, PAGE_BYTES } from '../limits.ts';
import type { EventQueue } from './events.ts';
import type { PhysicalMemory } from './memory.ts';
import type { Mmu } from './mmu.ts';

/** Why a program stopped. */
export type Trap = 'interrupt' | 'page-fault' | 'system-call' | 'exit';

export interface Program {
  run(cpu: Cpu): Trap;
}

/** A system call of a thread: a name of the system call table, and plain arguments. */
export interface SystemCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

const US_PER_CYCLE = 1 / CPU_MHZ;
const OFFSET_BITS = 12;

export class Cpu {
  readonly events: EventQueue;
  readonly mmu: Mmu;
  readonly memory: PhysicalMemory;
  /** When the program has to stop: the next event, or the end of its slice. */
  until_us = 0;
  /** The page and the kind of access of the last page fault. */
  faultPage = 0;
  faultWrite = false;
  /** The system call that the program makes, and the answer of the last one. */
  call: SystemCall | null = null;
  result: unknown = null;
  /** References to memory so far, and those that faulted. */
  references = 0;

  constructor(events: EventQueue, mmu: Mmu, memory: PhysicalMemory) {
    this.events = events;
    this.mmu = mmu;
    this.memory = memory;
  }

  /** Whether the program has to stop. */
  get over(): boolean {
    return this.events.now_us >= this.until_us;
  }

  charge(cycles: number): void {
    this.events.now_us += cycles * US_PER_CYCLE;
  }

  /**
   * Executes up to `cycles` of pure computing; gives how many are left when it has to stop. A number that is not
   * positive takes no time.
   */
  compute(cycles: number): number {
    if (!(cycles > 0)) return 0;
    const room = Math.max(1, Math.ceil((this.until_us - this.events.now_us) * CPU_MHZ));
    const done = Math.min(cycles, room);
    this.charge(done);
    return cycles - done;
  }

  /** Loads from or stores to a page, an unsigned number; false: a page fault, and the program traps. */
  touch(page: number, write: boolean): boolean {
    this.events.now_us += CYCLES.load * US_PER_CYCLE;
    if (this.#translate(page >>> 0, write) < 0) return false;
    this.references++;
    return true;
  }

  /** The byte at an address, or -1: a page fault. */
  load(address: number): number {
    const frame = this.touch(address >>> OFFSET_BITS, false) ? this.#frame : -1;
    return frame < 0 ? -1 : (this.memory.bytes[frame * PAGE_BYTES + (address & (PAGE_BYTES - 1))] as number);
  }

  /** Stores a byte; false: a page fault. */
  store(address: number, byte: number): boolean {
    if (!this.touch(address >>> OFFSET_BITS, true)) return false;
    this.memory.bytes[this.#frame * PAGE_BYTES + (address & (PAGE_BYTES - 1))] = byte;
    return true;
  }

  #frame = -1;

  #translate(page: number, write: boolean): number {
    const misses = this.mmu.tlb_misses;
    const frame = this.mmu.access(page, write);
    if (this.mmu.tlb_misses !== misses) this.charge(CYCLES.tlb_miss);
    this.#frame = frame;
    if (frame < 0) {
      this.faultPage = page;
      this.faultWrite = write;
    }
    return frame;
  }
}
