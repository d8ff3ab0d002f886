// The real thing that random programs run on: a map, cells, a list, a counter, plain locks, accounts, seats, an outbox,
// and bombs (places whose undo throws).

import {
  Account,
  accessor,
  acquire,
  Cell,
  Counter,
  List,
  Lock,
  type LockClass,
  type Report,
  StateMap,
  Ticket,
  type Transaction,
  Transactions,
  type Tree,
  unlock,
  WRITE,
} from '../../src/txn/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Seats, SeatTicket } from '../support/seats.ts';
import { ACCOUNTS, BOMBS, LOCK_TIMEOUT_MS, LOCKS, type OtherAction, RESOURCES, type StateAction } from './actions.ts';
import { SEATS } from './lock-table.ts';
import { initialState } from './model.ts';

export const CREATED = 14;

export class Bomb {
  readonly lock: Lock;

  constructor(lockClass: LockClass) {
    this.lock = new Lock(lockClass);
  }
}

/** Changes nothing, and cannot be taken back. */
const touchBomb = accessor({
  name: 'bomb.touch',
  mode: WRITE,
  place: (bomb: Bomb) => bomb,
  change: {
    before: () => null,
    undo: () => {
      throw new Error('this undo fails');
    },
  },
  apply: () => 'touched',
});

export type AnyTicket = Ticket | SeatTicket;
export const isTicket = (value: unknown): value is AnyTicket => value instanceof Ticket || value instanceof SeatTicket;

const options = (name: string) => ({ name, lock_timeout_ms: LOCK_TIMEOUT_MS });
const classOf = (name: string): LockClass => ({ name, timeout_ms: LOCK_TIMEOUT_MS });

export class World {
  readonly clock = new ManualClock();
  readonly reports: Report[] = [];
  readonly transactions = new Transactions({ clock: this.clock, report: (report) => this.reports.push(report) });
  readonly map: StateMap<string, number>;
  readonly cells: Cell<number>[];
  readonly list: List<number>;
  readonly counter = new Counter(options('counter'));
  readonly locks = Array.from({ length: LOCKS }, (_, i) => new Lock(classOf(`lock${i}`)));
  readonly bombs = Array.from({ length: BOMBS }, (_, i) => new Bomb(classOf(`bomb${i}`)));
  /** The first ones own what there is; then one for each call. */
  readonly accounts: Account[] = [];
  readonly seats = new Seats(SEATS);
  readonly outbox: number[] = [];
  /** How often anybody has spent, so that a checker knows whether anybody has. */
  spends = 0;
  /** How many units the last account action was about. */
  moved = 0;
  readonly #items = new Map<Lock, string>();

  constructor() {
    const state = initialState();
    this.map = new StateMap(options('map'), state.map as Map<string, number>);
    this.cells = state.cells.map((value, i) => new Cell(value, options(`cell${i}`)));
    this.list = new List(options('list'), state.list);
    for (let i = 0; i < ACCOUNTS; i++) {
      const account = this.adopt(new Account(RESOURCES));
      for (let j = 0; j < RESOURCES.length; j++) account.create(j, CREATED);
    }
  }

  /** Knows an account from now on. */
  adopt(account: Account): Account {
    this.#items.set(account.lock, `account${this.accounts.length}`);
    this.accounts.push(account);
    return account;
  }

  /** How the lock table names a ticket's lock. */
  itemOf(ticket: AnyTicket): string {
    return ticket instanceof SeatTicket ? 'seat' : this.nameOf(ticket.lock);
  }

  nameOf(lock: Lock): string {
    return this.#items.get(lock) ?? lock.name;
  }

  /** Locks that can be looked at from outside, for comparing with the lock table. */
  visibleLocks(): Lock[] {
    return [
      ...this.map.entries.values(),
      ...this.cells.map((cell) => cell.entry),
      ...this.locks,
      ...this.bombs.map((bomb) => bomb.lock),
      ...this.accounts.map((account) => account.lock),
    ];
  }

  doState(txn: Transaction, action: StateAction): unknown {
    switch (action.do) {
      case 'get':
        return this.map.get(txn, action.key);
      case 'set':
        return this.map.set(txn, action.key, action.value);
      case 'delete':
        return this.map.delete(txn, action.key);
      case 'keys':
        return this.map.keys(txn);
      case 'read':
        return (this.cells[action.cell] as Cell<number>).get(txn);
      case 'write':
        return (this.cells[action.cell] as Cell<number>).set(txn, action.value);
      case 'push':
        return this.list.push(txn, action.value);
      case 'pop':
        return this.list.pop(txn);
      case 'item':
        return this.list.get(txn, action.index);
      case 'put':
        return this.list.set(txn, action.index, action.value);
      case 'length':
        return this.list.length(txn);
      case 'add':
        return this.counter.add(txn, action.value);
      case 'count':
        return this.counter.get(txn);
    }
  }

  doOther(txn: Transaction, action: OtherAction): unknown {
    switch (action.do) {
      case 'lock':
        return acquire(txn, this.locks[action.lock] as Lock, action.mode);
      case 'unlock':
        return unlock(txn, this.locks[action.lock] as Lock);
      case 'seat':
        return this.seats.take(txn);
      case 'bomb':
        return touchBomb.call(txn, this.bombs[action.bomb] as Bomb, null, null);
      case 'charge':
        if (action.amount > 0) this.spends++;
        txn.check();
        return txn.charge(action.resource, action.amount);
      case 'defer':
        return txn.defer({ leave: () => this.#leave(action.value, action.throws) });
      default:
        return this.#doAccount(txn, action, this.accounts[action.account] as Account);
    }
  }

  #doAccount(txn: Transaction, action: Extract<OtherAction, { account: number }>, account: Account): unknown {
    const { resource, amount } = action;
    this.moved = action.do === 'giveBack' ? Math.min(amount, account.held[resource] as number) : amount;
    switch (action.do) {
      case 'spend':
        if (amount > 0) this.spends++;
        return account.spend(resource, amount, txn.tree);
      case 'hold':
        return account.hold(txn, resource, amount);
      case 'giveBack':
        return account.giveBack(txn, resource, this.moved);
      case 'transfer':
        return account.transfer(txn, this.accounts[action.to] as Account, resource, amount);
      case 'fund':
        return account.transfer(txn, txn.account as Account, resource, amount);
    }
  }

  #leave(value: number, throws: boolean): void {
    this.outbox.push(value);
    if (throws) throw new Error('this effect fails');
  }

  /** The committed state, as it is seen from outside. */
  peek() {
    return {
      map: [...this.map.peekEntries()],
      cells: this.cells.map((cell) => cell.peek()),
      list: this.list.peek(),
      count: this.counter.peek(),
    };
  }

  /** Map and cells as `tree` would see them now, without taking locks. */
  viewOf(tree: Tree) {
    const seen = (entry: Lock & { value: unknown; committed: unknown }) =>
      entry.heldBy(tree) ? entry.value : entry.committed;
    const map = [...this.map.entries.values()].map((entry) => [entry.key, seen(entry)] as const);
    return {
      map: map.filter(([, value]) => typeof value === 'number'),
      cells: this.cells.map((cell) => seen(cell.entry)),
    };
  }
}
