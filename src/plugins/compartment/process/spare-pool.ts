// Spare processes, kept warm: a child takes a quarter of a second to start, a call should not. And the one clock that
// looks after all groups: every few milliseconds while anything runs, own times; more rarely, memory and idle
// processes.

import { readFileSync } from 'node:fs';
import { realmScript } from '../realm/script.ts';
import { type Killed, PluginProcess, type ProcessEvents } from './plugin-process.ts';
import type { ProcessGroup } from './process-group.ts';
import { Tenant, TenantHeap } from './tenant.ts';

const WATCH_MS = 5;
/** Every so many watches, memory is read. */
const MEMORY_EVERY = 10;
const REAP_MS = 1000;
const IDLE_MS = 5000;
/** Resident set of a process without any plugin (measured: 45 to 60 MB), and what V8 takes beside heaps. */
const BASE_MB = 128;
const PAGE_BYTES = 4096;
const SPARE_BACK_OFF_MS = 200;
/**
 * Starting a process holds the host up for some milliseconds: whoever took the spare gets its first answer before that.
 */
const REFILL_MS = 25;

/** Nobody's plugin: a process that has made a realm once makes the next one faster. */
const NOBODY = new Tenant({ plugin: '', code: '({})', memory_mb: 8, load_ms: 1000, grafts: [] }, () => {});

const warmed = (process: PluginProcess): PluginProcess => {
  const heap = new TenantHeap(NOBODY, () => {});
  process.load(heap, { ...NOBODY.source, realm: realmScript() }, () => {});
  process.unload(heap);
  return process;
};

export class SparePool implements ProcessEvents {
  readonly #spares: PluginProcess[] = [];
  readonly #groups = new Set<ProcessGroup>();
  readonly #watched = new Set<ProcessGroup>();
  readonly #wanted: number;
  readonly #walled: boolean;
  #watch: NodeJS.Timeout | null = null;
  #reap: NodeJS.Timeout | null = null;
  #refill: NodeJS.Timeout | null = null;
  #ticks = 0;
  #closed = false;

  /** `walled`: its processes have walls, where the system has them. */
  constructor(wanted: number, walled = true) {
    this.#wanted = wanted;
    this.#walled = walled;
    this.#top();
  }

  add(group: ProcessGroup): void {
    this.#groups.add(group);
    this.#reap ??= setInterval(() => this.#reapAll(), REAP_MS).unref();
  }

  drop(group: ProcessGroup): void {
    this.#groups.delete(group);
  }

  /** All processes, spare ones included. */
  get size(): number {
    let size = this.#spares.length;
    for (const group of this.#groups) size += group.processes.length;
    return size;
  }

  /** A process for `group`, warm where there is a spare. */
  take(group: ProcessGroup): PluginProcess {
    let spare = this.#spares.shift();
    while (spare?.dead === true) spare = this.#spares.shift();
    if (spare !== undefined) spare.events = group;
    this.#refillSoon(REFILL_MS);
    return spare ?? new PluginProcess(group, this.#walled);
  }

  #top(): void {
    while (!this.#closed && this.#spares.length < this.#wanted)
      this.#spares.push(warmed(new PluginProcess(this, this.#walled)));
  }

  #refillSoon(ms: number): void {
    if (this.#refill !== null || this.#closed) return;
    this.#refill = setTimeout(() => {
      this.#refill = null;
      this.#top();
    }, ms).unref();
  }

  /** `group` has something running. */
  watch(group: ProcessGroup): void {
    this.#watched.add(group);
    this.#watch ??= setInterval(() => this.#tick(), WATCH_MS);
  }

  #tick(): void {
    const now = performance.now();
    const memory = ++this.#ticks % MEMORY_EVERY === 0;
    for (const group of this.#watched) {
      if (memory) checkMemory(group);
      if (!group.watch(now)) this.#watched.delete(group);
    }
    if (this.#watched.size > 0) return;
    clearInterval(this.#watch as NodeJS.Timeout);
    this.#watch = null;
  }

  #reapAll(): void {
    const now = performance.now();
    for (const group of this.#groups) group.reap(now, IDLE_MS);
  }

  ended(): void {}

  hostCall(): void {}

  room(): void {}

  died(process: PluginProcess, _killed: Killed | null): void {
    const index = this.#spares.indexOf(process);
    if (index !== -1) this.#spares.splice(index, 1);
    this.#refillSoon(SPARE_BACK_OFF_MS);
  }

  close(): void {
    this.#closed = true;
    for (const timer of [this.#watch, this.#reap, this.#refill]) if (timer !== null) clearTimeout(timer);
    for (const group of this.#groups) group.close();
    for (const spare of this.#spares) spare.kill('closed');
  }
}

/**
 * The resident-set limit: what the engine's own limit misses is caught from outside. There is room for one heap more,
 * which V8 may take while it collects.
 */
const checkMemory = (group: ProcessGroup): void => {
  for (const process of group.processes) {
    const heaps = [...process.realms.keys()].map((heap) => (heap as TenantHeap).tenant.source.memory_mb);
    const most = heaps.reduce((sum, mb) => sum + mb, Math.max(0, ...heaps));
    if (residentMb(process.child.pid) > BASE_MB + most) process.kill('memory-limit');
  }
};

/** Resident set of a process in MB; 0 where the system does not say. */
const residentMb = (pid: number | undefined): number => {
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return (pages * PAGE_BYTES) / 2 ** 20;
  } catch {
    return 0;
  }
};
