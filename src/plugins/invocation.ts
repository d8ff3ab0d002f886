// THE call. One state machine owns it, for the kernel's synchronous driver and the host's asynchronous one alike
// (drive.ts):
//
//   new Invocation   the input is checked, a transaction begins
//   next()           the next graft to call, in a nested transaction of its own; null: no more
//   settle(call, …) its answer is checked before anything is kept; it commits, or everything it did is taken back. A
//   ticket: wait and call again
//   needsDefault     nobody's answer stands: the driver asks the host's default
//   finish(value)    the transaction commits, through the store if it took part; the outcome
//
// A graft that failed is undone, reported and, at the end of its budget, removed; what the caller sees then is the
// point's fault policy.

import { Aborted, type AbortReason, type Account, Ticket, type Transaction, type Transactions } from '../txn/index.ts';
import type { Ending } from './compartment/compartment.ts';
import { GraftError } from './errors.ts';
import type { Graft } from './graft.ts';
import { GraftCall, type Place } from './graft-call.ts';
import type { GraftPoint } from './graft-point.ts';
import type { GraftReport, Outcome, Refusal } from './outcome.ts';
import { isPlainAtom } from './plain.ts';
import type { StateView } from './point-options.ts';
import type { Failure } from './protocol.ts';
import { type Checked, checkRows, checkValue } from './schema.ts';

/** What takes part in the commit of a top-level transaction: a database. */
export interface Participant {
  /** Whether `txn` has used the store. */
  joined(txn: Transaction): boolean;
  /**
   * Carries the store's half of a commit out; the transaction is committing. Throws when the store refuses: then
   * nothing was committed there.
   */
  commit(txn: Transaction): void | Promise<void>;
}

/** What an invocation needs from the base it runs on: a kernel or a host. */
export interface Base {
  readonly transactions: Transactions;
  readonly treasury: Account;
  readonly participant: Participant | null;
  isProxy(value: object): boolean;
  accessorFailed(graft: Graft, error: unknown): void;
  /** A graft's call ended; `lines` is what it logged. */
  reported(graft: Graft, report: GraftReport, lines: readonly string[]): void;
  /**
   * An event that was held back until a commit could not be handled: a queue was full, or the host's own default threw.
   */
  eventFailed?(point: string, error: unknown): void;
}

/** Ends that are nobody's fault and end the call as a whole. */
const WHOLE: readonly AbortReason[] = ['total-time', 'cancelled', 'store-conflict', 'deadlock'];
const DETAIL_MAX = 500;
const NONE: GraftCall[] = [];
const NO_REPORTS: readonly GraftReport[] = Object.freeze([]);

export class Invocation<Input, Output> {
  readonly base: Base;
  readonly point: GraftPoint<Input, Output>;
  readonly input: Input;
  /**
   * The call's own transaction; for an event point, a place to hang the time-out on: each graft there has a top-level
   * one.
   */
  readonly txn: Transaction;
  readonly place: Place;
  /** When the call's total time ends, for a synchronous call that has waited. */
  deadline_ms: number | null = null;
  readonly #grafts: readonly Graft[];
  /** One graft was asked for by name: where it fails, nobody answers in its place. */
  readonly #isOnly: boolean;
  #reports: readonly GraftReport[] = NO_REPORTS;
  /** Calls whose work has been committed into the call's own transaction. */
  #kept: GraftCall[] = NONE;
  #at = 0;
  #value: unknown;
  #committed = false;
  #refusal: Refusal | null = null;
  #failure: AbortReason | null = null;
  #whole: AbortReason | null = null;
  #current: GraftCall | null = null;

  /**
   * Throws GRAFT_BAD_INPUT; nothing has begun then. `only`: the one graft to call, instead of those that stand there.
   */
  constructor(
    base: Base,
    point: GraftPoint<Input, Output>,
    input: unknown,
    parent: Transaction | null,
    place: Place,
    only: Graft | null = null,
  ) {
    this.base = base;
    this.point = point;
    this.input =
      point.options.input === undefined && point.options.rows !== true && isPlainAtom(input)
        ? (input as Input)
        : checkedInput(base, point, input);
    this.#value = this.input;
    this.place = place;
    this.#grafts = only === null ? point.chosen(this.input) : [only];
    this.#isOnly = only !== null;
    this.txn = parent === null ? base.transactions.begin() : parent.begin(null);
  }

  /** The next graft to call, its transaction begun, or null. */
  next(): GraftCall | null {
    if (this.#whole === null && this.txn.doomed !== null) this.#whole = this.txn.doomed.reason;
    if (this.#whole !== null || this.#refusal !== null) return null;
    if (this.#failure !== null && this.point.kind !== 'event') return null;
    // One that was removed since the call began is passed over: its compartment may be gone.
    while (this.#grafts[this.#at]?.stands === false) this.#at++;
    const graft = this.#grafts[this.#at++];
    if (graft === undefined) return null;
    const home = this.point.kind === 'event' ? this.base.transactions.begin() : this.txn;
    const input = this.point.kind === 'chain' ? this.#value : this.input;
    this.#current = new GraftCall(
      this.base,
      graft,
      input,
      home,
      this.place,
      this.point.kind === 'function' && this.point.options.rows !== true ? this : null,
    );
    return this.#current;
  }

  /** Ends the call as a whole, for a reason that is nobody's fault. */
  end(reason: AbortReason): void {
    if (this.txn.state !== 'active') return;
    this.#whole = reason;
    const { transactions } = this.base;
    if (this.#current !== null && this.#current.home !== this.txn) transactions.end(this.#current.home, reason, '');
    transactions.end(this.txn, reason, '');
  }

  /** What `api.original` of a graft at a function point calls. */
  original(txn: Transaction): unknown {
    return this.point.original(this.input, txn);
  }

  /**
   * A graft's call has ended: checks its answer and commits it, or takes everything back. A ticket: the post-condition
   * met a lock, wait and call again. A promise: the store's COMMIT takes time.
   */
  settle(call: GraftCall, ending: Ending): Ticket | Promise<void> | null {
    const { txn } = call;
    txn.onAbort = null;
    if (txn.state === 'active' && txn.doomed === null && ending.kind === 'value') {
      const ticket = this.#check(call, ending.value);
      if (ticket !== null) return ticket;
    }
    this.#current = null;
    if (txn.state === 'active' && ending.kind === 'failed') txn.doom(ending.failure.reason, textOf(ending.failure));
    if (txn.doomed !== null) this.#fail(call, ending, call.home.doomed ?? txn.doomed);
    else if (ending.kind === 'refused') this.#refuse(call, ending);
    else if (ending.kind === 'value') return this.#commit(call, ending);
    return null;
  }

  /** The answer against plain data, schema and post-condition, in the graft's transaction, before it commits. */
  #check(call: GraftCall, value: unknown): Ticket | null {
    if (call.ignoresAnswer) return null;
    const { output, check, rows } = this.point.options;
    let answer = value as Output;
    if (output !== undefined || rows === true || !isPlainAtom(value)) {
      const checked = this.#checkedAnswer(call, value);
      if (!checked.ok) {
        call.txn.doom('invalid-answer', checked.why);
        return null;
      }
      answer = checked.value;
    }
    if (check !== undefined) {
      const verdict =
        rows === true
          ? this.#verdictOnRows(call, answer as readonly Output[])
          : this.#verdict(call, answer, call.input);
      if (verdict instanceof Ticket) return verdict;
      if (verdict !== true)
        call.txn.doom(
          'invalid-answer',
          typeof verdict === 'string' ? verdict.slice(0, DETAIL_MAX) : 'the post-condition does not hold',
        );
    }
    if (call.txn.doomed === null) this.#value = answer;
    return null;
  }

  #checkedAnswer(call: GraftCall, value: unknown): Checked<Output> {
    const { output, rows } = this.point.options;
    if (rows !== true) return checkValue(value, output, this.base.isProxy);
    const checked = checkRows(value, output, this.base.isProxy);
    if (!checked.ok || checked.value.length === (call.input as readonly unknown[]).length)
      return checked as Checked<Output>;
    return {
      ok: false,
      why: `: ${checked.value.length} answers for ${(call.input as readonly unknown[]).length} rows`,
    };
  }

  /** The first verdict that is not good. */
  #verdictOnRows(call: GraftCall, answers: readonly Output[]): boolean | string | Ticket {
    const rows = call.input as readonly unknown[];
    for (let i = 0; i < answers.length; i++) {
      const verdict = this.#verdict(call, answers[i] as Output, rows[i]);
      if (verdict !== true) return typeof verdict === 'string' ? `[${i}]: ${verdict}` : verdict;
    }
    return true;
  }

  #verdict(call: GraftCall, answer: Output, input: unknown): boolean | string | Ticket {
    let blocked: Ticket | null = null;
    const state: StateView = (name, ...args) => {
      const read = this.#read(call, name, args);
      if (!(read instanceof Ticket)) return read;
      blocked ??= read;
      throw new Aborted('cancelled', 'begun anew');
    };
    try {
      const verdict = (this.point.options.check as NonNullable<typeof this.point.options.check>)(
        answer,
        input as Input,
        state,
      );
      return blocked ?? verdict;
    } catch (error) {
      if (blocked !== null) return blocked;
      if (!(error instanceof Aborted)) this.base.accessorFailed(call.graft, error);
      return 'the post-condition failed';
    }
  }

  #read(call: GraftCall, name: string, args: readonly unknown[]): unknown {
    const callable = this.point.callables.get(name);
    if (callable === undefined) throw new GraftError('GRAFT_BAD_ARGUMENT', `${this.point.name} offers no ${name}`);
    call.pay();
    const value = callable.run(call, args);
    if (!(value instanceof Promise)) return value;
    value.catch(() => {});
    throw new GraftError('GRAFT_BAD_ARGUMENT', `${name} waits: a post-condition reads at once`);
  }

  #commit(call: GraftCall, ending: Ending): Promise<void> | null {
    call.txn.commit();
    if (this.point.kind === 'event') return this.#commitEvent(call, ending);
    if (this.#kept === NONE) this.#kept = [call];
    else this.#kept.push(call);
    this.#committed = true;
    this.#reportKept(call, ending);
    return null;
  }

  /** An event's graft has a top-level transaction: it is committed here, the store's half included. */
  #commitEvent(call: GraftCall, ending: Ending): Promise<void> | null {
    const told = (failure: Aborted | null): void => {
      if (failure !== null) return this.#fail(call, ending, failure);
      this.#committed = true;
      this.#reportKept(call, ending);
    };
    const failure = commitTop(this.base, call.home);
    if (failure instanceof Promise) return failure.then(told);
    told(failure);
    return null;
  }

  #refuse(call: GraftCall, ending: Ending & { kind: 'refused' }): void {
    const undone = call.txn.abort('cancelled', 'refused');
    if (this.point.kind === 'event') call.home.abort();
    else this.#refusal = { code: ending.code, message: ending.message };
    this.#report(call, ending, { status: 'refused', detail: `${ending.code}: ${ending.message}`, undone });
  }

  #fail(call: GraftCall, ending: Ending, failure: Aborted): void {
    const { graft } = call;
    const ended = call.txn.state === 'active';
    const undone = ended ? call.txn.abort() : call.txn.undone.records > 0 ? call.txn.undone : call.home.undone;
    if (this.point.kind === 'event') call.home.abort();
    graft.plugin.compartment.abandon(call);
    // What ended the transaction around the whole call is not this graft's fault, whatever the reason.
    const whole = WHOLE.includes(failure.reason) || (call.home.parent !== null && call.home.parent.doomed !== null);
    if (whole && this.point.kind !== 'event') this.#whole ??= failure.reason;
    const removed = !whole && ++graft.aborts >= this.point.budget;
    if (removed) graft.remove();
    if (!whole && this.point.onFault !== 'default') this.#failure ??= failure.reason;
    const at = ending.kind === 'failed' ? positionOf(graft, ending.failure.stack) : null;
    const { detail } = failure;
    this.#report(call, ending, {
      status: 'aborted',
      reason: failure.reason,
      undone,
      ...(detail === '' ? {} : { detail: detail.slice(0, DETAIL_MAX) }),
      ...(at === null ? {} : { at }),
      ...(removed ? { removed } : {}),
    });
  }

  #reportKept(call: GraftCall, ending: Ending): void {
    this.#tell(call, {
      graft: call.graft.name,
      status: 'committed',
      undone: NOTHING,
      spent: call.close(ending.own_ms),
    });
  }

  #report(call: GraftCall, ending: Ending, part: Pick<GraftReport, 'status' | 'undone'> & Partial<GraftReport>): void {
    this.#tell(call, { graft: call.graft.name, ...part, spent: call.close(ending.own_ms) });
  }

  #tell(call: GraftCall, report: GraftReport): void {
    // Nearly every call has one graft, and a list that grows is given room for seventeen.
    this.#reports = this.#reports === NO_REPORTS ? [report] : [...this.#reports, report];
    this.base.reported(call.graft, report, call.lines);
  }

  /** Whether the host's own default has to answer. */
  get needsDefault(): boolean {
    return (
      !this.#isOnly && this.#whole === null && this.#refusal === null && this.#failure === null && !this.#committed
    );
  }

  /** A commit that could not be: the call as a whole is aborted. */
  lost(reason: AbortReason): void {
    this.#whole = reason;
    this.#undoKept(reason);
  }

  /** The driver cannot go on because the host's own code threw: everything is taken back, and nobody is blamed. */
  drop(): void {
    const call = this.#current;
    this.#current = null;
    if (call !== null) {
      call.txn.onAbort = null;
      call.home.abort();
      call.graft.plugin.compartment.abandon(call);
      call.close(0);
    }
    this.txn.abort();
    this.#undoKept('cancelled');
  }

  /**
   * The work of grafts that had committed was undone with the call: their entries say so, and their heaps are replaced.
   */
  #undoKept(reason: AbortReason): void {
    const kept = this.#kept;
    this.#kept = NONE;
    for (const call of kept) call.graft.plugin.compartment.abandon(call);
    if (this.point.kind === 'event') return;
    const { undone } = this.txn;
    this.#reports = this.#reports.map((report) =>
      report.status === 'committed' ? { ...report, status: 'aborted', reason, undone } : report,
    );
  }

  /** Whether the transaction is to be committed now; otherwise everything is taken back. */
  get keeps(): boolean {
    if (this.#whole === null && this.txn.doomed !== null) this.#whole = this.txn.doomed.reason;
    if (this.#whole === null && this.#refusal === null && this.#failure === null) return true;
    const reason = this.#whole ?? 'cancelled';
    this.txn.abort(reason);
    this.#undoKept(reason);
    return false;
  }

  /** The outcome. `fallback` is the default's answer, where it was asked. */
  outcome(fallback: unknown): Outcome<Output> {
    const grafts = this.#reports;
    if (this.#whole !== null) return { status: 'aborted', reason: this.#whole, grafts };
    if (this.#refusal !== null) return { status: 'refused', refusal: this.#refusal, grafts };
    if (this.#failure !== null)
      return { status: this.point.onFault === 'deny' ? 'denied' : 'failed', reason: this.#failure, grafts };
    if (!this.#committed) return { status: 'default', value: fallback as Output, grafts };
    return { status: 'committed', value: (this.point.kind === 'event' ? null : this.#value) as Output, grafts };
  }
}

/** Throws GRAFT_BAD_INPUT. */
const checkedInput = <Input, Output>(base: Base, point: GraftPoint<Input, Output>, input: unknown): Input => {
  const { rows, input: schema } = point.options;
  const checked = (rows === true ? checkRows : checkValue)(input, schema, base.isProxy) as Checked<Input>;
  if (!checked.ok) throw new GraftError('GRAFT_BAD_INPUT', `${point.name}: ${checked.why}`);
  return checked.value;
};

const NOTHING = { records: 0, first: [] } as const;

const textOf = ({ name, message }: Failure): string =>
  (name === '' ? message : `${name}: ${message}`).slice(0, DETAIL_MAX);

/** The author's file, line and column of the first frame that lies in the plugin's bundle. */
const positionOf = (graft: Graft, stack: string): string | null => {
  const frame = /plugin\.js:(\d{1,7}):(\d{1,7})/.exec(stack);
  return frame === null ? null : graft.plugin.position(Number(frame[1]), Number(frame[2]));
};

const refusedByStore = (txn: Transaction, error: unknown): Aborted => {
  const failure = new Aborted('store-conflict', error instanceof Error ? error.message.slice(0, DETAIL_MAX) : '');
  txn.doomed = failure;
  txn.abort();
  return failure;
};

/**
 * Commits a top-level transaction, the store's half first: check → committing → the store's COMMIT → memory commit.
 * Gives null, or why the store refused and everything was taken back; a promise of it where the store's COMMIT takes
 * time.
 */
export const commitTop = (base: Base, txn: Transaction): Aborted | null | Promise<Aborted | null> => {
  const participant = base.participant;
  if (participant === null || !participant.joined(txn)) {
    txn.commit();
    return null;
  }
  txn.prepare();
  try {
    const pending = participant.commit(txn);
    if (pending instanceof Promise) {
      return pending.then(
        () => {
          txn.commit();
          return null;
        },
        (error: unknown) => refusedByStore(txn, error),
      );
    }
  } catch (error) {
    return refusedByStore(txn, error);
  }
  txn.commit();
  return null;
};
