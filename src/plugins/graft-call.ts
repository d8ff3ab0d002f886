// One graft in one call: its transaction, its account, what it may call. The invocation owns it; a compartment runs it.
//
// A call is one attempt, or several. An attempt may be lost without anybody's fault: it met a lock where its
// compartment cannot wait, or its process died of another plugin's call. It is taken back then and begun anew,
// uncounted.

import {
  Aborted,
  type Account,
  acquire,
  type Lock,
  type Mode,
  type Runner,
  Ticket,
  type Transaction,
  TransactionError,
} from '../txn/index.ts';
import { argumentsOf } from './arguments.ts';
import type { Base } from './base.ts';
import type { Callable, Caller } from './callable.ts';
import type { CompartmentCall, Ending } from './compartment/compartment.ts';
import { ConsoleBudget, tellLine } from './console-lines.ts';
import { type ErrorCode, GraftError } from './errors.ts';
import type { Graft } from './graft.ts';
import type { Keeper } from './keeper.ts';
import { ARGUMENT_BYTES, CALLS, LOG_BYTES, WRITES } from './limits.ts';
import type { Origin } from './origin.ts';
import type { Spent } from './outcome.ts';
import { isPlainAtom, PLAIN_BOUNDS, plainFault } from './plain.ts';
import { LOST } from './protocol.ts';
import { settled } from './settled.ts';
import { cleaned } from './text.ts';

/** Who answers `api.original` of a graft. */
export interface DefaultAnswer {
  original(txn: Transaction): unknown;
}

const NO_LINES: string[] = [];
/** How a graft's call ends that somebody else has ended already. */
export const LOST_ENDING: Ending = { kind: 'failed', own_ms: 0, failure: LOST };

export class GraftCall implements CompartmentCall, Caller, Runner {
  readonly base: Base;
  readonly graft: Graft;
  readonly input: unknown;
  readonly home: Transaction;
  readonly depth: number;
  readonly principal: string;
  readonly ignoresAnswer: boolean;
  /** Counts the calls of its graft. */
  readonly number: number;
  txn!: Transaction;
  /** What the graft logged in this attempt. */
  lines: string[] = NO_LINES;
  /** Where its plugin keeps it among the calls that run. */
  runningIndex = -1;
  /** The lock that an in-thread attempt could not wait for. */
  conflict: { readonly lock: Lock; readonly mode: Mode } | null = null;
  /** What a post-condition that takes time has said, by row. */
  verdicts: Map<number, boolean | string> | null = null;
  at: object | null = null;
  /** Tells the driver the end, once. */
  onEnding: ((ending: Ending) => void) | null = null;
  /** The number of the attempt that runs: what an earlier one still says is not heard. */
  attempt = 0;
  readonly #default: DefaultAnswer | null;
  /** What it may still say on its console, all attempts together; null: it has said nothing. */
  #console: ConsoleBudget | null = null;
  /** What this attempt may use, from its first accessor on: most small calls need none. */
  #account: Account | null = null;

  constructor(
    base: Base,
    graft: Graft,
    input: unknown,
    home: Transaction,
    origin: Origin,
    original: DefaultAnswer | null,
  ) {
    this.base = base;
    this.graft = graft;
    this.input = input;
    this.home = home;
    this.depth = origin.depth;
    this.principal = origin.principal;
    this.ignoresAnswer = graft.point.kind === 'event';
    this.#default = original;
    this.number = ++graft.calls;
    graft.plugin.enlist(this);
    this.begin();
  }

  get index(): number {
    return this.graft.index;
  }

  get own_ms(): number {
    return this.graft.limits.own_ms;
  }

  get lingers(): boolean {
    const { kind, grafts } = this.graft.point;
    return this.home.parent !== null || (kind === 'chain' && grafts.length > 1);
  }

  get graftName(): string {
    return this.graft.name;
  }

  get plugin(): string {
    return this.graft.plugin.name;
  }

  get installer(): string {
    return this.graft.plugin.installer;
  }

  get keeper(): Keeper | null {
    return this.base.keepers?.of(this.plugin, this.installer) ?? null;
  }

  get readOnly(): boolean {
    return this.graft.point.options.readOnly === true;
  }

  /** Begins an attempt: a transaction inside `home`. */
  begin(): void {
    this.attempt++;
    this.conflict = null;
    this.txn = this.home.begin(null);
    this.txn.runner = this;
    this.graft.point.options.fill?.(this.input, this.graft.columns);
  }

  /**
   * Somebody else aborts the transaction: the compartment is told at once, and the driver when everything has been
   * undone.
   */
  aborted(): void {
    this.graft.plugin.compartment.abandon(this);
    queueMicrotask(() => this.ended(LOST_ENDING));
  }

  heldUp_ms(): number {
    return this.graft.plugin.compartment.heldUp_ms?.(this) ?? 0;
  }

  /** Takes the attempt back. */
  retract(): void {
    this.txn.runner = null;
    this.txn.abort('cancelled', 'begun anew');
    this.#closeAccount();
    this.lines = NO_LINES;
    this.graft.repeats++;
  }

  restart(): boolean {
    if (this.txn.state !== 'active' || this.txn.doomed !== null) return false;
    this.retract();
    this.begin();
    return true;
  }

  ended(ending: Ending): void {
    const told = this.onEnding;
    this.onEnding = null;
    told?.(ending);
  }

  /** Gives the attempt a full account, which whatever runs in its transaction is charged to. */
  pay(): void {
    if (this.#account !== null) return;
    this.#account = this.graft.openAccount(this.base.treasury);
    this.txn.account = this.#account;
  }

  #closeAccount(): void {
    if (this.#account !== null) this.graft.closeAccount(this.#account);
    this.#account = null;
  }

  #charged(resource: number): number {
    return this.#account === null ? 0 : (this.#account.spent[resource] as number);
  }

  /** What this attempt was charged. Closes the account. */
  close(own_ms: number): Spent {
    const calls = this.#charged(CALLS);
    const writes = this.#charged(WRITES);
    const log_bytes = this.#charged(LOG_BYTES);
    this.#closeAccount();
    this.graft.plugin.strike(this);
    return { own_ms, calls, writes, log_bytes };
  }

  log(text: string): void {
    this.txn.charge(LOG_BYTES, text.length);
    const line = cleaned(text);
    if (this.lines === NO_LINES) this.lines = [line];
    else this.lines.push(line);
  }

  tell(level: number, text: string): void {
    this.#console ??= new ConsoleBudget();
    tellLine(this.#console, level, text, (line) => this.base.told?.(this.graft, this.number, line));
  }

  callAccessor(index: number, args: readonly unknown[] | string): unknown {
    const txn = this.txn;
    const callable = this.graft.callables[index] ?? (index === this.graft.callables.length ? this.#original() : null);
    try {
      txn.check();
      this.pay();
      txn.charge(CALLS, 1);
      if (callable === null) throw txn.doom('not-callable', `accessor number ${index}`);
      const given = typeof args === 'string' ? this.#read(args, txn) : args;
      return this.#run(callable, given, txn);
    } catch (error) {
      throw this.#asSeen(error, txn, callable);
    }
  }

  /** A text is paid for before it is read. */
  #read(json: string, txn: Transaction): readonly unknown[] {
    if (json.length > 0) txn.charge(ARGUMENT_BYTES, json.length);
    return argumentsOf(json, (what) => void txn.doom('limit', what));
  }

  /** `api.original`: the base's own answer, in the caller's transaction. */
  #original(): Callable | null {
    const answer = this.#default;
    return answer && { waits: true, run: (caller) => answer.original(caller.txn) };
  }

  #run(callable: Callable, args: readonly unknown[], txn: Transaction): unknown {
    const { inside } = this.base;
    const isInside = callable.waits && inside !== undefined;
    const answer = isInside ? inside(txn, () => callable.run(this, args)) : callable.run(this, args);
    if (answer instanceof Ticket) return this.#blocked(answer, callable, args, txn);
    if (!(answer instanceof Promise)) return this.#crossing(answer);
    if (!this.graft.plugin.compartment.waits) {
      answer.catch(() => {}); // Nobody is there to hear of it.
      throw txn.doom('not-callable', 'an accessor that waits');
    }
    return answer
      .then((value) => this.#crossing(value))
      .catch((error: unknown) => {
        throw this.#asSeen(error, txn, callable);
      });
  }

  /**
   * What the host answers is checked like what it is told: a date or an accessor of its own would otherwise be
   * converted in silence.
   */
  #crossing(answer: unknown): unknown {
    if (answer === undefined || answer === null) return null;
    if (isPlainAtom(answer)) return answer;
    const fault = plainFault(answer, PLAIN_BOUNDS, (value) => this.base.isProxy(value));
    if (fault !== null) throw new Error(`an accessor answered what is not plain data, ${fault.path}: ${fault.why}`);
    return answer;
  }

  #blocked(ticket: Ticket, callable: Callable, args: readonly unknown[], txn: Transaction): Promise<unknown> {
    if (!this.graft.plugin.compartment.waits) {
      this.conflict = { lock: ticket.lock, mode: ticket.mode };
      throw new Aborted('cancelled', 'begun anew');
    }
    return settled(ticket).then(() => {
      try {
        txn.check();
        return this.#run(callable, args, txn);
      } catch (error) {
        throw this.#asSeen(error, txn, callable);
      }
    });
  }

  /** An error as the graft may see it: coded, and without what is the host's own. */
  #asSeen(error: unknown, txn: Transaction, callable: Callable | null): GraftError {
    if (error instanceof GraftError && !HOSTS_OWN.includes(error.code)) return error;
    if (error instanceof Aborted) return new GraftError('GRAFT_ABORTED', error.message);
    if (error instanceof TransactionError) return new GraftError(error.code, error.message);
    const name = nameOf(callable, this.graft.point.callables);
    // A graft that shares the host's stack may have run it out.
    if (isStackOverflow(error) && !this.graft.plugin.compartment.waits) txn.doom('thrown', `${name} failed`);
    else txn.doom('host-fault', `${name} failed`);
    this.base.hostFailed(`${name} of ${this.graft.name}`, error);
    return error instanceof GraftError ? error : new GraftError('GRAFT_INTERNAL', 'an accessor failed');
  }
}

/** Where an in-thread attempt met a lock: takes it for the call as a whole, so that the next attempt finds it free. */
export const lockForNext = (call: GraftCall): Ticket | null => {
  const conflict = call.conflict;
  return conflict === null ? null : acquire(call.home, conflict.lock, conflict.mode);
};

/** How a graft calls an accessor, for people who read of its failure. */
const nameOf = (callable: Callable | null, callables: ReadonlyMap<string, Callable>): string => {
  for (const [name, other] of callables) if (other === callable) return `api.${name}`;
  return 'api.original';
};

/** Errors that no graft can cause: the database failed, or an accessor waits for itself. */
const HOSTS_OWN: readonly ErrorCode[] = ['GRAFT_STORE', 'GRAFT_SELF_WAIT'];

const isStackOverflow = (error: unknown): boolean => error instanceof RangeError && /call stack/.test(error.message);
