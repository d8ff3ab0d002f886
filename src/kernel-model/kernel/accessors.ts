// The accessors of the kernel: everything that a graft may do to it. Each locks, is charged, logs its undo and then
// changes state. Each also checks the user: a graft sees and changes only what its installer could.

import { badArgument, type Callable, type CallableTree, type Caller, WRITES } from '../../plugins/index.ts';
import {
  type Accessor,
  type Account,
  accessor,
  acquire,
  type Lock,
  type LockClass,
  type Mode,
  NamedLocks,
  READ,
  StateMap,
  WRITE,
} from '../../txn/index.ts';
import { LOCK_TIMEOUT_MS, PRIORITIES } from '../limits.ts';
import type { EventQueue } from '../machine/index.ts';
import type { ProcessList, Thread } from '../sched/index.ts';
import type { WirablePage } from '../vm/index.ts';
import { WIRED_PAGES } from './resources.ts';

/** The kernel as the accessors need it. */
export interface Reach {
  readonly events: EventQueue;
  readonly list: ProcessList;
  thread(id: number): Thread | undefined;
  setPriority(thread: Thread, priority: number): void;
  /** A page of one of the user's address spaces, for wiring; null: not resident. */
  page(owner: string, space: number, page: number): WirablePage | null;
  account(plugin: string): Account;
  chargeLock(): void;
}

const USER_LOCKS: LockClass = { name: 'user', timeout_ms: LOCK_TIMEOUT_MS.user };
const NAME_MAX = 64;

const atOnce = (run: Callable['run']): Callable => ({ waits: false, run });
const text = (value: unknown): string =>
  typeof value === 'string' && value.length <= NAME_MAX ? value : badArgument('takes a short text');
const whole = (value: unknown, below: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < below
    ? value
    : badArgument(`takes a number below ${below}`);

/** The name of a user's lock among all users' locks: no two users share a lock by its name. */
export const userLock = (user: string, name: string): string => `${user}/${name}`;

export class KernelAccessors {
  /** Locks by name, each user's apart: a graft shares them with the threads and grafts of the same user. */
  readonly locks = new NamedLocks(USER_LOCKS);
  /** A small state that a user's grafts and threads share; the keys begin with the user. */
  readonly shared = new StateMap<string, number>({
    name: 'shared',
    lock_timeout_ms: LOCK_TIMEOUT_MS.user,
    writes: { resource: WRITES, cost: 1 },
  });
  readonly #reach: Reach;
  readonly #setPriority: Accessor<Thread, null, number, Thread, void>;
  readonly #wire: Accessor<WirablePage, null, readonly Account[], WirablePage, void>;

  constructor(reach: Reach) {
    this.#reach = reach;
    this.#setPriority = accessor({
      name: 'thread.set-priority',
      mode: WRITE,
      place: (thread: Thread) => thread,
      cost: 1,
      resource: WRITES,
      change: {
        before: (thread) => thread.priority,
        undo: (thread, _, before) => reach.setPriority(thread, before as number),
      },
      apply: (thread, _: null, priority: number) => reach.setPriority(thread, priority),
    });
    this.#wire = accessor({
      name: 'page.wire',
      mode: WRITE,
      place: (page: WirablePage) => page,
      change: {
        before: (page) => page.payers,
        undo: (page, _, before) => {
          page.payers = before as readonly Account[];
        },
      },
      apply: (page, _: null, payers: readonly Account[]) => {
        page.payers = payers;
      },
    });
  }

  /** The accessor that takes a certain lock. */
  lockOf(lock: () => Lock, mode: Mode): Callable {
    return atOnce(({ txn }) => {
      this.#reach.chargeLock();
      return acquire(txn, lock(), mode);
    });
  }

  #own(caller: Caller, id: unknown): Thread {
    const thread = this.#reach.thread(whole(id, 2 ** 31));
    return thread?.owner === caller.installer ? thread : badArgument('no thread of yours');
  }

  #changeWires(caller: Caller, args: readonly unknown[], by: 1 | -1): unknown {
    const page = this.#reach.page(caller.installer, whole(args[0], 2 ** 31), whole(args[1], 2 ** 31));
    if (page === null) return badArgument('no resident page of yours');
    const account = this.#reach.account(caller.plugin);
    const at = page.payers.indexOf(account);
    if (by < 0 && at < 0) return badArgument('the page is not wired by you');
    const locked = acquire(caller.txn, page.lock, WRITE);
    if (locked !== null) return locked;
    const ticket = by > 0 ? account.hold(caller.txn, WIRED_PAGES, 1) : account.giveBack(caller.txn, WIRED_PAGES, 1);
    return (
      ticket ??
      this.#wire.call(caller.txn, page, null, by > 0 ? [...page.payers, account] : page.payers.toSpliced(at, 1))
    );
  }

  /** The callables of every point. */
  readonly everywhere: CallableTree = {
    log: atOnce((caller, [line]) => caller.log(typeof line === 'string' ? line : badArgument('takes a text'))),
    now: atOnce(() => this.#reach.events.now_us),
    lock: atOnce(({ txn, installer }, [name]) => {
      this.#reach.chargeLock();
      return this.locks.acquire(txn, userLock(installer, text(name)));
    }),
    unlock: atOnce(({ txn, installer }, [name]) => this.locks.unlock(txn, userLock(installer, text(name)))),
    shared: {
      get: atOnce(({ txn, installer }, [key]) => this.shared.get(txn, `${installer}/${text(key)}`)),
      set: atOnce(({ txn, installer }, [key, value]) =>
        this.shared.set(
          txn,
          `${installer}/${text(key)}`,
          typeof value === 'number' ? value : badArgument('takes a number'),
        ),
      ),
    },
    threads: {
      lock: this.lockOf(() => this.#reach.list.lock, READ),
      priority: atOnce((caller, [id]) => {
        const thread = this.#own(caller, id);
        return acquire(caller.txn, thread.lock, READ) ?? thread.priority;
      }),
      setPriority: atOnce((caller, [id, priority]) =>
        this.#setPriority.call(caller.txn, this.#own(caller, id), null, whole(priority, PRIORITIES)),
      ),
    },
    memory: {
      wire: atOnce((caller, args) => this.#changeWires(caller, args, 1)),
      unwire: atOnce((caller, args) => this.#changeWires(caller, args, -1)),
    },
  };
}
