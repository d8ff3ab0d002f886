// Handles: open(name), read(handle), close(handle) over things of the host.
//
// A handle is a random text, known to one call of one graft and dead with it: another plugin, another call of the same
// plugin and a guess meet the same refusal, and no text is ever given out twice. What is open hangs on a lock of the
// call, so that every end of the transaction closes it, like any state that lives in its lock.

import { badArgument, type Callable, type CallableTree, type Caller } from '../../plugins/index.ts';
import { acquire, Lock, type Ticket, type Transaction, WRITE } from '../../txn/index.ts';
import { HANDLES_MAX } from './bounds.ts';
import { nameOf } from './names.ts';

/** Something that a graft has opened. */
export interface Opened {
  /** Plain data, at once, or a ticket to wait for. */
  read(caller: Caller): unknown | Ticket;
  /** Called once, at `close` or at the end of the transaction, whichever it is. */
  close?(): void;
}

/** Opens what a graft names, or gives null where there is nothing of that name for this caller. */
export type Opener = (name: string, caller: Caller) => Opened | null;

const CLASS = { name: 'handles', timeout_ms: Number.POSITIVE_INFINITY };

/** What one call has open. Nobody else ever asks for the lock. */
class Desk extends Lock {
  readonly opened = new Map<string, Opened>();
  readonly #gone: (desk: Desk) => void;

  constructor(gone: (desk: Desk) => void) {
    super(CLASS);
    this.#gone = gone;
  }

  close(handle: string): void {
    const opened = this.opened.get(handle);
    this.opened.delete(handle);
    opened?.close?.();
  }

  override released(): void {
    this.#gone(this);
    for (const handle of [...this.opened.keys()]) {
      try {
        this.close(handle);
      } catch {
        // The others are closed all the same.
      }
    }
  }
}

export class Handles {
  readonly #open: Opener;
  readonly #most: number;
  readonly #desks = new WeakMap<Transaction, Desk>();
  readonly #standing = new Set<Desk>();

  constructor(open: Opener, most = HANDLES_MAX) {
    this.#open = open;
    this.#most = most;
  }

  /** How many handles are open in all calls. */
  get open(): number {
    return [...this.#standing].reduce((sum, desk) => sum + desk.opened.size, 0);
  }

  #deskOf(txn: Transaction): Desk {
    let desk = this.#desks.get(txn);
    if (desk === undefined) {
      desk = new Desk((gone) => this.#standing.delete(gone));
      acquire(txn, desk, WRITE);
      this.#desks.set(txn, desk);
      this.#standing.add(desk);
    }
    return desk;
  }

  #find(
    { txn }: Caller,
    what: string,
    handle: unknown,
  ): { readonly desk: Desk; readonly handle: string; readonly opened: Opened } {
    const desk = this.#desks.get(txn);
    const opened = typeof handle === 'string' ? desk?.opened.get(handle) : undefined;
    if (desk === undefined || opened === undefined) return badArgument(`${what}: not a handle that this call has open`);
    return { desk, handle: handle as string, opened };
  }

  readonly #opening: Callable['run'] = (caller, [value]) => {
    const name = nameOf('open', value);
    const desk = this.#deskOf(caller.txn);
    if (desk.opened.size >= this.#most) throw caller.txn.doom('limit', 'handles');
    const opened = this.#open(name, caller) ?? badArgument('open: there is nothing of that name');
    const handle = crypto.randomUUID();
    desk.opened.set(handle, opened);
    return handle;
  };

  readonly callables: CallableTree = {
    open: { waits: false, run: this.#opening },
    read: { waits: false, run: (caller, [handle]) => this.#find(caller, 'read', handle).opened.read(caller) },
    close: {
      waits: false,
      run: (caller, [value]) => {
        const { desk, handle } = this.#find(caller, 'close', value);
        desk.close(handle);
      },
    },
  };
}
