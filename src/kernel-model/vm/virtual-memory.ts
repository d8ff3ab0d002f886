// Virtual memory: page faults, the choice of victims, and the traffic with the disk.
//
// A fault is served step by step, by repeating the access. `fault` either brings the page in at once (null), or starts
// what is missing and gives a wait. After the wait the thread is run again, faults again if something is still missing,
// and the next step is taken.
//
//   fault → a free frame, or evict one → zeros, or a read → the page is entered → the access is repeated
//   evict → global victim (second chance, or the kernel's own policy) → its space's eviction method may give another
//           of its pages → unmap → write
//
// With a free target of 0, each fault that finds no free frame evicts one page. Above 0, the page-out daemon, a thread,
// keeps frames free. A page that has come in stays until a thread that waited for it has run. So each fault takes its
// thread a step further, however few frames there are.
//
// Methods behind graft points may wait, and other threads run meanwhile. So after a method has answered, everything
// that was known before has to be checked again.

import { type Account, Lock, type LockClass } from '../../txn/index.ts';
import type { Evict } from '../grafts/eviction/index.ts';
import { LOCK_TIMEOUT_MS } from '../limits.ts';
import {
  DIRTY,
  entryOf,
  FRESH,
  frameOf,
  type Mmu,
  type PhysicalMemory,
  PRESENT,
  REFERENCED,
  WRITABLE,
} from '../machine/index.ts';
import { Completion, type KernelSteps, type Wait } from '../wait.ts';
import type { AddressSpace, Region } from './address-space.ts';
import { Frames, type WirablePage } from './frames.ts';
import { PageQueue } from './page-queue.ts';
import type { BackingStore } from './store.ts';
import { Transit } from './transit.ts';
import { EvictionWatch, unsharedColumns } from './watch.ts';

const QUEUE_LOCKS: LockClass = { name: 'page queue', timeout_ms: LOCK_TIMEOUT_MS.pageQueue };

/** The state has changed meanwhile: repeat the access at once. */
const AGAIN: Wait = { settled: true, wake: () => {} };

export interface MemoryOptions {
  /** Frames that the daemon keeps free, as far as possible. */
  readonly free_target: number;
  /**
   * The kernel's own policy instead of second chance. It, and a graft in its place, knows pages by
   * `AddressSpace.globalPage`.
   */
  readonly policy: Evict | null;
  /** Null: pages are zeros when they come in, and pages that were stored to must stay. */
  readonly store: BackingStore | null;
  /** Room for events of the kernel's own policy. */
  readonly events: number;
}

/** The policy methods behind graft points. Each gives the victim back if it knows no better. */
export interface EvictionMethods {
  /** The global victim instead of `victim`. */
  victim(victim: number, incoming: number): number;
  /** Another frame of the address space instead of `victim`. */
  evict(space: AddressSpace, victim: number, incoming: number): number;
}

/** Counts of events. */
export interface MemoryCounts {
  daemon_wakeups: number;
  evictions: number;
  page_ins: number;
  page_outs: number;
  /** Victims that an address space exchanged for another of its pages. */
  exchanged: number;
}

export class VirtualMemory {
  readonly frames: Frames;
  readonly queue: PageQueue;
  /** Guards the page queue against grafts that look at it while others change it. */
  readonly lock = new Lock(QUEUE_LOCKS);
  readonly counts: MemoryCounts = { daemon_wakeups: 0, evictions: 0, page_ins: 0, page_outs: 0, exchanged: 0 };
  /**
   * Records all references, for the kernel's own policy or for a graft in its place; null: there is neither. Set by
   * `watchBy`.
   */
  watch: EvictionWatch | null;
  /** The watch of the kernel's own policy. */
  readonly #own: EvictionWatch | null;
  readonly #memory: PhysicalMemory;
  readonly #mmu: Mmu;
  readonly #options: MemoryOptions;
  readonly #methods: EvictionMethods;
  readonly #transit = new Transit();
  /** Pages that have come in and whose threads have not run since, by frame. */
  readonly #arrivals = new Map<number, Completion>();
  /** The daemon waits for the first, threads without a frame for the second. */
  #needed = new Completion();
  #freed = new Completion();
  #incoming = 0;
  /** A thread has asked the daemon for a frame and got none yet. */
  #starved = false;
  /** The daemon could not make room: the next thread that needs a frame ends, so that others get its. */
  #hopeless = false;

  constructor(memory: PhysicalMemory, mmu: Mmu, options: MemoryOptions, methods: EvictionMethods, full: () => void) {
    this.#memory = memory;
    this.#mmu = mmu;
    this.#options = options;
    this.#methods = methods;
    this.frames = new Frames(memory.frames);
    this.queue = new PageQueue(memory.frames);
    this.#own =
      options.policy === null ? null : new EvictionWatch(unsharedColumns(memory.frames, options.events), null, full);
    this.watch = this.#own;
  }

  /**
   * Records references for a graft from now on; null: for the kernel's own policy again, if there is one. The new watch
   * is told of all pages.
   */
  watchBy(watch: EvictionWatch | null): void {
    this.watch = watch ?? this.#own;
    if (this.watch !== null) this.tell(this.watch, null);
  }

  /** Tells a watch of the present pages of a space, or of all spaces, and forgets its earlier events. */
  tell(watch: EvictionWatch, space: AddressSpace | null): void {
    watch.count = 0;
    watch.columns.pages.fill(-1);
    for (const [frame, owner] of this.frames.owner.entries()) {
      if (owner === null || (space !== null && owner !== space)) continue;
      const page = this.frames.page[frame] as number;
      watch.entered(frame, space === null ? owner.globalPage(page) : page);
    }
  }

  /** The number of pages on their way in or out, each with a frame that is neither free nor owned. */
  get in_transit(): number {
    return this.#transit.count;
  }

  /** Takes the next step for an access that faulted. Null: repeat it now; else the wait, or 'violation'. */
  fault(space: AddressSpace, page: number, write: boolean): Wait | 'violation' | null {
    const region = space.region(page);
    if (region === undefined || (write && !region.writable)) return 'violation';
    if (space.isResident(page)) return null;
    const transit = this.#transit.of(space, page);
    if (transit !== undefined) return transit;
    if (this.frames.free > 0) {
      const read = this.#bringIn(space, region, page);
      if (this.frames.free < this.#options.free_target) this.#needed.settle();
      return read;
    }
    const wait = this.#makeRoom(space.globalPage(page));
    return wait === null ? this.fault(space, page, write) : wait;
  }

  #makeRoom(page: number): Wait | 'violation' | null {
    this.#incoming = page;
    if (this.#options.free_target === 0) {
      this.counts.daemon_wakeups++;
      return this.evict(page);
    }
    if (this.#hopeless) {
      this.#hopeless = false;
      return 'violation';
    }
    this.#starved = true;
    this.#needed.settle();
    return this.#freed;
  }

  #bringIn(space: AddressSpace, region: Region, page: number): Wait | null {
    const frame = this.frames.take();
    const { store } = this.#options;
    const slot = space.swapped.get(page);
    const block = slot ?? region.object.block(page - region.first);
    if (store === null || block < 0) {
      this.#memory.clear(frame);
      this.#enter(space, region, page, frame);
      return null;
    }
    this.counts.page_ins++;
    const read = this.#transit.begin(space, page);
    store.read(block, this.#memory.frame(frame), () => {
      this.#transit.end(space, page, read);
      if (space.regions.length > 0) this.#enter(space, region, page, frame);
      else {
        this.frames.give(frame);
        if (slot !== undefined) store.free(slot);
      }
      read.settle();
    });
    return read;
  }

  #enter(space: AddressSpace, region: Region, page: number, frame: number): void {
    space.table.set(page, entryOf(frame, PRESENT | FRESH | (region.writable ? WRITABLE : 0)));
    space.resident++;
    this.frames.owner[frame] = space;
    this.frames.page[frame] = page;
    this.#arrivals.set(frame, new Completion());
    this.watch?.entered(frame, space.globalPage(page));
    space.watch?.entered(frame, page);
  }

  /** A thread that waited for a page has run: it has used the page, or no longer wants it. */
  used(space: AddressSpace, page: number): void {
    if (space.isResident(page)) this.#settle(frameOf(space.table.get(page)));
  }

  #settle(frame: number): void {
    const arrival = this.#arrivals.get(frame);
    this.#arrivals.delete(frame);
    arrival?.settle();
  }

  /** Takes one page out. Null: a frame is free now; else the wait, or 'violation' if every page has to stay. */
  evict(incoming: number): Wait | 'violation' | null {
    const victim = this.#victim(incoming);
    if (victim < 0) return this.#nextChange() ?? 'violation';
    if (!this.mayGo(victim)) return AGAIN;
    const space = this.frames.owner[victim] as AddressSpace;
    const chosen = this.#methods.evict(space, victim, space.localPage(incoming));
    if (!this.mayGo(chosen) || this.frames.owner[chosen] !== space) return AGAIN;
    const arrival = this.#arrivals.get(chosen);
    if (arrival !== undefined) return arrival;
    if (chosen !== victim) {
      this.counts.exchanged++;
      this.queue.exchange(victim, chosen);
    }
    this.counts.evictions++;
    return this.#takeOut(space, chosen);
  }

  /** The wait for a page that is on its way, or has come in unused: after it a frame may be free, or a page may go. */
  #nextChange(): Completion | null {
    const moving = this.#transit.any();
    if (moving !== null) return moving;
    for (const arrival of this.#arrivals.values()) return arrival;
    return null;
  }

  /** The global victim: the kernel's own policy, or second chance. */
  #victim(incoming: number): number {
    const { policy } = this.#options;
    if (policy !== null && this.watch === this.#own) {
      const chosen = this.consult(policy, this.queue.frameAt(this.queue.hand), incoming);
      if (this.mayGo(chosen)) return chosen;
    }
    const victim = this.queue.sweep((frame) => this.mayGo(frame) && !this.#arrivals.has(frame) && !this.#spare(frame));
    return victim < 0 ? victim : this.#methods.victim(victim, incoming);
  }

  /** Lets the kernel's own policy read its events; with a victim of -1 it chooses none. */
  consult(policy: Evict, victim: number, incoming: number): number {
    const watch = this.#own as EvictionWatch;
    watch.show(incoming);
    const chosen = policy(victim, watch.columns);
    watch.forget();
    return chosen;
  }

  /** Reads a full watch out. */
  drain(): void {
    const { policy } = this.#options;
    if (policy !== null && this.#own?.isFull === true && this.watch === this.#own) this.consult(policy, -1, -1);
  }

  /**
   * Whether the page in a frame may be taken out: it is not wired, and if it was stored to there is room in the backing
   * store.
   */
  mayGo(frame: number): boolean {
    if (!this.frames.isEvictable(frame)) return false;
    if ((this.#entry(frame) & DIRTY) === 0) return true;
    const { store } = this.#options;
    const { swapped } = this.frames.owner[frame] as AddressSpace;
    return store !== null && (!store.full || swapped.has(this.frames.page[frame] as number));
  }

  #entry(frame: number): number {
    return (this.frames.owner[frame] as AddressSpace).table.get(this.frames.page[frame] as number);
  }

  /** Second chance: whether the page was referenced since the hand last passed. Clears the bit. */
  #spare(frame: number): boolean {
    const entry = this.#entry(frame);
    if ((entry & REFERENCED) === 0) return false;
    const { table } = this.frames.owner[frame] as AddressSpace;
    const page = this.frames.page[frame] as number;
    table.set(page, entry & ~REFERENCED);
    this.#mmu.forget(table, page);
    return true;
  }

  /** Unmaps a page; its frame is free at once, or when its bytes have been written to swap. */
  #takeOut(space: AddressSpace, frame: number): Wait | null {
    const page = this.frames.page[frame] as number;
    const dirty = (this.#entry(frame) & DIRTY) !== 0;
    this.#unmap(space, page, frame);
    const { store } = this.#options;
    if (!dirty || store === null) {
      this.frames.give(frame);
      return null;
    }
    const block = space.swapped.get(page) ?? store.allocate();
    space.swapped.set(page, block);
    this.counts.page_outs++;
    const written = this.#transit.begin(space, page);
    store.write(block, this.#memory.frame(frame), () => {
      this.#transit.end(space, page, written);
      this.frames.give(frame);
      if (space.regions.length === 0) store.free(block);
      written.settle();
    });
    return written;
  }

  #unmap(space: AddressSpace, page: number, frame: number): void {
    space.table.set(page, 0);
    this.#mmu.forget(space.table, page);
    space.resident--;
    this.frames.owner[frame] = null;
    this.frames.page[frame] = -1;
    this.frames.wirable[frame] = null;
    this.#settle(frame);
    this.watch?.left(frame);
    space.watch?.left(frame);
  }

  /** A resident page, for wiring. */
  toWire(space: AddressSpace, page: number): WirablePage {
    return this.frames.toWire(frameOf(space.table.get(page)));
  }

  /** The page-out daemon: sleeps until a fault finds no frame, then evicts until enough are free. */
  *daemon(): KernelSteps {
    for (;;) {
      yield this.#needed;
      this.#needed = new Completion();
      this.counts.daemon_wakeups++;
      while (this.frames.free < this.#options.free_target) {
        if (this.frames.free > 0) this.#starved = false;
        const wait = this.evict(this.#incoming);
        if (wait === 'violation') break;
        if (wait !== null) yield wait;
      }
      this.#hopeless = this.#starved && this.frames.free === 0;
      this.#starved = false;
      const freed = this.#freed;
      this.#freed = new Completion();
      freed.settle();
    }
  }

  /** The pages of an address space that were ever wired. */
  wirable(space: AddressSpace): WirablePage[] {
    return this.frames.wirable.filter(
      (page, frame) => page !== null && this.frames.owner[frame] === space,
    ) as WirablePage[];
  }

  /**
   * Releases everything of an address space, and gives the accounts that paid for its wired pages. Pages on their way
   * still arrive, and are freed then.
   */
  release(space: AddressSpace): Account[] {
    const payers: Account[] = [];
    for (let frame = 0; frame < this.frames.count; frame++) {
      if (this.frames.owner[frame] !== space) continue;
      payers.push(...(this.frames.wirable[frame]?.payers ?? []));
      this.#unmap(space, this.frames.page[frame] as number, frame);
      this.frames.give(frame);
    }
    for (const [page, block] of space.swapped)
      if (this.#transit.of(space, page) === undefined) this.#options.store?.free(block);
    space.regions.length = 0;
    space.swapped.clear();
    return payers;
  }
}
