// Accounts of resources (VINO: limits start at zero; the installer transfers some of its own, or is billed). Per resource a unit is free, held (an
// open handle: it comes back) or spent (a call made: it does not); over all accounts free + held + spent equals what was created.
//
// A call runs on an account of its own, opened from a source with the call's limits and closed into it: what it spent is charged to the source, also
// when the call aborts. Transfers, holds and returns belong to a transaction, lock the account, and are undone with it; what was spent of a transfer
// by then is charged to where it came from. Units that came in and are not committed yet (`pending`) serve only the tree that brought them.

import { acquire, Lock, type LockClass, type Ticket, WRITE } from './lock.ts';
import type { Transaction } from './transaction.ts';
import type { Tree } from './tree.ts';
import type { Undoable } from './undo-log.ts';

const ACCOUNT_LOCKS: LockClass = { name: 'account', timeout_ms: 1000 };

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

const add = (units: number[], index: number, amount: number): void => {
  units[index] = (units[index] as number) + amount;
};

/** The account's lock; its end makes what was pending ordinary. */
class AccountLock extends Lock {
  readonly account: Account;

  constructor(account: Account) {
    super(ACCOUNT_LOCKS);
    this.account = account;
  }

  override released(): void {
    this.account.pending = null;
  }
}

interface Move {
  readonly from: Account;
  readonly index: number;
  readonly amount: number;
}

const TRANSFER: Undoable = {
  name: 'account.transfer',
  undo(place, key) {
    const to = (place as Account).now();
    const { from: origin, index, amount } = key as Move;
    const from = origin.now();
    const back = Math.min(amount, to.free[index] as number);
    const gone = amount - back;
    add(to.free, index, -back);
    add(from.free, index, back);
    add(to.spent, index, -gone);
    add(from.spent, index, gone);
    to.unpend(index, amount);
  },
};

const HOLD: Undoable = {
  name: 'account.hold',
  undo(place, key, amount) {
    const account = (place as Account).now();
    add(account.held, key as number, -(amount as number));
    add(account.free, key as number, amount as number);
  },
};

const RETURN: Undoable = {
  name: 'account.return',
  undo(place, key, amount) {
    const account = (place as Account).now();
    add(account.free, key as number, -(amount as number));
    add(account.held, key as number, amount as number);
    account.unpend(key as number, amount as number);
  },
};

export class Account {
  /** Names of the resources; everything else is indexed alike. Accounts that deal with each other share the very array. */
  readonly resources: readonly string[];
  readonly free: number[];
  readonly held: number[];
  readonly spent: number[];
  /** Units of `free` that an unfinished transaction brought in, or null. */
  pending: number[] | null = null;
  readonly lock: Lock = new AccountLock(this);
  #source: Account | null = null;
  #closedInto: Account | null = null;

  constructor(resources: readonly string[]) {
    this.resources = resources;
    this.free = zeros(resources.length);
    this.held = zeros(resources.length);
    this.spent = zeros(resources.length);
  }

  /** Makes units out of nothing: what a base owns at its start. */
  create(index: number, amount: number): void {
    add(this.free, index, amount);
  }

  /** Spends free units for good; false where there are not enough, and nothing is spent. */
  spend(index: number, amount: number, tree: Tree | null = null): boolean {
    const left = (this.free[index] as number) - amount;
    if (!(left >= 0 && amount >= 0)) return false;
    if (this.pending !== null && this.available(index, tree) < amount) return false;
    this.free[index] = left;
    this.spent[index] = (this.spent[index] as number) + amount;
    return true;
  }

  /** Free units that `tree` may use: all but what another tree has brought in and may yet take back. */
  available(index: number, tree: Tree | null): number {
    const free = this.free[index] as number;
    return this.pending === null || (tree !== null && this.lock.heldBy(tree)) ? free : free - (this.pending[index] as number);
  }

  /**
   * Opens an account for one call, filled from this one: of each resource the limit, or what is there if that is less. Pass a closed account to
   * use its memory again; where that is impossible, a new one is made.
   */
  open(limits: readonly number[], tree: Tree | null = null, closed: Account | null = null): Account {
    const account = closed !== null && closed.lock.mode === 0 && closed.#source === null ? closed : new Account(this.resources);
    account.#source = this;
    account.#closedInto = null;
    for (let i = 0; i < limits.length; i++) {
      const amount = Math.min(limits[i] as number, this.pending === null ? (this.free[i] as number) : this.available(i, tree));
      this.free[i] = (this.free[i] as number) - amount;
      account.free[i] = amount;
    }
    return account;
  }

  /** Closes a call's account: what is free goes back, what was spent and is held is charged to where it was opened from. */
  close(): void {
    const source = this.#source;
    if (source === null) return;
    this.#source = null;
    this.#closedInto = source;
    for (let i = 0; i < this.free.length; i++) {
      source.free[i] = (source.free[i] as number) + (this.free[i] as number);
      source.held[i] = (source.held[i] as number) + (this.held[i] as number);
      source.spent[i] = (source.spent[i] as number) + (this.spent[i] as number);
      this.free[i] = 0;
      this.held[i] = 0;
      this.spent[i] = 0;
    }
  }

  /** The account that has this one's units now. */
  now(): Account {
    let account: Account = this;
    while (account.#closedInto !== null) account = account.#closedInto;
    return account;
  }

  /** @internal */
  unpend(index: number, amount: number): void {
    if (this.pending !== null) add(this.pending, index, -amount);
  }

  #pend(index: number, amount: number): void {
    this.pending ??= zeros(this.resources.length);
    add(this.pending, index, amount);
  }

  /** Moves free units to another account. A ticket: wait and try again. Too few: the transaction is doomed with `limit`, and that is thrown. */
  transfer(txn: Transaction, to: Account, index: number, amount: number): Ticket | null {
    txn.check();
    const ticket = acquire(txn, this.lock, WRITE) ?? acquire(txn, to.lock, WRITE);
    if (ticket !== null) return ticket;
    if (!(amount >= 0) || this.available(index, txn.tree) < amount) throw txn.doom('limit', this.resources[index]);
    txn.tree.log.push(TRANSFER, to, { from: this, index, amount } satisfies Move, null);
    add(this.free, index, -amount);
    add(to.free, index, amount);
    to.#pend(index, amount);
    return null;
  }

  /** Turns free units into held ones, for as long as a thing exists. A ticket: wait and try again. */
  hold(txn: Transaction, index: number, amount: number): Ticket | null {
    txn.check();
    const ticket = acquire(txn, this.lock, WRITE);
    if (ticket !== null) return ticket;
    if (!(amount >= 0) || this.available(index, txn.tree) < amount) throw txn.doom('limit', this.resources[index]);
    txn.tree.log.push(HOLD, this, index, amount);
    add(this.free, index, -amount);
    add(this.held, index, amount);
    return null;
  }

  /** Gives held units back. A ticket: wait and try again. */
  giveBack(txn: Transaction, index: number, amount: number): Ticket | null {
    txn.check();
    const ticket = acquire(txn, this.lock, WRITE);
    if (ticket !== null) return ticket;
    if (!(amount >= 0) || (this.held[index] as number) < amount) throw txn.doom('limit', this.resources[index]);
    txn.tree.log.push(RETURN, this, index, amount);
    add(this.held, index, -amount);
    add(this.free, index, amount);
    this.#pend(index, amount);
    return null;
  }
}
