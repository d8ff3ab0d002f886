// Handles: open(name), read(handle), close(handle) over resources of the host.
//
// A handle is a random text, known to one call of one graft, and it dies with the call. Another plugin, another call of
// the same plugin and a guess meet the same refusal, and no text is ever given out twice. The open resources of a call
// belong to a lock of the call, so every end of the transaction closes them.

import {
  type Callable,
  type CallableTree,
  type Caller,
  HANDLES,
  type Keeper,
  unexpected,
} from '../../plugins/index.ts';
import { acquire, Lock, type Ticket, type Transaction, type Tree, WRITE } from '../../txn/index.ts';
import { HANDLES_MAX } from './bounds.ts';
import { nameOf } from './names.ts';

/** An open resource. */
export interface Opened {
  /** Plain data, at once, or a ticket to wait for. */
  read(caller: Caller): unknown | Ticket;
  /** Called once, at `close` or at the end of the transaction, whichever it is. */
  close?(): void;
}

/** Opens the resource that a graft names; null: there is none of that name for this caller. */
export type Opener = (name: string, caller: Caller) => Opened | null;

const CLASS = { name: 'handles', timeout_ms: Number.POSITIVE_INFINITY };

/**
 * The open handles of one call. They are a lock of their own, which nothing else acquires: the call's end releases it.
 */
class OpenHandles extends Lock {
  readonly opened = new Map<string, Opened>();
  /** Who keeps them, and how many were open at a time: so many are held to the end. */
  readonly #keeper: Keeper | null;
  #kept = 0;
  readonly #gone: (handles: OpenHandles) => void;

  constructor(keeper: Keeper | null, gone: (handles: OpenHandles) => void) {
    super(CLASS);
    this.#keeper = keeper;
    this.#gone = gone;
  }

  /** Holds one more where as many are open as are held. */
  keep(txn: Transaction): void {
    if (this.opened.size < this.#kept) return;
    this.#keeper?.keep(txn, HANDLES, 1);
    this.#kept++;
  }

  close(handle: string): void {
    const opened = this.opened.get(handle);
    this.opened.delete(handle);
    opened?.close?.();
  }

  override released(_tree: Tree, committed: boolean): void {
    this.#gone(this);
    if (committed) this.#keeper?.dropNow(HANDLES, this.#kept);
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
  readonly #calls = new WeakMap<Transaction, OpenHandles>();
  readonly #all = new Set<OpenHandles>();

  constructor(open: Opener, most = HANDLES_MAX) {
    this.#open = open;
    this.#most = most;
  }

  /** The number of open handles in all calls. */
  get open(): number {
    return [...this.#all].reduce((sum, handles) => sum + handles.opened.size, 0);
  }

  #openOf({ txn, keeper = null }: Caller): OpenHandles {
    let handles = this.#calls.get(txn);
    if (handles === undefined) {
      handles = new OpenHandles(keeper, (gone) => this.#all.delete(gone));
      acquire(txn, handles, WRITE);
      this.#calls.set(txn, handles);
      this.#all.add(handles);
    }
    return handles;
  }

  #find(
    { txn }: Caller,
    what: string,
    handle: unknown,
  ): { readonly handles: OpenHandles; readonly handle: string; readonly opened: Opened } {
    const handles = this.#calls.get(txn);
    const opened = typeof handle === 'string' ? handles?.opened.get(handle) : undefined;
    if (handles === undefined || opened === undefined)
      return unexpected(what, 'a handle that this call has open', handle);
    return { handles, handle: handle as string, opened };
  }

  readonly #opening: Callable['run'] = (caller, [value]) => {
    const name = nameOf('open', value);
    const handles = this.#openOf(caller);
    if (handles.opened.size >= this.#most) throw caller.txn.doom('limit', 'handles');
    handles.keep(caller.txn);
    const opened = this.#open(name, caller) ?? unexpected('open', 'the name of something', name);
    const handle = crypto.randomUUID();
    handles.opened.set(handle, opened);
    return handle;
  };

  readonly callables: CallableTree = {
    open: { waits: false, run: this.#opening },
    read: { waits: false, run: (caller, [handle]) => this.#find(caller, 'read', handle).opened.read(caller) },
    close: {
      waits: false,
      run: (caller, [value]) => {
        const { handles, handle } = this.#find(caller, 'close', value);
        handles.close(handle);
      },
    },
  };
}
