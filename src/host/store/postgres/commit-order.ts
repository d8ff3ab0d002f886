// One order of commits for memory and rows. Locks put transactions in an order by memory, PostgreSQL by rows, and the
// two could disagree: a transaction whose rows are those of an earlier state could lock and read what somebody has
// committed to memory since. Whoever commits leaves its number with the locks that it held, and a transaction that
// meets a larger number than that of its snapshot is taken back and made again. So whoever is before it by memory had
// committed before its snapshot, as it is with whoever's rows it reads; and what PostgreSQL makes sure of for rows
// alone then holds for both.
//
// A transaction in memory alone passes on the largest number that it has met.

import { CHANGE, type Lock, READ, type Tree, WRITE } from '../../../txn/index.ts';

/** The number of the commit that held a lock last, by the mode in which it did. */
interface Stamps {
  read: number;
  change: number;
  write: number;
}

const NONE: Readonly<Stamps> = { read: 0, change: 0, write: 0 };

/** The number that whoever holds a lock in `mode` comes after. */
const before = ({ read, change, write }: Stamps, mode: number): number => {
  if (mode === READ) return Math.max(change, write);
  return mode === CHANGE ? Math.max(read, write) : Math.max(read, change, write);
};

export class CommitOrder {
  /** The number of the commit that was answered last. */
  last = 0;
  readonly #stamps = new WeakMap<Lock, Stamps>();
  readonly #counts: (lock: Lock) => boolean;

  /** `counts`: whether a lock is of something that transactions tell each other by. */
  constructor(counts: (lock: Lock) => boolean) {
    this.#counts = counts;
  }

  #locks(tree: Tree): Lock[] {
    return tree.holds.filter((lock): lock is Lock => typeof lock === 'object' && this.#counts(lock));
  }

  /** The number of the last commit that `tree` comes after by what it has locked in memory. */
  behind(tree: Tree): number {
    let number = 0;
    for (const lock of this.#locks(tree)) number = Math.max(number, before(this.#stamps.get(lock) ?? NONE, lock.mode));
    return number;
  }

  /** `tree` commits, and lets its locks go then; `number`: of its commit, 0 where it is one in memory alone. */
  committed(tree: Tree, number: number): void {
    const left = number === 0 ? this.behind(tree) : number;
    if (left === 0) return;
    for (const lock of this.#locks(tree)) {
      const stamps = this.#stamps.get(lock) ?? { ...NONE };
      if (lock.mode === READ) stamps.read = left;
      else if (lock.mode === CHANGE) stamps.change = left;
      else if (lock.mode === WRITE) stamps.write = left;
      this.#stamps.set(lock, stamps);
    }
  }
}
