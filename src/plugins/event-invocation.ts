// THE call at an event point. Many grafts handle an event, one after the other. Each has a top-level transaction of its
// own, which commits, through the store, before the next graft is called. A graft's answer is ignored, and a graft that
// refuses, fails or takes too long does not keep the others from being called: each has the total time for itself, in
// which it may also wait for room in the queue of its compartment. The call's own transaction is there for the signal,
// and for the host's default.

import type { Aborted, Ticket, Transaction, Undone } from '../txn/index.ts';
import type { Base } from './base.ts';
import type { CallEnd } from './call-end.ts';
import type { Ending } from './compartment/compartment.ts';
import type { Graft } from './graft.ts';
import { GraftCall } from './graft-call.ts';
import type { GraftPoint } from './graft-point.ts';
import { Invocation } from './invocation.ts';
import type { Origin } from './origin.ts';
import type { Outcome } from './outcome.ts';
import { commitTop } from './participant.ts';

export class EventInvocation<Input, Output> extends Invocation<Input, Output> {
  #called: Graft | null = null;
  readonly #last: ((txn: Transaction) => Ticket | null) | null;

  /** `last`: what is done in the transaction of each graft before it commits; a ticket: wait and settle again. */
  constructor(
    base: Base,
    point: GraftPoint<Input, Output>,
    input: unknown,
    origin: Origin,
    only: Graft | null,
    last: ((txn: Transaction) => Ticket | null) | null,
  ) {
    super(base, point, input, null, origin, only);
    this.#last = last;
  }

  protected override goesOn(end: CallEnd): boolean {
    return end.kind !== 'aborted';
  }

  override get goesWithout(): boolean {
    return true;
  }

  /** Ends the graft that runs; the others still have theirs. */
  override expire(): void {
    const { current } = this;
    if (current === null) this.abort('total-time');
    else this.base.transactions.end(current.home, 'total-time', '');
  }

  protected override call(graft: Graft): GraftCall {
    this.deadline_ms = null;
    if (graft !== this.#called) this.attempts = 0;
    this.#called = graft;
    return new GraftCall(this.base, graft, this.input, this.base.transactions.begin(), this.origin, null);
  }

  protected override check({ txn }: GraftCall): Ticket | null {
    this.answer = null;
    try {
      return this.#last === null ? null : this.#last(txn);
    } catch (error) {
      if (txn.doomed === null) throw error;
      return null;
    }
  }

  protected override keep(call: GraftCall, ending: Ending): Promise<void> | null {
    call.txn.commit();
    const told = (failure: Aborted | null): void => {
      if (failure === null) this.reportKept(call, ending);
      else this.fail(call, ending, failure);
    };
    const failure = commitTop(this.base, call.home);
    if (failure instanceof Promise) return failure.then(told);
    told(failure);
    return null;
  }

  protected override takeBack(call: GraftCall, detail?: string): Undone {
    const undone = super.takeBack(call, detail);
    call.home.abort();
    return undone;
  }

  /** A graft alone is made again. */
  protected override repeats(failure: Aborted): boolean {
    return this.base.participant?.repeats?.(failure, this.attempts) === true;
  }

  protected override repeat(): void {
    this.stepBack();
  }

  /** Only a failure of which the point tells says something of the call. */
  protected override graftEnded(end: CallEnd): void {
    if (end.kind === 'failed') this.conclude(end);
  }

  /** What grafts have committed stays. */
  protected override undoKept(): void {}
}

/** An event inside a transaction is an effect: `leave` happens when that has committed. Throws GRAFT_BAD_INPUT. */
export const eventAfterCommit = <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  txn: Transaction,
  leave: () => void,
): Outcome<Output> => {
  point.checkInput(input, base.isProxy);
  txn.defer({ leave });
  return { status: 'default', value: null as Output, grafts: [] };
};
