// The connections on which transactions run: a few, each an ordinary lock that one tree holds to its end (line.ts). So
// a transaction that waits for a connection waits in the one wait graph. Who waits joins the shortest queue; when
// another connection gets free, somebody who waits is sent there.

import {
  acquire,
  type Lock,
  type LockClass,
  type Ticket,
  type Transaction,
  type Tree,
  WRITE,
} from '../../../txn/index.ts';
import { Line, type LineOptions } from './line.ts';

/** Nobody is to blame for having a connection: a request's total time bounds how long. */
const CLASS: LockClass = { name: 'store-connection', timeout_ms: Number.POSITIVE_INFINITY };

export const isConnection = (lock: Lock): boolean => lock.class === CLASS;

export class Pool {
  readonly #options: Omit<LineOptions, 'class' | 'released'>;
  readonly #count: number;
  readonly #lines: Line[] = [];

  constructor(count: number, options: Omit<LineOptions, 'class' | 'released'>) {
    this.#count = count;
    this.#options = options;
  }

  /** The connection that `txn` has. A ticket: wait and call again. */
  take(txn: Transaction): Line | Ticket {
    txn.check();
    const line = this.of(txn.tree) ?? this.#next();
    return acquire(txn, line, WRITE) ?? line;
  }

  /** The connection of a tree; undefined: it has none. */
  of(tree: Tree): Line | undefined {
    return this.#lines.find((line) => line.owner === tree);
  }

  /** The tree that a process of the database works for; undefined: none. */
  treeOf(pid: number): Tree | undefined {
    return this.#lines.find((line) => line.pid === pid)?.owner ?? undefined;
  }

  /** The smallest transaction of a tree whose abort gives its connection back. */
  holderOf(tree: Tree): Transaction {
    const at = tree.holds.findIndex((lock) => lock instanceof Line);
    return at === -1 ? tree.root : tree.ownerOfHold(at);
  }

  #next(): Line {
    const free = this.#lines.find(isFree);
    if (free !== undefined) return free;
    if (this.#lines.length < this.#count) {
      const line = new Line({ ...this.#options, class: CLASS, released: (one) => this.#released(one) });
      this.#lines.push(line);
      return line;
    }
    return this.#lines.reduce((shortest, line) => (waiting(line) < waiting(shortest) ? line : shortest));
  }

  #released(line: Line): void {
    queueMicrotask(() => {
      if (!isFree(line)) return;
      const longest = this.#lines.reduce((most, one) => (waiting(one) > waiting(most) ? one : most));
      longest.queue?.[0]?.giveUp();
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.map((line) => line.close()));
  }
}

const isFree = (line: Line): boolean => line.mode === 0 && line.queue === null;
const waiting = (line: Line): number => line.queue?.length ?? 0;
