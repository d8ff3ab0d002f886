// The graft-callable functions of the kernel: what a graft may do to it. Each locks, is charged, logs its undo and then
// changes something; and each looks at who calls: a graft sees and changes what its installer could.

import { badArgument, type Callable, type CallableTree, type Caller, WRITES } from '../../plugins/index.ts';
import {
  type Accessor,
  type Account,
  accessor,
  acquire,
  Lock,
  type LockClass,
  type Mode,
  READ,
  StateMap,
  unlock,
  WRITE,
} from '../../txn/index.ts';
import { LOCK_TIMEOUT_MS, PRIORITIES } from '../limits.ts';
import type { EventQueue } from '../machine/index.ts';
import type { ProcessList, Thread } from '../sched/index.ts';
import type { WirablePage } from '../vm/index.ts';
import { WIRED_PAGES } from './resources.ts';

/** What the accessors reach into. */
export interface Reach {
  readonly events: EventQueue;
  readonly list: ProcessList;
  thread(id: number): Thread | undefined;
  setPriority(thread: Thread, priority: number): void;
  /** The frame of a page of one of the user's address spaces, as a thing that can be wired; null: not resident. */
  page(owner: string, space: number, page: number): WirablePage | null;
  account(plugin: string): Account;
  charge_lock(): void;
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

/** It is forgotten when nobody holds it or waits for it. */
class NamedLock extends Lock {
  readonly #forget: () => void;

  constructor(forget: () => void) {
    super(USER_LOCKS);
    this.#forget = forget;
  }

  override released(): void {
    if (this.others === null && this.queue === null) this.#forget();
  }
}

/** Locks by name, each user's apart: a graft shares them with the threads and grafts of the same user. */
export class NamedLocks {
  readonly #locks = new Map<string, Lock>();

  get(owner: string, name: string): Lock {
    const key = `${owner}/${name}`;
    let lock = this.#locks.get(key);
    if (lock === undefined) {
      lock = new NamedLock(() => this.#locks.delete(key));
      this.#locks.set(key, lock);
    }
    return lock;
  }

  /** A lock that somebody holds or waits for. */
  find(owner: string, name: string): Lock | undefined {
    return this.#locks.get(`${owner}/${name}`);
  }

  all(): Lock[] {
    return [...this.#locks.values()];
  }
}

export class KernelAccessors {
  readonly locks = new NamedLocks();
  /** A little state that a user's grafts and threads share; the keys begin with the user. */
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
      this.#reach.charge_lock();
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

  /** What a graft may call wherever it stands. */
  readonly everywhere: CallableTree = {
    log: atOnce((caller, [line]) => caller.log(typeof line === 'string' ? line : badArgument('takes a text'))),
    now: atOnce(() => this.#reach.events.now_us),
    lock: atOnce(({ txn, installer }, [name]) => {
      this.#reach.charge_lock();
      return acquire(txn, this.locks.get(installer, text(name)), WRITE);
    }),
    unlock: atOnce(({ txn, installer }, [name]) =>
      unlock(txn, this.locks.find(installer, text(name)) ?? new Lock(USER_LOCKS)),
    ),
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
