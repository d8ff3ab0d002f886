// One transactional value that is its own lock. While a tree writes it, `old` keeps the committed value, so that a read
// from outside sees the last committed one and never an interim one.

import { Lock, type LockClass } from '../lock.ts';
import type { Tree } from '../tree.ts';

/** No value: a key that is not there. */
export const ABSENT = Symbol('absent');
/** A map's key that an unfinished transaction has deleted: no value, but it keeps its place. */
export const DELETED = Symbol('deleted');
export type Absent = typeof ABSENT | typeof DELETED;

export class Entry<V> extends Lock {
  value: V | Absent;
  /** The committed value while `dirty`. */
  old: V | Absent = ABSENT;
  dirty = false;

  constructor(lockClass: LockClass, value: V | Absent) {
    super(lockClass);
    this.value = value;
  }

  get lock(): Lock {
    return this;
  }

  /** The last committed value. */
  get committed(): V | Absent {
    return this.dirty ? this.old : this.value;
  }

  /** The before-image; the first write of a tree also keeps the committed value. */
  before(): V | Absent {
    if (!this.dirty) {
      this.old = this.value;
      this.dirty = true;
    }
    return this.value;
  }

  override released(_tree: Tree, _committed: boolean): void {
    this.dirty = false;
    this.old = ABSENT;
  }
}
