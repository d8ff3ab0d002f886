// The policy methods. Each calls the graft at its point, or answers the default at once if there is none. A graft's
// answer is checked before it is used: an invalid one is undone, the default is used, the graft is removed (VINO's
// rules).

import { READ, WRITE } from '../../txn/index.ts';
import type { OpenFile } from '../fs/index.ts';
import { FIRST_BLOCK, KEY_BYTES, STREAM_COLUMNS } from '../grafts/encryption/index.ts';
import { CYCLES, REFERENCE_EVENTS } from '../limits.ts';
import type { Cpu } from '../machine/index.ts';
import type { Dispatcher, ProcessList, Thread } from '../sched/index.ts';
import type { Stream } from '../stream/index.ts';
import { type AddressSpace, EvictionWatch, type VirtualMemory } from '../vm/index.ts';
import type { KernelAccessors } from './accessors.ts';
import type { GraftCalls } from './graft-calls.ts';
import { DELEGATE_COLUMNS, EXTENT_COLUMNS, evictionColumns, int32, type KernelPoints, type Numeric } from './points.ts';

/** The kernel as the methods need it. */
export interface PolicyWorld {
  readonly cpu: Cpu;
  readonly points: KernelPoints;
  readonly calls: GraftCalls;
  readonly accessors: KernelAccessors;
  readonly list: ProcessList;
  readonly dispatcher: Dispatcher;
  readonly memory: VirtualMemory;
  thread(id: number): Thread | undefined;
  readonly spaces: ReadonlyMap<number, AddressSpace>;
  /** A policy's columns are nearly full: it has to be called soon. */
  attend(): void;
}

/**
 * Kernel policies are small: one that loops longer than this is wrong. Milliseconds of own time; metered: 20,000 units
 * of fuel each.
 */
const POLICY_LIMITS = { own_ms: 50, calls: 100_000, writes: 10_000 };
const EVENT_SLACK = 512;

const read = (point: Numeric | null): boolean => point !== null && point.grafts.length > 0;

/** Further arguments of an eviction method. */
interface Incoming {
  page: number;
}

export class Policies {
  readonly #world: PolicyWorld;
  readonly #incoming: Incoming = { page: -1 };
  /** Whether references are recorded for a graft at `memory/victim`. */
  #isWatched = false;
  readonly victimPoint: Numeric;
  readonly exitPoint: Numeric;

  constructor(world: PolicyWorld) {
    this.#world = world;
    this.victimPoint = this.#evictionPoint('memory/victim', null, null);
    this.exitPoint = world.points.add('events/thread-exit', null, {
      kind: 'event',
      limits: POLICY_LIMITS,
      describes: 'A thread has ended; the input is its number.',
    });
  }

  // Page eviction.

  #evictionPoint(name: string, owner: string | null, space: AddressSpace | null): Numeric {
    const { memory } = this.#world;
    const watch = (): EvictionWatch | null => (space === null ? memory.watch : space.watch);
    return this.#world.points.add(name, owner, {
      kind: 'function',
      default: (victim) => victim,
      check: (answer, victim) => this.#checkVictim(space, answer, victim),
      callable: { pages: { lock: this.#world.accessors.lockOf(() => memory.lock, READ) } },
      columns: evictionColumns(memory.frames.count, Math.max(REFERENCE_EVENTS, memory.frames.count + EVENT_SLACK)),
      fill: (_victim, columns) => {
        int32(columns, 'request').set([0, this.#incoming.page]);
        watch()?.show(this.#incoming.page);
      },
      limits: POLICY_LIMITS,
      describes: 'Which frame gives its page up; the input is the one that the kernel would take.',
    });
  }

  addSpace(space: AddressSpace): void {
    space.evictPoint = this.#evictionPoint(`address-space/${space.id}/evict`, space.owner, space);
  }

  #checkVictim(space: AddressSpace | null, frame: number, victim: number): true | string {
    if (victim < 0) return frame === -1 || 'no victim was asked for: the answer is -1';
    const { memory } = this.#world;
    const inRange = Number.isInteger(frame) && frame >= 0 && frame < memory.frames.count;
    if (!inRange || !memory.mayGo(frame)) return 'the page must be resident and unwired';
    return space === null || memory.frames.owner[frame] === space || 'the page must be of the same address space';
  }

  /** A graft was installed at an eviction point or removed: starts or stops the record of its references. */
  watch(point: Numeric): void {
    const { memory } = this.#world;
    const spaces = [...this.#world.spaces.values()];
    if (point === this.victimPoint) {
      const watch = this.#watchOf(point, null);
      this.#isWatched = watch !== null;
      memory.watchBy(watch);
      for (const space of spaces) if (space.watch !== null) space.watch.next = memory.watch;
      return;
    }
    const space = spaces.find(({ evictPoint }) => evictPoint === point);
    if (space === undefined) return;
    space.watch = this.#watchOf(point, memory.watch);
    if (space.watch !== null) memory.tell(space.watch, space);
  }

  #watchOf(point: Numeric, next: EvictionWatch | null): EvictionWatch | null {
    const columns = point.grafts[0]?.columns;
    if (columns === undefined) return null;
    const shared = {
      events: int32(columns, 'events'),
      request: int32(columns, 'request'),
      pages: int32(columns, 'pages'),
    };
    return new EvictionWatch(shared, next, () => this.#world.attend());
  }

  #askEviction(point: Numeric, watch: EvictionWatch | null, victim: number, incoming: number): number {
    const outer = this.#incoming.page;
    this.#incoming.page = incoming;
    const outcome = this.#world.calls.ask(point, victim);
    this.#incoming.page = outer;
    watch?.forget();
    return outcome.status === 'committed' || outcome.status === 'default' ? outcome.value : victim;
  }

  evict(space: AddressSpace, victim: number, incoming: number): number {
    const point = space.evictPoint;
    this.#world.cpu.charge(CYCLES.indirection + (victim < 0 ? 0 : CYCLES.evict));
    const chosen = read(point) ? this.#askEviction(point as Numeric, space.watch, victim, incoming) : victim;
    if (!read(point)) space.watch = null;
    return chosen;
  }

  victim(victim: number, incoming: number): number {
    const point = this.victimPoint;
    const chosen = read(point) ? this.#askEviction(point, this.#world.memory.watch, victim, incoming) : victim;
    if (this.#isWatched && !read(point)) this.watch(point);
    return chosen;
  }

  // Scheduling.

  addThread(thread: Thread): void {
    thread.delegatePoint = this.#world.points.add(`thread/${thread.id}/schedule-delegate`, thread.owner, {
      kind: 'function',
      default: (id) => id,
      check: (answer) => {
        const chosen = this.#world.thread(answer);
        return (
          (chosen !== undefined && (answer === thread.id || this.#world.dispatcher.isRunnable(chosen))) ||
          'not a live, runnable thread'
        );
      },
      columns: DELEGATE_COLUMNS,
      fill: (_id, columns) => {
        int32(columns, 'ids').set(this.#world.list.ids);
        int32(columns, 'states').set(this.#world.list.states);
      },
      limits: POLICY_LIMITS,
      describes: 'Who runs in the place of the thread; the input is its number.',
    });
  }

  delegate(thread: Thread): Thread {
    this.#world.cpu.charge(CYCLES.indirection);
    if (!read(thread.delegatePoint)) return thread;
    const outcome = this.#world.calls.ask(thread.delegatePoint as Numeric, thread.id);
    return outcome.status === 'committed' ? (this.#world.thread(outcome.value) ?? thread) : thread;
  }

  /** Tells the event point that a thread has ended. */
  ended(thread: Thread): void {
    if (this.exitPoint.grafts.length > 0) this.#world.calls.ask(this.exitPoint, thread.id);
  }

  // Read-ahead.

  addFile(file: OpenFile): void {
    const point: Numeric = this.#world.points.add(`file/${file.id}/compute-ra`, file.owner, {
      kind: 'function',
      default: (block) => file.sequential(block),
      check: (count) => file.fault(count, this.#extents(point)) ?? true,
      columns: EXTENT_COLUMNS,
      callable: { announced: { lock: this.#world.accessors.lockOf(() => file.announced, WRITE) } },
      limits: POLICY_LIMITS,
      describes:
        'Which blocks of the file to fetch ahead; the input is the block just read, the answer a number of extents.',
    });
    file.point = point;
  }

  #extents(point: Numeric): Int32Array {
    return int32(point.grafts[0]?.columns ?? {}, 'extents');
  }

  /** Extents of the file to fetch ahead after `block` was read: their number, and the column they are in. */
  readAhead(file: OpenFile, block: number): { readonly count: number; readonly extents: Int32Array } {
    const { point } = file;
    this.#world.cpu.charge(CYCLES.indirection);
    if (!read(point)) return { count: file.sequential(block), extents: file.extents };
    const theirs = this.#extents(point as Numeric);
    const outcome = this.#world.calls.ask(point as Numeric, block);
    if (outcome.status === 'committed') return { count: outcome.value, extents: theirs };
    return { count: outcome.status === 'default' ? outcome.value : 0, extents: file.extents };
  }

  // Streams.

  addStream(stream: Stream): void {
    stream.point = this.#world.points.add(`stream/${stream.id}/transform`, stream.file.owner, {
      kind: 'function',
      default: (length) => length,
      check: (answer, length) => answer === length || 'the length must stay',
      columns: STREAM_COLUMNS,
      fill: (length, columns) => {
        (columns.data as Uint8Array).set(
          length === stream.buffer.length ? stream.buffer : stream.buffer.subarray(0, length),
        );
        (columns.position as Float64Array)[0] = stream.position;
        (columns.key as Uint8Array).set(stream.key);
        int32(columns, 'parameters').set(stream.parameters);
      },
      limits: POLICY_LIMITS,
      describes:
        'Changes the bytes that pass between a program and a file; the input is how many, and so is the answer.',
    });
  }

  readonly transform = (stream: Stream, length: number): void => {
    this.#world.cpu.charge(CYCLES.indirection);
    if (!read(stream.point)) return;
    const data = stream.point?.grafts[0]?.columns.data as Uint8Array;
    const outcome = this.#world.calls.ask(stream.point as Numeric, length);
    if (outcome.status === 'committed') stream.buffer.set(length === data.length ? data : data.subarray(0, length));
  };

  /** Sets the key of a stream's cipher. */
  static setKey(stream: Stream, key: Uint8Array, firstBlock = 0): void {
    stream.key.set(key);
    stream.parameters[KEY_BYTES] = key.length;
    stream.parameters[FIRST_BLOCK] = firstBlock;
  }
}
