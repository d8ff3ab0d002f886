// The kernel: boots the machine and its subsystems, and serves programs and experiments.
//
//   const kernel = new Kernel({ frames: 512, disk: null, compartments: (tick) => directMaker(modules) })
//   kernel.spawn({ name: 'a', owner: 'ann', pages: 600, program })
//   await kernel.install(pkg, { user: 'ann' })
//   kernel.run()                                       until no event is left
//
// One seed (of the programs) and one set of options give one run: kernel.trace.hash is the same, byte for byte. The
// exception are grafts in compartments with a clock of real time: if it cuts one off, `kernel.reproducible` turns
// false.

import type { Tick } from '../../plugins/compartment/index.ts';
import { type CompartmentMaker, type Plugin, PluginTable, PointTable } from '../../plugins/index.ts';
import type { PluginPackage } from '../../plugins/package/index.ts';
import { Account, acquire, expireNow, type Ticket, type Transaction, WRITE } from '../../txn/index.ts';
import { BufferCache, FileError, FileSystem, type Inode, OpenFile } from '../fs/index.ts';
import type { Evict } from '../grafts/eviction/index.ts';
import { CYCLES, REFERENCE_EVENTS, THREADS_MAX } from '../limits.ts';
import { Cpu, EventQueue, Mmu, PhysicalMemory, type Program } from '../machine/index.ts';
import { Dispatcher, ProcessList, Thread } from '../sched/index.ts';
import { Stream } from '../stream/index.ts';
import { Trace } from '../trace.ts';
import { AddressSpace, VirtualMemory, type WirablePage, ZEROS } from '../vm/index.ts';
import type { KernelSteps, Wait } from '../wait.ts';
import { KernelAccessors } from './accessors.ts';
import { DiskBlocks, type SectorDevice } from './disk-blocks.ts';
import { Governor } from './governor.ts';
import { GraftCalls } from './graft-calls.ts';
import { KernelPoints } from './points.ts';
import { Policies } from './policies.ts';
import { Ports } from './ports.ts';
import { KERNEL_RESOURCES, OPEN_FILES, OPEN_FILES_PER_THREAD, THREADS, WIRED_PAGES } from './resources.ts';

export interface BootOptions {
  /** Physical memory, in frames of 4 KB. */
  readonly frames: number;
  /** Makes the disk over the machine's time; null: no disk, pages come in as zeros at once. */
  readonly disk: ((events: EventQueue) => SectorDevice) | null;
  /** Makes the maker of the compartments that grafts run in. */
  readonly compartments: (tick: Tick) => CompartmentMaker;
  /** The kernel's own eviction policy instead of second chance. */
  readonly policy?: Evict | null;
  /** Frames that the page-out daemon keeps free. 0: one page is evicted for each fault without a free frame. */
  readonly free_target?: number;
  /** Blocks in the buffer cache. */
  readonly buffers?: number;
  /** Blocks at the end of the disk for pages that were written out. */
  readonly swap_blocks?: number;
}

export interface SpawnOptions {
  readonly name: string;
  /** The user whose thread it is. */
  readonly owner: string;
  readonly program: Program;
  readonly priority?: number;
  /** Pages of zeros from page 0 on, in an address space of its own; 0: none. */
  readonly pages?: number;
  /** Shares another's address space instead. */
  readonly space?: AddressSpace;
}

export interface InstallOptions {
  readonly user: string;
  /** May graft global points, and other users'. */
  readonly privileged?: boolean;
}

const BUFFERS = 256;
const SWAP_BLOCKS = 4096;
const TREASURY_UNITS = 2 ** 20;

export class Kernel {
  readonly events = new EventQueue();
  readonly trace = new Trace();
  readonly mmu = new Mmu();
  readonly cpu: Cpu;
  readonly list = new ProcessList();
  readonly dispatcher: Dispatcher;
  readonly governor: Governor;
  readonly calls: GraftCalls;
  readonly accessors: KernelAccessors;
  readonly points: KernelPoints;
  readonly memory: VirtualMemory;
  readonly blocks: DiskBlocks | null;
  readonly cache: BufferCache | null;
  readonly policies: Policies;
  readonly ports = new Ports();
  readonly plugins: PluginTable;
  /** The kernel's own units of each resource, to hand on. */
  readonly treasury = new Account(KERNEL_RESOURCES);
  readonly threads = new Map<number, Thread>();
  readonly spaces = new Map<number, AddressSpace>();
  readonly #files = new Map<number, OpenFile>();
  readonly #streams = new Map<number, Stream>();
  readonly #accounts = new Map<string, Account>();
  #fs: FileSystem | null = null;
  #lastId = 0;
  /** The number of threads that have not ended, without the daemon. */
  alive = 0;

  constructor(options: BootOptions) {
    const memory = new PhysicalMemory(options.frames);
    this.cpu = new Cpu(this.events, this.mmu, memory);
    this.governor = new Governor(this);
    this.dispatcher = new Dispatcher(this.cpu, this.list, this.trace, this.governor);
    this.calls = new GraftCalls(this.cpu, this.trace, (ticket) => this.dispatcher.wait(ticket));
    this.accessors = new KernelAccessors(this);
    this.points = new KernelPoints(new PointTable(), this.accessors.everywhere);
    this.blocks = this.#openDisk(options);
    this.memory = this.#openMemory(memory, options);
    this.policies = new Policies(this);
    this.cache = this.blocks === null ? null : new BufferCache(this.blocks, options.buffers ?? BUFFERS);
    this.plugins = this.#openPlugins(options);
    for (let i = 0; i < KERNEL_RESOURCES.length; i++) this.treasury.create(i, TREASURY_UNITS);
    if ((options.free_target ?? 0) > 0) this.#startDaemon();
  }

  #openDisk({ disk, swap_blocks = SWAP_BLOCKS }: BootOptions): DiskBlocks | null {
    return disk === null ? null : new DiskBlocks(disk(this.events), swap_blocks, this.trace, () => this.events.now_us);
  }

  #openMemory(memory: PhysicalMemory, { policy = null, free_target = 0, frames }: BootOptions): VirtualMemory {
    const events = Math.max(REFERENCE_EVENTS, frames);
    return new VirtualMemory(
      memory,
      this.mmu,
      { policy, free_target, store: this.blocks, events },
      {
        victim: (victim, incoming) => this.policies.victim(victim, incoming),
        evict: (space, victim, incoming) => this.policies.evict(space, victim, incoming),
      },
      () => this.attend(),
    );
  }

  #openPlugins({ compartments }: BootOptions): PluginTable {
    const maker = compartments((call, fuel) => {
      this.calls.burn(call, fuel);
      this.dispatcher.tick(call.txn.tree);
    });
    return new PluginTable({ points: this.points.table, maker, position: () => null });
  }

  #startDaemon(): void {
    const program: Program = { run: () => 'exit' };
    const daemon = new Thread({
      id: ++this.#lastId,
      name: 'page-out',
      owner: 'kernel',
      priority: 0,
      space: null,
      program,
      account: new Account(KERNEL_RESOURCES),
    });
    daemon.work = this.memory.daemon();
    this.threads.set(daemon.id, daemon);
    this.dispatcher.makeReady(daemon);
  }

  /** The file system. Throws a FileError if none was made or mounted. */
  get fs(): FileSystem {
    if (this.#fs === null) throw new FileError('not-mounted', 'the disk');
    return this.#fs;
  }

  /** Makes an empty file system on the disk, and mounts it. Takes emulated time. */
  format(): void {
    const cache = this.cache;
    if (cache === null || this.blocks === null) throw new Error('there is no disk');
    this.#fs = this.finish(FileSystem.format(cache, this.blocks.files));
  }

  /** Mounts the file system that lies on the disk. Takes emulated time. */
  mount(): void {
    if (this.cache === null) throw new Error('there is no disk');
    this.#fs = this.finish(FileSystem.mount(this.cache));
  }

  /** Runs kernel code for no thread; the machine runs meanwhile. */
  finish<Value>(steps: KernelSteps<Value>): Value {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      const wait: Wait = step.value;
      if (!this.dispatcher.run(() => wait.settled)) throw new Error('the kernel waits for what cannot happen');
    }
  }

  /** Makes a thread. It may run at once. */
  spawn(options: SpawnOptions): Thread {
    if (this.alive >= THREADS_MAX) throw new RangeError(`more than ${THREADS_MAX} threads`);
    const space =
      options.space ?? (options.pages === undefined || options.pages === 0 ? null : this.#newSpace(options));
    const account = this.treasury.open([0, 1, OPEN_FILES_PER_THREAD]);
    this.settle((txn) => account.hold(txn, THREADS, 1));
    const thread = new Thread({ ...options, id: ++this.#lastId, space, account });
    this.threads.set(thread.id, thread);
    this.alive++;
    this.policies.addThread(thread);
    this.list.add(thread);
    this.dispatcher.makeReady(thread);
    return thread;
  }

  #newSpace({ owner, pages = 0 }: SpawnOptions): AddressSpace {
    const taken = new Set([...this.spaces.values()].map(({ slot }) => slot));
    let slot = 0;
    while (taken.has(slot)) slot++;
    const space = new AddressSpace(++this.#lastId, owner, slot);
    space.regions.push({ first: 0, pages, writable: true, object: ZEROS });
    this.spaces.set(space.id, space);
    this.policies.addSpace(space);
    return space;
  }

  /**
   * Installs a plugin for a user. Local points need the owner's consent, global ones privilege; otherwise it throws
   * GRAFT_NEEDS.
   */
  install(pkg: PluginPackage, { user, privileged = false }: InstallOptions): Promise<Plugin> {
    const points = pkg.manifest.grafts.map(({ point }) => point);
    return Promise.resolve()
      .then(() => {
        this.points.checkConsent(points, user, privileged);
        return this.plugins.install(pkg, { name: user, grants: 'everything' });
      })
      .then((plugin) => {
        this.#openAccount(plugin.name);
        for (const name of points) this.policies.watch(this.points.table.get(name) as never);
        return plugin;
      });
  }

  /** Opens a plugin's account, which starts at zero. If one of its name was there before, its rest goes back. */
  #openAccount(plugin: string): void {
    const account = this.#accounts.get(plugin) ?? new Account(KERNEL_RESOURCES);
    this.#accounts.set(plugin, account);
    for (const [resource, amount] of account.free.entries()) {
      if (amount > 0) this.settle((txn) => account.transfer(txn, this.treasury, resource, amount));
    }
  }

  /** Hands units of a resource to a plugin: its account starts at zero. */
  grant(plugin: string, resource: number, amount: number): void {
    this.settle((txn) => this.treasury.transfer(txn, this.account(plugin), resource, amount));
  }

  /** Changes accounts for the kernel itself, at once: transactions that have them locked are undone. */
  settle(step: (txn: Transaction) => Ticket | null): void {
    const txn = this.calls.transactions.begin();
    try {
      for (let ticket = step(txn); ticket !== null; ticket = step(txn)) expireNow(ticket.lock);
      txn.commit();
    } finally {
      txn.abort();
    }
  }

  /**
   * Runs until every thread has ended, or no event is left. True: all have ended. `until_us`: not much longer than
   * that.
   */
  run(until_us = Number.POSITIVE_INFINITY): boolean {
    this.dispatcher.run(() => this.alive === 0 || this.events.now_us >= until_us);
    return this.alive === 0;
  }

  // The kernel as the accessors and policies see it.

  thread(id: number): Thread | undefined {
    return this.threads.get(id);
  }

  account(plugin: string): Account {
    return this.#accounts.get(plugin) ?? this.treasury;
  }

  setPriority(thread: Thread, priority: number): void {
    this.dispatcher.setPriority(thread, priority);
  }

  chargeLock(): void {
    this.cpu.charge(CYCLES.lock);
  }

  page(owner: string, space: number, page: number): WirablePage | null {
    const place = this.spaces.get(space);
    return place?.owner === owner && place.isResident(page) ? this.memory.toWire(place, page) : null;
  }

  /** A thread has ended: releases everything it had. */
  bury(thread: Thread): void {
    for (const file of [...thread.files]) this.closeFile(thread, file);
    this.points.remove(thread.delegatePoint);
    this.ports.forget(thread.id);
    this.threads.delete(thread.id);
    this.alive--;
    this.settle((txn) => thread.account.giveBack(txn, THREADS, 1));
    thread.account.close();
    const { space } = thread;
    if (space === null || [...this.threads.values()].some((other) => other.space === space)) return;
    this.#release(space);
  }

  /** Frees an address space. Transactions that are about to change the wiring of its pages are undone first. */
  #release(space: AddressSpace): void {
    for (const page of this.memory.wirable(space)) this.settle((txn) => acquire(txn, page.lock, WRITE));
    for (const payer of this.memory.release(space)) this.settle((txn) => payer.giveBack(txn, WIRED_PAGES, 1));
    this.points.remove(space.evictPoint);
    this.spaces.delete(space.id);
  }

  attend(): void {
    this.governor.attention = true;
    this.cpu.until_us = 0;
  }

  // Open files and streams.

  openFile(thread: Thread, inode: Inode): OpenFile {
    const file = new OpenFile(++this.#lastId, inode, thread.owner);
    this.settle((txn) => thread.account.hold(txn, OPEN_FILES, 1));
    this.#files.set(file.id, file);
    thread.files.add(file);
    this.policies.addFile(file);
    return file;
  }

  file(id: number, owner: string): OpenFile | undefined {
    const file = this.#files.get(id);
    return file?.owner === owner ? file : undefined;
  }

  closeFile(thread: Thread, file: OpenFile): void {
    if (!thread.files.delete(file)) return;
    this.settle((txn) => thread.account.giveBack(txn, OPEN_FILES, 1));
    this.#files.delete(file.id);
    for (const stream of this.#streams.values()) if (stream.file === file) this.#closeStream(stream);
    this.points.remove(file.point);
  }

  #closeStream(stream: Stream): void {
    this.#streams.delete(stream.id);
    this.points.remove(stream.point);
  }

  /** Opens a stream over a file. Throws a FileError if the file has as many as a thread may have files. */
  openStream(file: OpenFile): Stream {
    const open = [...this.#streams.values()].filter((stream) => stream.file === file).length;
    if (open >= OPEN_FILES_PER_THREAD) throw new FileError('no-space', 'streams');
    const stream = new Stream(++this.#lastId, file);
    this.#streams.set(stream.id, stream);
    this.policies.addStream(stream);
    return stream;
  }

  stream(id: number, owner: string): Stream | undefined {
    const stream = this.#streams.get(id);
    return stream?.file.owner === owner ? stream : undefined;
  }
}
