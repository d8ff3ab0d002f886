// The two drivers of THE call. The synchronous one never waits but through `wait`, which the kernel gives it to run its machine meanwhile; the
// asynchronous one awaits. The order of things is the invocation's; nothing is decided here.

import type { Aborted, AbortReason, Ticket, Transaction } from '../txn/index.ts';
import type { Ending } from './compartment/compartment.ts';
import { GraftError } from './errors.ts';
import { type GraftCall, lockForNext, settled } from './graft-call.ts';
import type { GraftPoint } from './graft-point.ts';
import { type Base, commitTop, Invocation } from './invocation.ts';
import type { Outcome } from './outcome.ts';

export interface InvokeOptions {
  /** The transaction that the call is part of. */
  readonly txn?: Transaction;
  /** How deep calls through graft points are nested. */
  readonly depth?: number;
  readonly signal?: AbortSignal;
}

/** Calls a graft point from the asynchronous host. */
export const invoke = async <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  options: InvokeOptions = {},
): Promise<Outcome<Output>> => {
  if (point.kind === 'event' && options.txn !== undefined) return afterCommit(base, point, input, options.txn);
  const invocation = new Invocation(base, point, input, options.txn ?? null, options.depth ?? 0);
  const stop = guard(base, invocation, options.signal);
  let fallback: unknown = null;
  try {
    for (let call = invocation.next(); call !== null; call = invocation.next()) invocation.settle(call, await run(call));
    if (invocation.needsDefault) fallback = await point.original(invocation.input, invocation.txn);
    if (invocation.keeps) await finish(base, invocation);
  } catch (error) {
    invocation.txn.abort('cancelled');
    throw error;
  } finally {
    stop();
  }
  return invocation.outcome(fallback);
};

const finish = async <I, O>(base: Base, invocation: Invocation<I, O>): Promise<void> => {
  const failure = invocation.txn.parent === null ? await commitTop(base, invocation.txn) : invocation.txn.commit();
  if (failure) invocation.lost(failure.reason);
};

/** Arms the request's deadline and listens to its signal; both abort the call as a whole. */
const guard = <I, O>(base: Base, invocation: Invocation<I, O>, signal: AbortSignal | undefined): (() => void) => {
  const end = (reason: AbortReason): void => invocation.end(reason);
  const timer = base.transactions.clock.after(invocation.point.limits.total_ms, () => end('total-time'));
  if (signal === undefined) return () => timer.cancel();
  const cancel = (): void => end('cancelled');
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  return () => {
    timer.cancel();
    signal.removeEventListener('abort', cancel);
  };
};

/** An event inside a transaction is an effect: it happens when the transaction has committed. */
const afterCommit = <I, O>(base: Base, point: GraftPoint<I, O>, input: unknown, txn: Transaction): Outcome<O> => {
  new Invocation(base, point, input, txn, 0).txn.commit();
  txn.defer({ leave: () => void invoke(base, point, input) });
  return { status: 'default', value: null as O, grafts: [] };
};

/** Runs one graft to its end, attempt after attempt. */
const run = async (call: GraftCall): Promise<Ending> => {
  const compartment = call.graft.plugin.compartment;
  if (compartment.start !== undefined) {
    return new Promise<Ending>((resolve, reject) => {
      call.onEnding = resolve;
      try {
        compartment.start?.(call);
      } catch (error) {
        call.txn.onAbort = null;
        call.txn.abort('cancelled');
        call.close(0);
        reject(error);
      }
    });
  }
  for (;;) {
    const ending = runInThread(call);
    if (call.conflict === null) return ending;
    const ticket = again(call);
    if (ticket instanceof Object && 'kind' in ticket) return ticket;
    if (ticket !== null) await settled(ticket);
    if (!resume(call)) return LOST;
  }
};

const LOST: Ending = { kind: 'failed', own_ms: 0, failure: { reason: 'compartment-lost', name: '', message: '', stack: '' } };

const runInThread = (call: GraftCall): Ending => {
  const compartment = call.graft.plugin.compartment;
  if (compartment.run === undefined)
    throw new GraftError('GRAFT_MUST_WAIT', `${call.graft.name}: a ${compartment.kind} compartment needs the asynchronous driver`);
  return compartment.run(call);
};

/** Takes an attempt back that met a lock, and asks for the lock. */
const again = (call: GraftCall): Ticket | Ending | null => {
  call.retract();
  try {
    return lockForNext(call);
  } catch {
    return LOST;
  }
};

/** Begins the next attempt, unless the call has ended meanwhile. */
const resume = (call: GraftCall): boolean => {
  if (call.home.state !== 'active' || call.home.doomed !== null) return false;
  call.begin();
  return true;
};

/** Calls a graft point from the synchronous kernel. `wait` returns when the ticket is settled: it runs the machine meanwhile. */
export const invokeSync = <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  options: { readonly txn?: Transaction; readonly depth?: number; readonly wait: (ticket: Ticket) => void },
): Outcome<Output> => {
  const invocation = new Invocation(base, point, input, options.txn ?? null, options.depth ?? 0);
  for (let call = invocation.next(); call !== null; call = invocation.next()) {
    let ending = runInThread(call);
    while (call.conflict !== null) {
      const ticket = again(call);
      if (ticket instanceof Object && 'kind' in ticket) {
        ending = ticket;
        break;
      }
      if (ticket !== null) options.wait(ticket);
      if (!resume(call)) {
        ending = LOST;
        break;
      }
      ending = runInThread(call);
    }
    invocation.settle(call, ending);
  }
  const fallback = invocation.needsDefault ? point.original(invocation.input, invocation.txn) : null;
  if (invocation.keeps) {
    const failure = invocation.txn.parent === null ? commitTop(base, invocation.txn) : invocation.txn.commit();
    if (failure) invocation.lost((failure as Aborted).reason);
  }
  return invocation.outcome(fallback);
};
