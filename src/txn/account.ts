// Accounts of resources. As in VINO, limits start at zero; the installer transfers some of its own, or is billed. Per
// resource a unit is free, held (an open handle: it comes back) or spent (a call made: it does not come back). Over all
// accounts, free + held + spent equals what was created.
//
// A call has an account of its own. It is opened from a source account with the call's limits, and closed into it: what
// the call spent is charged to the source, also when the call aborts. Transfers, holds and returns belong to a
// transaction. They lock the account and are undone with the transaction; what was spent of a transfer by then is
// charged to the account that it came from.
//
// Units that came in and are not committed yet serve only the tree that brought them in. Of these, units that were
// given back can only be held again, since the undo needs them. An account that an unfinished transaction has locked is
// closed when that transaction ends.
//
// `keep` and `drop` hold without the lock: for accounts that many transactions use at a time, and none transfers from.
//
// An account changes only after its undo record is written, and then by plain assignments: the stack may run out in any
// call before.

import { TransactionError } from './abort.ts';
import { acquire, Lock, type LockClass, type Ticket, WRITE } from './lock.ts';
import type { Transaction } from './transaction.ts';
import type { Tree } from './tree.ts';
import type { Undoable } from './undo-log.ts';

const ACCOUNT_LOCKS: LockClass = { name: 'account', timeout_ms: 1000 };

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

const add = (units: number[], index: number, amount: number): void => {
  units[index] = (units[index] as number) + amount;
};

/** Adds all of `from` to `to`, and leaves zeros. */
const move = (from: number[], to: number[]): void => {
  for (let i = 0; i < from.length; i++) {
    const amount = from[i] as number;
    if (amount === 0) continue;
    to[i] = (to[i] as number) + amount;
    from[i] = 0;
  }
};

/** The account's lock. When it is released, pending units become ordinary, and a delayed closing is carried out. */
class AccountLock extends Lock {
  readonly account: Account;

  constructor(account: Account) {
    super(ACCOUNT_LOCKS);
    this.account = account;
  }

  override released(): void {
    this.account.settle();
  }
}

interface Move {
  readonly from: Account;
  readonly index: number;
  readonly amount: number;
}

/** Units of `free` that an unfinished transaction brought in. */
interface Pending {
  /** Units that came by transfers. */
  readonly moved: number[];
  /** Units that were given back; they are part of `free` already. */
  readonly returned: number[];
}

const TRANSFER: Undoable = {
  name: 'account.transfer',
  undo(place, key) {
    const to = place as Account;
    const { from, index, amount } = key as Move;
    const pending = to.pending as Pending;
    to.recall(index, amount - to.spendable(index));
    const back = Math.min(amount, to.spendable(index));
    const gone = amount - back;
    add(to.free, index, -back);
    add(from.free, index, back);
    add(to.spent, index, -gone);
    add(from.spent, index, gone);
    add(pending.moved, index, -amount);
  },
};

interface Held {
  readonly amount: number;
  /** How many of the held units had been given back in the same transaction. */
  readonly again: number;
}

const HOLD: Undoable = {
  name: 'account.hold',
  undo(place, key, before) {
    const account = place as Account;
    const { amount, again } = before as Held;
    add(account.held, key as number, -amount);
    add(account.free, key as number, amount);
    if (again > 0) add((account.pending as Pending).returned, key as number, again);
  },
};

const RETURN: Undoable = {
  name: 'account.return',
  undo(place, key, amount) {
    const account = place as Account;
    add(account.free, key as number, -(amount as number));
    add(account.held, key as number, amount as number);
    add((account.pending as Pending).returned, key as number, -(amount as number));
  },
};

const KEEP: Undoable = {
  name: 'account.keep',
  isSilent: true,
  undo: (place, key, amount) => (place as Account).drop(key as number, amount as number),
};

export class Account {
  /**
   * Names of the resources; every other list has the same index. Accounts that deal with each other share this very
   * array.
   */
  readonly resources: readonly string[];
  readonly free: number[];
  readonly held: number[];
  readonly spent: number[];
  /** @internal Units of `free` that an unfinished transaction brought in; null: none. */
  pending: Pending | null = null;
  readonly lock: Lock = new AccountLock(this);
  #source: Account | null = null;
  #closedInto: Account | null = null;
  #closing = false;
  /** The number of open accounts that were opened from this one. */
  #opened = 0;
  /** The open ones among them that may have got units which an abort takes back; null: none. */
  #lent: Set<Account> | null = null;

  constructor(resources: readonly string[]) {
    this.resources = resources;
    this.free = zeros(resources.length);
    this.held = zeros(resources.length);
    this.spent = zeros(resources.length);
  }

  /** Creates units: what a base owns at its start. */
  create(index: number, amount: number): void {
    add(this.free, index, amount);
  }

  /** Spends free units for good. False: there are not enough, and nothing is spent. */
  spend(index: number, amount: number, tree: Tree | null = null): boolean {
    const left = (this.free[index] as number) - amount;
    if (!(left >= 0 && amount >= 0)) return false;
    if (this.pending !== null && this.available(index, tree) < amount) return false;
    this.free[index] = left;
    this.spent[index] = (this.spent[index] as number) + amount;
    return true;
  }

  /** Free units, without given-back ones that are not committed. */
  spendable(index: number): number {
    return (this.free[index] as number) - (this.pending === null ? 0 : (this.pending.returned[index] as number));
  }

  /** Free units that `tree` may use: all but those that another tree has brought in and may still take back. */
  available(index: number, tree: Tree | null): number {
    const units = this.spendable(index);
    if (this.pending === null || (tree !== null && this.lock.heldBy(tree))) return units;
    return Math.max(0, units - (this.pending.moved[index] as number));
  }

  /**
   * Opens an account for one call, filled from this one: of each resource the limit, or as much as there is. Pass a
   * closed account to reuse its memory; if that is impossible, a new one is made.
   */
  open(limits: readonly number[], tree: Tree | null = null, closed: Account | null = null): Account {
    const account = closed === null || !closed.#isIdle() ? new Account(this.resources) : closed;
    account.#source = this;
    account.#closedInto = null;
    this.#opened++;
    if (tree !== null && (this.pending !== null || this.#isLent())) {
      this.#lent ??= new Set();
      this.#lent.add(account);
    }
    const { free, pending } = this;
    for (let i = 0; i < limits.length; i++) {
      const amount = Math.min(limits[i] as number, pending === null ? (free[i] as number) : this.available(i, tree));
      free[i] = (free[i] as number) - amount;
      account.free[i] = amount;
    }
    return account;
  }

  #isLent(): boolean {
    const lent = this.#source === null ? null : this.#source.#lent;
    return lent?.has(this) ?? false;
  }

  #isIdle(): boolean {
    return this.#closedInto !== null && this.#opened === 0 && this.lock.mode === 0 && this.lock.queue === null;
  }

  /** Closes a call's account: free units go back; spent and held ones are charged to the account it was opened from. */
  close(): void {
    const source = this.#source;
    if (source === null) return;
    if (this.lock.mode !== 0) this.#closing = true;
    else this.#closeInto(source);
  }

  #closeInto(opener: Account): void {
    this.#source = null;
    this.#closedInto = opener;
    this.#closing = false;
    opener.#opened--;
    opener.#lent?.delete(this);
    const source = opener.#now();
    move(this.free, source.free);
    move(this.held, source.held);
    move(this.spent, source.spent);
  }

  /** The account that has this one's units now. */
  #now(): Account {
    let account: Account = this;
    while (account.#closedInto !== null) account = account.#closedInto;
    return account;
  }

  /** @internal The transaction that had locked the account has ended. */
  settle(): void {
    this.pending = null;
    if (this.#closing) this.#closeInto(this.#source as Account);
  }

  /** @internal Takes free units back from the accounts that an aborted transaction has opened from this one. */
  recall(index: number, wanted: number): void {
    if (this.#lent === null || wanted <= 0) return;
    let missing = wanted;
    for (const account of this.#lent) {
      account.recall(index, missing - account.spendable(index));
      const units = Math.min(missing, account.spendable(index));
      add(account.free, index, -units);
      add(this.free, index, units);
      missing -= units;
    }
  }

  #expect(): Pending {
    this.pending ??= { moved: zeros(this.resources.length), returned: zeros(this.resources.length) };
    return this.pending;
  }

  #checkOpen(): void {
    if (this.#closedInto !== null) throw new TransactionError('GRAFT_TXN_MISUSE', 'the account is closed');
  }

  /**
   * Moves free units to another account. A ticket: wait and call again. If there are too few, the transaction is doomed
   * with `limit`, and that is thrown.
   */
  transfer(txn: Transaction, to: Account, index: number, amount: number): Ticket | null {
    const ticket = acquire(txn, this.lock, WRITE) ?? acquire(txn, to.lock, WRITE);
    if (ticket !== null) return ticket;
    this.#checkOpen();
    to.#checkOpen();
    if (!(amount >= 0 && this.spendable(index) >= amount)) throw txn.doom('limit', this.resources[index]);
    const { moved } = to.#expect();
    txn.tree.log.push(TRANSFER, to, { from: this, index, amount } satisfies Move, null);
    this.free[index] = (this.free[index] as number) - amount;
    to.free[index] = (to.free[index] as number) + amount;
    moved[index] = (moved[index] as number) + amount;
    return null;
  }

  /** Turns free units into held ones, while a resource is open. A ticket: wait and call again. */
  hold(txn: Transaction, index: number, amount: number): Ticket | null {
    const ticket = acquire(txn, this.lock, WRITE);
    if (ticket !== null) return ticket;
    this.#checkOpen();
    if (!(amount >= 0 && (this.free[index] as number) >= amount)) throw txn.doom('limit', this.resources[index]);
    const returned = this.pending?.returned;
    const again = returned === undefined ? 0 : Math.min(amount, returned[index] as number);
    txn.tree.log.push(HOLD, this, index, { amount, again } satisfies Held);
    this.free[index] = (this.free[index] as number) - amount;
    this.held[index] = (this.held[index] as number) + amount;
    if (returned !== undefined) returned[index] = (returned[index] as number) - again;
    return null;
  }

  /**
   * Holds free units without the account's lock: others go on using the account, and nobody waits. Too few: the
   * transaction is doomed with `limit`, and that is thrown.
   */
  keep(txn: Transaction, index: number, amount: number): void {
    this.#checkOpen();
    if (!(amount >= 0 && this.available(index, txn.tree) >= amount)) throw txn.doom('limit', this.resources[index]);
    txn.tree.log.push(KEEP, this, index, amount);
    this.free[index] = (this.free[index] as number) - amount;
    this.held[index] = (this.held[index] as number) + amount;
  }

  /**
   * Gives back what `keep` holds, for good. Inside a transaction that is an effect: what others have taken by then, an
   * abort could not get back.
   */
  drop(index: number, amount: number): void {
    this.held[index] = (this.held[index] as number) - amount;
    this.free[index] = (this.free[index] as number) + amount;
  }

  /** Gives held units back. A ticket: wait and try again. */
  giveBack(txn: Transaction, index: number, amount: number): Ticket | null {
    const ticket = acquire(txn, this.lock, WRITE);
    if (ticket !== null) return ticket;
    this.#checkOpen();
    if (!(amount >= 0 && (this.held[index] as number) >= amount)) throw txn.doom('limit', this.resources[index]);
    const { returned } = this.#expect();
    txn.tree.log.push(RETURN, this, index, amount);
    this.held[index] = (this.held[index] as number) - amount;
    this.free[index] = (this.free[index] as number) + amount;
    returned[index] = (returned[index] as number) + amount;
    return null;
  }
}
