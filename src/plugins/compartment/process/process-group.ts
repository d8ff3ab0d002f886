// A group of plugins that share processes, and the bounded pool of them. By default a group is one plugin.
//
// Where a call goes: to an idle process; else, where all are held up, to one more process; else behind the calls of the
// least busy one (pipelining); else into a bounded queue. A call whose transaction holds locks is never put behind
// another, since that one may wait for those very locks; it waits for an idle process, and that wait is an edge of the
// wait graph, so that a deadlock through the pool is found. When the running call begins to wait for the host, the
// calls behind it are taken back and go elsewhere.

import { endDeadlocks, type Transaction, type Tree, type Waiting } from '../../../txn/index.ts';
import { GraftError } from '../../errors.ts';
import type { Failure } from '../../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from '../compartment.ts';
import { failedWith, LOST } from '../ending.ts';
import { seen } from '../host-call.ts';
import { realmScript } from '../realm/script.ts';
import { Anteroom } from './anteroom.ts';
import { isFault, lossOf } from './loss.ts';
import type { Item, Killed, PluginProcess, ProcessEvents } from './plugin-process.ts';
import type { SparePool } from './spare-pool.ts';
import { Tenant, type TenantHeap } from './tenant.ts';

/** Bounds of a group. */
export interface GroupLimits {
  readonly processes: number;
  /** Calls in one process's pipe. */
  readonly pipelined: number;
  /** Calls that wait for a process. */
  readonly queued: number;
}

export const GROUP_LIMITS: GroupLimits = { processes: 4, pipelined: 64, queued: 1000 };

/** A call that waits for a process. */
class Queued implements Waiting {
  readonly any = true;
  readonly group: ProcessGroup;
  readonly tenant: Tenant;
  readonly call: CompartmentCall;
  readonly exclusive: boolean;

  constructor(group: ProcessGroup, tenant: Tenant, call: CompartmentCall) {
    this.group = group;
    this.tenant = tenant;
    this.call = call;
    this.exclusive = holdsLocks(call) || group.isSuspect(call);
  }

  blockers(): Tree[] {
    return this.group.occupants();
  }

  giveUp(): void {
    this.group.dequeue(this);
  }
}

const holdsLocks = (call: CompartmentCall): boolean => call.txn.tree.holds.length > 0;

/** A process whose running call has run this long, or waits for the host, is held up. */
const HELD_UP_MS = 3;
const BACK_OFF_MS = 25;
const BACK_OFF_MS_MAX = 2000;
const BAD_LOADS_MAX = 3;
const LOSSES_MAX = 8;

export class ProcessGroup implements ProcessEvents {
  readonly processes: PluginProcess[] = [];
  readonly #pool: SparePool;
  readonly #limits: GroupLimits;
  #queue: Queued[] = [];
  readonly #anteroom = new Anteroom();
  /** Calls that were in the pipe of a process that one of them brought down. */
  readonly #suspects = new WeakSet<CompartmentCall>();
  /** How often a running call, or a plugin's load in a row, has lost its process to a kill from outside. */
  readonly #losses = new WeakMap<object, number>();
  #lastNumber = 0;
  #deathsInARow = 0;
  #notBefore = 0;
  #closed = false;

  constructor(pool: SparePool, limits: GroupLimits) {
    this.#pool = pool;
    this.#limits = limits;
  }

  /**
   * Loads a tenant into a process for the first time; again where a kill from outside, which is not its fault, took the
   * process away. Resolves with how that failed, or null.
   */
  async load(tenant: Tenant): Promise<Failure | null> {
    for (let { badLoads } = tenant; ; ) {
      const process = this.processes.find((one) => one.items.length === 0 && !one.dead) ?? this.#another();
      const failure = await new Promise<Failure | null>((resolve) => this.#load(process, tenant.firstHeap(), resolve));
      if (failure === null || this.#closed || tenant.badLoads > badLoads) return failure;
    }
  }

  /** A tenant of this group, with no heap yet. */
  tenant(source: CompartmentSource): Tenant {
    return new Tenant(source, (gone) => {
      for (const process of this.processes) process.unload(gone);
    });
  }

  #load(process: PluginProcess, heap: TenantHeap, loaded: (failure: Failure | null) => void): void {
    const { tenant } = heap;
    const { code, memory_mb, load_ms, grafts, tell } = tenant.source;
    const ended = (failure: Failure | null): void => {
      tenant.badLoads = failure === null ? 0 : tenant.badLoads + 1;
      if (failure === null) this.#losses.delete(tenant);
      else this.#takeBack(process, (item) => item.owner === heap);
      loaded(failure);
    };
    process.load(heap, { realm: realmScript(), code, memory_mb, load_ms, grafts }, ended, tell);
    this.#pool.watch(this);
  }

  /** Runs a call somewhere. Throws GRAFT_OVERLOADED where the queue is full. */
  submit(tenant: Tenant, call: CompartmentCall): void {
    if (this.#closed) throw new GraftError('GRAFT_CLOSED', 'the process group is closed');
    const queued = new Queued(this, tenant, call);
    if (this.#queue.length === 0 && this.#place(queued)) return;
    if (this.#queue.length >= this.#limits.queued)
      throw new GraftError('GRAFT_OVERLOADED', `${this.#limits.queued} calls of ${tenant.source.plugin} wait already`);
    this.#enqueue(queued, false);
  }

  /** Tells once when there is room in the queue; false where too many wait for that. */
  whenRoom(then: () => void): boolean {
    return this.#limits.queued > 0 && this.#anteroom.add(then);
  }

  #enqueue(queued: Queued, front: boolean): void {
    if (front) this.#queue.unshift(queued);
    else this.#queue.push(queued);
    this.#pool.watch(this);
    const { txn } = queued.call;
    txn.tree.startWaiting(queued);
    endDeadlocks(txn);
    // A tree that waits for a process which it alone occupies blocks itself.
    const occupants = txn.doomed === null ? this.occupants() : [];
    if (occupants.length > 0 && occupants.every((tree) => tree === txn.tree)) {
      for (let one: Transaction | null = txn; one !== null; one = one.parent) one.doom('deadlock');
      this.dequeue(queued);
    }
    if (txn.doomed !== null && txn.state === 'active') queued.call.ended(failedWith(LOST));
  }

  /**
   * Whose running calls keep a waiting one out; nobody's where a process will be free, or started, whatever they do.
   */
  occupants(): Tree[] {
    const trees: Tree[] = [];
    let alive = 0;
    for (const process of this.processes) {
      if (process.dead) continue;
      alive++;
      const call = process.head?.call ?? null;
      if (call === null || !process.waits) return [];
      trees.push(call.txn.tree);
    }
    return alive < this.#limits.processes ? [] : trees;
  }

  dequeue(queued: Queued): void {
    this.#queue = this.#queue.filter((one) => one !== queued);
    queued.call.txn.tree.stopWaiting(queued);
    this.#anteroom.letIn(() => this.#limits.queued - this.#queue.length);
  }

  /** Sends the call to a process that may take it; false where none may now. */
  #place(queued: Queued): boolean {
    const process = this.#choose(queued.exclusive);
    if (process === null) return false;
    const { tenant, call } = queued;
    const heap = tenant.heapFor(call, (one) => this.#isBusy(one));
    if (!process.realms.has(heap)) this.#load(process, heap, () => {});
    const item = process.send(this.#nextNumber(), heap, call);
    item.alone = this.#suspects.has(call);
    call.at = item;
    this.#pool.watch(this);
    return true;
  }

  #isBusy(heap: TenantHeap): boolean {
    return this.processes.some(({ items }) => items.some(({ owner }) => owner === heap));
  }

  #nextNumber(): number {
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    return this.#lastNumber;
  }

  #choose(exclusive: boolean): PluginProcess | null {
    let best: PluginProcess | null = null;
    let heldUp = true;
    const now = performance.now();
    for (const process of this.processes) {
      if (process.dead) continue;
      if (process.isFree) return process;
      const stuck = process.waits || process.running_ms(now) > HELD_UP_MS;
      heldUp &&= stuck;
      if (process.waits || process.items.length >= this.#limits.pipelined || process.items[0]?.alone) continue;
      if (best === null || process.items.length < best.items.length) best = process;
    }
    const mayGrow = this.processes.length < this.#limits.processes && now >= this.#notBefore;
    if (mayGrow && (exclusive || heldUp || best === null)) return this.#another();
    return exclusive ? null : best;
  }

  #another(): PluginProcess {
    const process = this.#pool.take(this);
    this.processes.push(process);
    return process;
  }

  /** The host is through with a call: it is not to run, or its heap is not to be used again. */
  abandon(call: CompartmentCall): void {
    const item = call.at as Item | null;
    const queued = item === null ? this.#queue.find((one) => one.call === call) : undefined;
    if (queued !== undefined) return this.dequeue(queued);
    if (item === null || item.process.dead) return;
    call.at = null;
    if (!item.done) item.process.cancel(item);
    if (item.fresh) return;
    this.#freshRealm(item.process, item.owner as TenantHeap);
  }

  /** The next call in `heap` of `process` gets a fresh one; calls already in the pipe are begun anew. */
  #freshRealm(process: PluginProcess, heap: TenantHeap): void {
    process.unload(heap);
    this.#takeBack(process, (item) => item.owner === heap);
  }

  /** Takes back calls that were sent and have not started, as far as the host knows, and places them anew. */
  #takeBack(process: PluginProcess, which: (item: Item) => boolean): void {
    for (const item of process.items.toReversed()) {
      const call = item.call;
      if (call === null || item.cancelled || !which(item)) continue;
      call.at = null;
      process.cancel(item);
      this.#again(item.owner as TenantHeap, call);
    }
  }

  #again({ tenant }: TenantHeap, call: CompartmentCall): void {
    if (call.restart()) this.#enqueue(new Queued(this, tenant, call), true);
    // It was doomed while it ran, which is its own doing, or somebody else has ended it: either way it is over.
    else call.ended(failedWith(LOST));
  }

  hostCall(process: PluginProcess, item: Item, accessor: number, json: string): void {
    const call = item.call as CompartmentCall;
    const attempt = call.txn;
    const answer = (status: 0 | 1, value: unknown): void => {
      if (item.cancelled || process.dead || call.txn !== attempt) return;
      process.answer(item, status, JSON.stringify(value) ?? 'null');
    };
    const refuse = (error: unknown): void => answer(1, seen(error));
    try {
      const answered = call.callAccessor(accessor, json);
      if (!(answered instanceof Promise)) return answer(0, answered);
      answered.then((value) => answer(0, value)).catch(refuse);
      this.#takeBack(process, (other) => other !== item);
      this.serve();
    } catch (error) {
      refuse(error);
    }
  }

  ended(_process: PluginProcess, item: Item, ending: Ending): void {
    const call = item.call as CompartmentCall;
    this.#deathsInARow = 0;
    call.ended(ending);
  }

  room(): void {
    if (this.#queue.length > 0) this.serve();
  }

  /** Places what waits, in order. */
  serve(): void {
    while (this.#queue.length > 0) {
      const queued = this.#queue[0] as Queued;
      if (queued.call.txn.state !== 'active') this.dequeue(queued);
      else if (queued.tenant.badLoads >= BAD_LOADS_MAX) {
        this.dequeue(queued);
        queued.call.ended(NEVER_LOADS);
      } else {
        if (!this.#place(queued)) return;
        this.dequeue(queued);
      }
    }
  }

  died(process: PluginProcess, killed: Killed | null, signal: string | null): void {
    const index = this.processes.indexOf(process);
    if (index !== -1) this.processes.splice(index, 1);
    if (killed !== 'closed') this.#backOff();
    const head = process.ready ? process.head : undefined;
    const byItself = killed === null && signal !== 'SIGKILL';
    const unsure = !process.waits && (byItself || isFault(killed)) && this.#suspect(process);
    for (const item of process.items.toReversed()) {
      const blamed = item === head && !unsure && !this.#excused(process, item, killed, signal);
      if (item.kind === 'load') this.#loadLost(item, blamed, lossOf(item, killed, signal));
      const call = item.call;
      if (call === null) continue;
      call.at = null;
      if (blamed) call.ended(failedWith(lossOf(item, killed, signal)));
      else this.#again(item.owner as TenantHeap, call);
    }
    if (this.#closed) return;
    this.serve();
  }

  /**
   * Results of quick calls may have been on their way when the process ended, so the first of several calls need not be
   * the one that ran. Then all are begun anew, each alone in a process: the guilty one is known when it does it again.
   * Whether it was so.
   */
  #suspect(process: PluginProcess): boolean {
    const calls = process.items.flatMap((item) => item.call ?? []);
    if (calls.length < 2 || process.head?.kind !== 'call') return false;
    for (const call of calls) this.#suspects.add(call);
    return true;
  }

  isSuspect(call: CompartmentCall): boolean {
    return this.#suspects.has(call);
  }

  /**
   * A process killed from outside is not the running call's fault: that call, too, is begun anew. While it waited for
   * the host it did nothing, so that is never its fault; while it ran, it may have made the system kill it (for
   * memory), so that is excused a few times only.
   */
  #excused(process: PluginProcess, item: Item, killed: Killed | null, signal: string | null): boolean {
    if (killed !== null) return !isFault(killed);
    if (signal !== 'SIGKILL') return false;
    if (process.waits) return true;
    const what = item.call ?? (item.owner as TenantHeap).tenant;
    const losses = this.#losses.get(what) ?? 0;
    this.#losses.set(what, losses + 1);
    return losses < LOSSES_MAX;
  }

  /** A load that was not at fault does not count against its plugin. */
  #loadLost(item: Item, blamed: boolean, loss: Failure): void {
    const { tenant } = item.owner as TenantHeap;
    const { badLoads } = tenant;
    item.realm.loaded(loss);
    if (!blamed) tenant.badLoads = badLoads;
  }

  #backOff(): void {
    const deaths = this.#deathsInARow++;
    this.#notBefore =
      performance.now() + (deaths === 0 ? 0 : Math.min(BACK_OFF_MS * 2 ** (deaths - 1), BACK_OFF_MS_MAX));
  }

  /** Looks after the clocks; whether there is anything to look after. */
  watch(now: number): boolean {
    for (const process of this.processes) process.watch(now);
    if (this.#queue.length > 0) this.serve();
    return this.#queue.length > 0 || this.processes.some((process) => process.items.length > 0);
  }

  /** Ends processes beyond the first that have been idle for `idle_ms`. */
  reap(now: number, idle_ms: number): void {
    for (const process of this.processes.slice(1)) {
      if (process.items.length > 0 || now - process.idleSince < idle_ms) continue;
      this.processes.splice(this.processes.indexOf(process), 1);
      process.retire();
    }
  }

  /** The plugin is hosted here no more: its realms go, and calls of it that have not started are placed anew. */
  unload(tenant: Tenant): void {
    tenant.close();
    for (const process of this.processes)
      this.#takeBack(process, ({ owner }) => (owner as TenantHeap).tenant === tenant);
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    this.#anteroom.close();
    for (const queued of [...this.#queue]) queued.call.txn.abort('cancelled', 'the host closes');
    for (const item of this.processes.flatMap((process) => process.items))
      item.call?.txn.abort('cancelled', 'the host closes');
    for (const process of [...this.processes]) process.kill('closed');
  }
}

const NEVER_LOADS = failedWith({ ...LOST, message: 'the plugin cannot be loaded any more' });
