// The naive lock table and wait-for graph: lists that are searched. It follows what the run does, hold by hold, and
// says of each step whether strict two-phase locking, service in order, and the rules for deadlocks and time-outs allow
// it. Items are named as the locks are.

import { type Mode, WRITE } from '../../src/txn/index.ts';

export const SEAT = 'seat';
export const SEATS = 2;

export interface Wait {
  readonly id: number;
  readonly item: string;
  readonly mode: Mode;
  readonly since: number;
}

interface Hold {
  readonly id: number;
  readonly item: string;
  readonly mode: Mode;
  /** Which level of nesting took it. */
  depth: number;
}

export class LockTable {
  holds: Hold[] = [];
  waits: Wait[] = [];

  modeOf(id: number, item: string): number {
    return this.holds.reduce((mode, hold) => (hold.id === id && hold.item === item ? mode | hold.mode : mode), 0);
  }

  others(id: number, item: string): number[] {
    return [...new Set(this.holds.filter((hold) => hold.item === item && hold.id !== id).map((hold) => hold.id))];
  }

  queue(item: string): Wait[] {
    return this.waits.filter((wait) => wait.item === item);
  }

  /** Whether the holders leave room. */
  fits(id: number, item: string, mode: Mode): boolean {
    const mine = this.modeOf(id, item);
    const others = this.others(id, item);
    if (item === SEAT) return mine !== 0 || others.length < SEATS;
    if (mine !== 0) return (mine | mode) === mine || others.length === 0;
    return others.every((other) => mode !== WRITE && this.modeOf(other, item) === mode);
  }

  /** Whether it is to be granted at once: nobody who came before is passed by, but holders go first. */
  grantable(id: number, item: string, mode: Mode): boolean {
    return this.fits(id, item, mode) && (this.modeOf(id, item) !== 0 || this.queue(item).length === 0);
  }

  hold(id: number, item: string, mode: Mode, depth: number): void {
    this.holds.push({ id, item, mode, depth });
  }

  join(wait: Wait): void {
    const behind =
      this.modeOf(wait.id, wait.item) === 0
        ? undefined
        : this.queue(wait.item).find((one) => this.modeOf(one.id, wait.item) === 0);
    this.waits.splice(behind === undefined ? this.waits.length : this.waits.indexOf(behind), 0, wait);
  }

  leave(wait: Wait): void {
    this.waits = this.waits.filter((one) => one !== wait);
  }

  isHead(wait: Wait): boolean {
    return this.queue(wait.item)[0] === wait;
  }

  /** A nested commit: what the child held is its parent's. */
  handUp(id: number, depth: number): void {
    for (const hold of this.holds) if (hold.id === id && hold.depth > depth) hold.depth = depth;
  }

  /** An abort of the level `depth` with all inside, or the end. A seat stays to the end. */
  release(id: number, depth: number): void {
    this.holds = this.holds.filter((hold) => hold.id !== id || hold.depth < depth || (hold.item === SEAT && depth > 0));
    this.waits = this.waits.filter((wait) => wait.id !== id);
  }

  blockers(wait: Wait): number[] {
    const { id, item, mode } = wait;
    const others = this.others(id, item);
    if (item === SEAT) return others;
    const queue = this.queue(item);
    const ahead = queue.slice(0, queue.indexOf(wait)).map((one) => one.id);
    if (this.modeOf(id, item) !== 0) return [...others, ...ahead];
    return [...others.filter((other) => mode === WRITE || this.modeOf(other, item) !== mode), ...ahead];
  }

  /** Transactions that can never go on, whatever the others do. */
  stuck(): Set<number> {
    const free = new Set(this.holds.map((hold) => hold.id).filter((id) => !this.waits.some((wait) => wait.id === id)));
    for (let before = -1; before !== free.size; ) {
      before = free.size;
      for (const wait of this.waits) {
        const blockers = this.blockers(wait);
        const goes = wait.item === SEAT ? blockers.some((id) => free.has(id)) : blockers.every((id) => free.has(id));
        if (goes) free.add(wait.id);
      }
    }
    return new Set(this.waits.map((wait) => wait.id).filter((id) => !free.has(id)));
  }

  /** The youngest of the deadlock that `id` is in, or 0. */
  youngestWith(id: number): number {
    const stuck = this.stuck();
    if (!stuck.has(id)) return 0;
    const reach = (from: number): Set<number> => {
      const found = new Set([from]);
      for (const one of found)
        for (const wait of this.waits)
          if (wait.id === one) for (const next of this.blockers(wait)) if (stuck.has(next)) found.add(next);
      return found;
    };
    return Math.max(...[...reach(id)].filter((other) => reach(other).has(id)));
  }

  /** The deepest level of `id` whose abort lets `wait` in. */
  smallest(id: number, wait: Wait): number {
    const mine = this.holds.filter((hold) => hold.id === id && hold.item === wait.item);
    for (let depth = Math.max(...mine.map((hold) => hold.depth)); depth > 0; depth--) {
      const left = mine.reduce((mode, hold) => (hold.depth < depth ? mode | hold.mode : mode), 0);
      if (left === 0 || (left === wait.mode && left !== WRITE)) return depth;
    }
    return 0;
  }
}
