// The one interface of all compartments: a compartment runs a plugin's code. It calls a graft's function and says how
// that ended; it knows nothing of points, policies or checks. In-thread kinds answer before `run` returns; kinds that
// can wait answer later, through `ended`.

import type { Transaction } from '../../txn/index.ts';
import type { ColumnMemory } from '../columns.ts';
import type { Failure } from '../protocol.ts';

/** The kinds that ship. A kind of another package has a name of its own. */
export type CompartmentKind = 'direct' | 'ses' | 'metered' | 'isolate' | 'process';

/** How a graft's function ended. `value` is plain data, checked; a `failed` one is described by bounded text. */
export type Ending =
  | { readonly kind: 'value'; readonly value: unknown; readonly own_ms: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly own_ms: number }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly own_ms: number };

/** One call of a graft, as its compartment sees it. */
export interface CompartmentCall {
  /** Index of the graft in its plugin's manifest. */
  readonly index: number;
  /** Plain data, checked. */
  readonly input: unknown;
  readonly own_ms: number;
  /** The principal: calls of different ones never use the same heap. */
  readonly principal: string;
  /** The call's work is kept only when a transaction around it commits, which may take long. */
  readonly lingers: boolean;
  /** The graft of an event: its answer is ignored. */
  readonly ignoresAnswer: boolean;
  /** For the compartment's own use: the heap or process of the call, now or before. Null at first. */
  at: object | null;
  /** The transaction of the attempt that runs now. */
  readonly txn: Transaction;
  /**
   * The graft calls accessor number `index` (in the order given at load). Gives the answer, or a promise of it where
   * the compartment can wait. Throws what the graft shall see. Arguments that crossed as text are given as the JSON
   * text of their list, `''` for none, and need no check; others are plain data, checked by whoever calls.
   */
  callAccessor(index: number, args: readonly unknown[] | string): unknown | Promise<unknown>;
  /** The graft says a line on its console; checked by isConsoleLine (realm/outside.ts). */
  tell(level: number, text: string): void;
  /** The attempt is lost and nobody's fault: take it back and begin a new one. False where the call is over already. */
  restart(): boolean;
  /** For compartments that wait: the end of the call, reported once. */
  ended(ending: Ending): void;
}

/** The source of a compartment. */
export interface CompartmentSource {
  readonly plugin: string;
  /** A script whose value is the exports object. */
  readonly code: string;
  readonly memory_mb: number;
  readonly load_ms: number;
  readonly grafts: readonly GraftSource[];
  /** Takes lines that the module says on its console while it is evaluated. */
  readonly tell?: ((level: number, text: string) => void) | undefined;
}

export interface GraftSource {
  readonly export: string;
  /** The name of its point; a maker may choose by it where the graft runs. */
  readonly point?: string;
  /** The input is a list, and the function is called once for each of its rows. */
  readonly rows?: boolean;
  /** Dotted names of the accessors that it may call; a call's `callAccessor` counts in this order. */
  readonly callable: readonly string[];
  /**
   * Memory shared with the host, which the graft finds as `api.columns.NAME`: typed arrays of its own over these
   * buffers.
   */
  readonly columns: readonly ColumnMemory[];
}

/** One plugin's code, loaded. */
export interface Compartment {
  readonly kind: string;
  /** The number of copies of the plugin's module in it. */
  readonly heaps: number;
  /** Whether a graft here may call an accessor that waits. */
  readonly waits: boolean;
  /** In-thread kinds: runs the graft to its end. */
  run?(call: CompartmentCall): Ending;
  /** Kinds that wait: starts the graft; `call.ended` follows. Throws GRAFT_OVERLOADED if the queue is full. */
  start?(call: CompartmentCall): void;
  /**
   * Kinds that wait: tells once when a call that was refused as GRAFT_OVERLOADED may be started again. False where as
   * many wait for that as may.
   */
  whenRoom?(then: () => void): boolean;
  /**
   * How long, in ms, the call did neither run nor wait for the host: it was given no processor, or the host has not
   * come to read what it says. As far as the system tells.
   */
  heldUp_ms?(call: CompartmentCall): number;
  /**
   * The host has given the call up: nothing of it may run on, and its heap is replaced. For an ended call: only the
   * latter.
   */
  abandon(call: CompartmentCall): void;
  /** Frees all its heaps. Later calls are refused. */
  dispose(): void;
}

/**
 * Makes compartments of one kind. Loading evaluates the module once, under limits; a failure is a GraftError
 * GRAFT_INSTALL_FAILED.
 */
export interface CompartmentMaker {
  readonly kind: string;
  /** Whether a graft in its compartments may call an accessor that waits. */
  readonly waits: boolean;
  load(source: CompartmentSource): Promise<Compartment>;
  /** Disposes of every compartment that it has made, and makes no more. */
  close(): void;
  /** Ids of the processes of its compartments outside the host's own process. */
  readonly pids?: readonly number[];
}
