// THE call, at a function point or a chain. One state machine owns it, for the kernel's synchronous driver and the
// host's asynchronous one alike (drive.ts):
//
//   new Invocation    the input is checked, a transaction begins
//   next()            the next graft to call, in a nested transaction of its own; null: no more
//   settle(call, …)   its answer is checked (answer.ts) before anything is kept; it commits, or all it did is taken
//                     back. A ticket: wait and settle again
//   needsDefault      nobody's answer stands: the driver asks the host's default
//   isToCommit()      true: the driver commits the transaction, through the store if it took part; else it was aborted
//   outcome(value)    what the caller is told
//
// How the call ends is one value (call-end.ts). A graft that failed is undone, reported and, at the end of its budget,
// removed; what the caller sees then is the point's fault policy. event-invocation.ts says how calls of event points
// differ.

import { type Aborted, type AbortReason, Ticket, type Transaction, type Undone } from '../txn/index.ts';
import { checkAnswer, PendingVerdict } from './answer.ts';
import type { Base } from './base.ts';
import { ANSWERED, type CallEnd, heavier, isKept, UNANSWERED } from './call-end.ts';
import type { Ending } from './compartment/compartment.ts';
import type { Graft } from './graft.ts';
import { GraftCall } from './graft-call.ts';
import type { GraftPoint } from './graft-point.ts';
import type { Origin } from './origin.ts';
import { abortedBy, type GraftReport, type Outcome } from './outcome.ts';
import type { Failure } from './protocol.ts';
import { framesOf } from './stack-frames.ts';
import { cleaned } from './text.ts';

/** Ends that are nobody's fault and end the call as a whole. */
const WHOLE: readonly AbortReason[] = ['total-time', 'cancelled', 'store-conflict', 'deadlock'];
const DETAIL_MAX = 500;
const NO_CALLS: GraftCall[] = [];
const NO_REPORTS: readonly GraftReport[] = Object.freeze([]);
const NOTHING: Undone = { records: 0, first: [] };

export class Invocation<Input, Output> {
  readonly base: Base;
  readonly point: GraftPoint<Input, Output>;
  readonly input: Input;
  /** The call's own transaction. */
  readonly txn: Transaction;
  readonly origin: Origin;
  /** When the call's total time ends, for a synchronous call that has waited. */
  deadline_ms: number | null = null;
  /** How often the call, or the graft of an event that runs, has been made in vain: see Participant.repeats. */
  attempts = 0;
  /** What ended the call so that it is made again; null: it is not. */
  repeated: Aborted | null = null;
  /** The answer that stands; of a chain, the next graft's input. */
  protected answer: unknown;
  readonly #grafts: readonly Graft[];
  /** One graft was asked for by name: where it fails, nobody answers in its place. */
  readonly #isOnly: boolean;
  #next = 0;
  #current: GraftCall | null = null;
  #end: CallEnd = UNANSWERED;
  /** Calls whose work has been committed into the call's own transaction. */
  #kept: GraftCall[] = NO_CALLS;
  #reports: readonly GraftReport[] = NO_REPORTS;
  /** The error of the host's own that ended the call. */
  #cause: unknown;

  /**
   * Throws GRAFT_BAD_INPUT; nothing has begun then. `only`: the one graft to call, instead of those that stand there.
   */
  constructor(
    base: Base,
    point: GraftPoint<Input, Output>,
    input: unknown,
    parent: Transaction | null,
    origin: Origin,
    only: Graft | null = null,
  ) {
    this.base = base;
    this.point = point;
    this.input = point.checkInput(input, base.isProxy);
    this.answer = this.input;
    this.origin = origin;
    this.#grafts = only === null ? point.chosen(this.input) : [only];
    this.#isOnly = only !== null;
    this.txn = parent === null ? base.transactions.begin() : parent.begin(null);
    const closed = point.closedFor(this.input);
    if (closed !== null) this.conclude({ kind: 'failed', reason: closed });
  }

  /** The next graft to call, its transaction begun, or null. */
  next(): GraftCall | null {
    if (!this.goesOn(this.#endNow())) return null;
    const graft = this.#nextStanding();
    if (graft === undefined) return null;
    this.#current = this.call(graft);
    return this.#current;
  }

  /** One that was removed since the call began is passed over: its compartment may be gone. A guard never is. */
  #nextStanding(): Graft | undefined {
    for (;;) {
      const graft = this.#grafts[this.#next++];
      if (graft === undefined || graft.stands) return graft;
      if (this.point.onFault !== 'deny') continue;
      this.conclude({ kind: 'failed', reason: 'cancelled' });
      return undefined;
    }
  }

  /** Whether grafts that have not been called still are. */
  protected goesOn(end: CallEnd): boolean {
    return isKept(end);
  }

  protected call(graft: Graft): GraftCall {
    const { kind, options } = this.point;
    const input = kind === 'chain' ? this.answer : this.input;
    const original = kind === 'function' && options.rows !== true ? this : null;
    return new GraftCall(this.base, graft, input, this.txn, this.origin, original);
  }

  /** What `api.original` of a graft at a function point calls. */
  original(txn: Transaction): unknown {
    return this.point.original(this.input, txn);
  }

  /** Ends the call as a whole, for a reason that is nobody's fault. */
  abort(reason: AbortReason): void {
    if (this.txn.state !== 'active') return;
    this.conclude({ kind: 'aborted', reason });
    const { transactions } = this.base;
    if (this.#current !== null && this.#current.home !== this.txn) transactions.end(this.#current.home, reason, '');
    transactions.end(this.txn, reason, '');
  }

  /** Notes an end of the call, or of one graft in it. */
  protected conclude(end: CallEnd): void {
    this.#end = heavier(this.#end, end);
  }

  /** How the call ends as things are: what has doomed its transaction has ended it as a whole. */
  #endNow(): CallEnd {
    const { doomed } = this.txn;
    if (doomed !== null) this.conclude({ kind: 'aborted', reason: doomed.reason });
    return this.#end;
  }

  /**
   * A graft's call has ended: checks its answer and commits it, or takes everything back. A ticket: the post-condition
   * met a lock, or takes time: wait and call again. A promise: the store's COMMIT takes time.
   */
  settle(call: GraftCall, ending: Ending): Ticket | PendingVerdict | Promise<void> | null {
    const { txn } = call;
    txn.runner = null;
    if (txn.state === 'active' && txn.doomed === null && ending.kind === 'value') {
      const wait = this.check(call, ending.value);
      if (wait !== null) return wait;
    }
    this.#current = null;
    if (txn.state === 'active' && (ending.kind !== 'value' || txn.doomed !== null)) this.#doubt(txn);
    if (txn.state === 'active' && ending.kind === 'failed') txn.doom(ending.failure.reason, textOf(ending.failure));
    if (txn.doomed !== null) this.fail(call, ending, call.home.doomed ?? txn.doomed);
    else if (ending.kind === 'refused') this.#refuse(call, ending);
    else if (ending.kind === 'value') return this.keep(call, ending);
    return null;
  }

  /** A graft is not held to what it did after it had read what was never there at one time. */
  #doubt(txn: Transaction): void {
    txn.doomed = this.base.participant?.conflict?.(txn) ?? txn.doomed;
  }

  protected check(call: GraftCall, value: unknown): Ticket | PendingVerdict | null {
    const answer = checkAnswer(this.base, call, value);
    if (answer instanceof Ticket || answer instanceof PendingVerdict) return answer;
    if (call.txn.doomed === null) this.answer = answer;
    return null;
  }

  /** Commits what a graft did into the call's own transaction. A promise: the store's COMMIT takes time. */
  protected keep(call: GraftCall, ending: Ending): Promise<void> | null {
    call.txn.commit();
    if (this.#kept === NO_CALLS) this.#kept = [call];
    else this.#kept.push(call);
    this.reportKept(call, ending);
    return null;
  }

  protected reportKept(call: GraftCall, ending: Ending): void {
    this.conclude(ANSWERED);
    this.#report(call, {
      graft: call.graft.name,
      status: 'committed',
      undone: NOTHING,
      spent: call.close(ending.own_ms),
    });
  }

  #refuse(call: GraftCall, { code, message, own_ms }: Ending & { kind: 'refused' }): void {
    const undone = this.takeBack(call, 'refused');
    this.graftEnded({ kind: 'refused', refusal: { code, message: cleaned(message) } });
    const detail = `${code}: ${message}`;
    this.#report(call, { graft: call.graft.name, status: 'refused', detail, undone, spent: call.close(own_ms) });
  }

  /** Takes back what a graft did whose call failed, and blames it unless what failed lies around it. */
  protected fail(call: GraftCall, ending: Ending, failure: Aborted): void {
    const { graft } = call;
    const { reason, detail } = failure;
    const undone = this.takeBack(call);
    graft.plugin.compartment.abandon(call);
    // What ended the transaction around the whole call is not this graft's fault, whatever the reason.
    const isWhole = WHOLE.includes(reason) || (call.home.parent !== null && call.home.parent.doomed !== null);
    const isBlamed = !isWhole && reason !== 'host-fault';
    const isRemoved = isBlamed && ++graft.aborts >= this.point.budget;
    if (isRemoved) graft.remove(reason);
    if (isWhole && this.repeats(failure)) {
      this.repeat(failure);
      call.close(ending.own_ms);
      return;
    }
    if (isWhole) this.graftEnded({ kind: 'aborted', reason });
    else if (this.point.onFault !== 'default') this.graftEnded({ kind: 'failed', reason });
    const stack = ending.kind === 'failed' ? framesOf(ending.failure.stack, graft.plugin.position) : [];
    this.#report(call, {
      graft: graft.name,
      status: 'aborted',
      reason,
      undone,
      ...(detail === '' ? {} : { detail }),
      ...(stack[0] === undefined ? {} : { at: stack[0].at, stack: stack.map(({ text }) => text) }),
      ...(isRemoved ? { removed: true } : {}),
      spent: call.close(ending.own_ms),
    });
  }

  /** Whether what a failure ended is made again, since it could be put in no order with others. */
  protected repeats(failure: Aborted): boolean {
    return this.txn.parent === null && this.base.participant?.repeats?.(failure, this.attempts) === true;
  }

  /** The call as a whole is to be made again; until then it is aborted. */
  protected repeat(failure: Aborted): void {
    this.repeated = failure;
    this.conclude({ kind: 'aborted', reason: failure.reason });
  }

  /** The same graft is called next once more. */
  protected stepBack(): void {
    this.attempts++;
    this.#next--;
  }

  /** Whether the call goes on without a graft whose compartment takes no more calls. */
  get goesWithout(): boolean {
    return this.point.onFault === 'default';
  }

  /** Passes a graft over whose compartment takes no more calls, as `why` says: nobody is blamed. */
  passOver(call: GraftCall, why: string): void {
    call.txn.runner = null;
    this.#current = null;
    const undone = this.takeBack(call);
    const detail = `GRAFT_OVERLOADED: ${why}`;
    const { name } = call.graft;
    this.#report(call, { graft: name, status: 'aborted', reason: 'cancelled', detail, undone, spent: call.close(0) });
  }

  /** The call's total time is over. */
  expire(): void {
    this.abort('total-time');
  }

  /** The graft's call that runs now. */
  protected get current(): GraftCall | null {
    return this.#current;
  }

  /** Takes back what a graft did, unless its transaction has ended already. */
  protected takeBack(call: GraftCall, detail = ''): Undone {
    const { txn, home } = call;
    if (txn.state === 'active') return txn.abort('cancelled', detail);
    return txn.undone.records > 0 ? txn.undone : home.undone;
  }

  /** What the end of a graft that is not kept says of the call. */
  protected graftEnded(end: CallEnd): void {
    this.conclude(end);
  }

  #report(call: GraftCall, told: GraftReport): void {
    const report = told.detail === undefined ? told : { ...told, detail: cleaned(told.detail).slice(0, DETAIL_MAX) };
    // Nearly every call has one graft, and a list that grows is given room for seventeen.
    this.#reports = this.#reports === NO_REPORTS ? [report] : [...this.#reports, report];
    this.base.reported(call.graft, report, call.lines);
  }

  /** Whether the host's own default has to answer. */
  get needsDefault(): boolean {
    return !this.#isOnly && this.#end.kind === 'unanswered';
  }

  /** Whether the transaction is to be committed now; otherwise everything has been taken back. */
  isToCommit(): boolean {
    const end = this.#endNow();
    if (isKept(end)) return true;
    const reason = end.kind === 'aborted' ? end.reason : 'cancelled';
    this.txn.abort(reason);
    this.undoKept(reason);
    return false;
  }

  /** The commit could not be, or the host's own code threw: the call as a whole is aborted. */
  lost(failure: Aborted): void {
    const { reason } = failure;
    this.#cause ??= failure.cause;
    if (this.repeats(failure)) this.repeat(failure);
    else this.conclude({ kind: 'aborted', reason });
    this.undoKept(reason);
  }

  /** The driver cannot go on because the host's own code threw: everything is taken back, and nobody is blamed. */
  drop(): void {
    const call = this.#current;
    this.#current = null;
    if (call !== null) {
      call.txn.runner = null;
      call.home.abort();
      call.graft.plugin.compartment.abandon(call);
      call.close(0);
    }
    this.txn.abort();
    this.undoKept('cancelled');
  }

  /**
   * The work of grafts that had committed was undone with the call: their entries say so, and their heaps are replaced.
   */
  protected undoKept(reason: AbortReason): void {
    const kept = this.#kept;
    this.#kept = NO_CALLS;
    for (const call of kept) call.graft.plugin.compartment.abandon(call);
    const { undone } = this.txn;
    this.#reports = this.#reports.map((report) =>
      report.status === 'committed' ? { ...report, status: 'aborted', reason, undone } : report,
    );
  }

  /** The outcome. `fallback` is the default's answer, where it was asked. */
  outcome(fallback: unknown): Outcome<Output> {
    const end = this.#end;
    const grafts = this.#reports;
    switch (end.kind) {
      case 'unanswered':
        return { status: 'default', value: fallback as Output, grafts };
      case 'answered':
        return { status: 'committed', value: this.answer as Output, grafts };
      case 'refused':
        return { status: 'refused', refusal: end.refusal, grafts };
      case 'failed':
        return { status: this.point.onFault === 'deny' ? 'denied' : 'failed', reason: end.reason, grafts };
      case 'aborted':
        return abortedBy(this.#cause, { status: 'aborted', reason: end.reason, grafts });
    }
  }
}

const textOf = ({ name, message }: Failure): string => (name === '' ? message : `${name}: ${message}`);
