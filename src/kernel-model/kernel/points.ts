// The kernel's graft points: every policy decision that a graft may take, as a path that can be listed.
//
//   /kernel/address-space/N/evict      another page in place of the victim            local
//   /kernel/file/N/compute-ra          which blocks of an open file to fetch ahead    local
//   /kernel/thread/N/schedule-delegate which thread runs in this one's place          local
//   /kernel/stream/N/transform         the bytes between a program and a file         local
//   /kernel/memory/victim              the global victim                              global
//   /kernel/events/thread-exit         a thread has ended                             global, an event
//
// A local point belongs to a user, and a graft there needs that user's consent alone. A global one needs privilege,
// since it concerns every user.

import {
  type CallableTree,
  type Column,
  GraftError,
  GraftPoint,
  type PointOptions,
  type PointTable,
} from '../../plugins/index.ts';
import { ANNOUNCED_MAX, EXTENTS_PER_ANSWER, PROCESS_LIST } from '../limits.ts';

const PREFIX = 'kernel/';

export type Numeric = GraftPoint<number, number>;

export class KernelPoints {
  readonly table: PointTable;
  /** The user whose consent a graft needs, by point; null: it needs a privileged installer. */
  readonly #owners = new Map<string, string | null>();
  readonly #callable: CallableTree;

  constructor(table: PointTable, callable: CallableTree) {
    this.table = table;
    this.#callable = callable;
  }

  /**
   * Declares a point of a user; owner null: a global one. It offers the callables of every point, and those that its
   * options name.
   */
  add(name: string, owner: string | null, options: Omit<PointOptions<number, number>, 'name'>): Numeric {
    const callable = { ...this.#callable, ...options.callable };
    const point = new GraftPoint<number, number>({ ...options, name: PREFIX + name, callable });
    this.#owners.set(point.name, owner);
    return this.table.add(point);
  }

  remove(point: Numeric | null): void {
    if (point === null) return;
    this.#owners.delete(point.name);
    this.table.remove(point as unknown as GraftPoint);
  }

  /** All paths below `prefix`, in the order of their declaration. */
  list(prefix = '/'): string[] {
    return this.table
      .list()
      .map((point) => `/${point.name}`)
      .filter((path) => path.startsWith(prefix));
  }

  /** Throws GRAFT_NEEDS if `user` may not put a graft at one of the points. */
  checkConsent(points: readonly string[], user: string, privileged: boolean): void {
    for (const name of points) {
      this.table.get(name);
      const owner = this.#owners.get(name) ?? null;
      if (owner === user || privileged) continue;
      const whose = owner === null ? 'is global and needs privilege' : `is ${owner}'s`;
      throw new GraftError('GRAFT_NEEDS', `/${name} ${whose}, ${user} may not graft it`);
    }
  }
}

/** Words that an application may write for its graft. Chosen. */
const SHARED_WORDS = 256;

/** Columns of the points. `shared` is the application's, for any message to its graft. */
export const EXTENT_COLUMNS = {
  /**
   * Blocks that the application will read next, in order; `[0]` of `announced_count` is their number. Application and
   * graft share both.
   */
  announced: { type: 'i32', length: ANNOUNCED_MAX },
  announced_count: { type: 'i32', length: 1 },
  /** The answer: pairs of a first block and a count. */
  extents: { type: 'i32', length: 2 * EXTENTS_PER_ANSWER },
} as const;

export const DELEGATE_COLUMNS = {
  /** The process list: thread numbers, and 1 for runnable, 2 for waiting. */
  ids: { type: 'i32', length: PROCESS_LIST },
  states: { type: 'i32', length: PROCESS_LIST },
  shared: { type: 'i32', length: SHARED_WORDS },
} as const;

export const evictionColumns = (frames: number, events: number) =>
  ({
    events: { type: 'i32', length: events },
    request: { type: 'i32', length: 2 },
    pages: { type: 'i32', length: frames },
    shared: { type: 'i32', length: SHARED_WORDS },
  }) as const;

/** The column of a name, in its declared type. */
export const int32 = (columns: Readonly<Record<string, Column>>, name: string): Int32Array =>
  columns[name] as Int32Array;
