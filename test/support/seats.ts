// A few interchangeable seats, like the processes of one plugin: whoever finds none free waits for any one of them, so
// its wait in the graph is of the `any` kind. A seat is kept to the end of the top-level transaction; the driver calls
// `leave` then.

import { Aborted, endDeadlocks, type Transaction, type Tree, type Waiting } from '../../src/txn/index.ts';

export class SeatTicket implements Waiting {
  readonly any = true;
  readonly txn: Transaction;
  state: 'waiting' | 'granted' | 'given-up' = 'waiting';
  onSettled: (() => void) | null = null;
  readonly #seats: Seats;

  constructor(seats: Seats, txn: Transaction) {
    this.#seats = seats;
    this.txn = txn;
  }

  blockers(): Tree[] {
    return [...this.#seats.taken].map((root) => root.tree);
  }

  giveUp(): void {
    this.settle('given-up');
  }

  settle(state: 'granted' | 'given-up'): void {
    if (this.state !== 'waiting') return;
    this.state = state;
    this.#seats.queue.splice(this.#seats.queue.indexOf(this), 1);
    this.txn.tree.stopWaiting(this);
    this.onSettled?.();
  }
}

export class Seats {
  readonly count: number;
  /** The top-level transactions that sit. */
  readonly taken = new Set<Transaction>();
  readonly queue: SeatTicket[] = [];

  constructor(count: number) {
    this.count = count;
  }

  /** Takes a seat, or gives a ticket to wait for. */
  take(txn: Transaction): SeatTicket | null {
    txn.check();
    const root = txn.tree.root;
    if (this.taken.has(root)) return null;
    if (this.taken.size < this.count) {
      this.taken.add(root);
      return null;
    }
    const ticket = new SeatTicket(this, txn);
    this.queue.push(ticket);
    txn.tree.startWaiting(ticket);
    endDeadlocks(txn);
    const state = ticket.state as SeatTicket['state'];
    if (state === 'given-up') throw txn.doomed ?? new Aborted('deadlock', 'seat');
    return state === 'granted' ? null : ticket;
  }

  /** The transaction has ended: the first waiter sits down. */
  leave(root: Transaction): void {
    if (!this.taken.delete(root)) return;
    const next = this.queue[0];
    if (next === undefined) return;
    this.taken.add(next.txn.tree.root);
    next.settle('granted');
  }
}
