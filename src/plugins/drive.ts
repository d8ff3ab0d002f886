// The two drivers of THE call. The asynchronous one awaits; the synchronous one never waits but through `wait`, where
// the kernel runs its machine meanwhile. Both take the steps of an invocation in its order (invocation.ts); nothing is
// decided here.

import { Aborted, Ticket, type Timer, type Transaction } from '../txn/index.ts';
import { PendingVerdict } from './answer.ts';
import type { Base } from './base.ts';
import type { Ending } from './compartment/compartment.ts';
import { GraftError } from './errors.ts';
import { EventInvocation, eventAfterCommit } from './event-invocation.ts';
import type { Graft } from './graft.ts';
import { type GraftCall, LOST_ENDING, lockForNext } from './graft-call.ts';
import type { GraftPoint } from './graft-point.ts';
import { Invocation } from './invocation.ts';
import { type Origin, originOf } from './origin.ts';
import type { Outcome } from './outcome.ts';
import { commitTop } from './participant.ts';
import { settled } from './settled.ts';

export interface InvokeOptions extends Partial<Origin> {
  /** The transaction that the call is part of. */
  readonly txn?: Transaction;
  readonly signal?: AbortSignal;
  /** The one graft of the point to call; none, if it has been removed. */
  readonly only?: Graft;
  /** Of an event: what is done in the transaction of each graft before it commits. A ticket: wait and call again. */
  readonly last?: (txn: Transaction) => Ticket | null;
}

/** Begins a call. Throws GRAFT_BAD_INPUT and GRAFT_BAD_OPTION. */
const begin = <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  options: Pick<InvokeOptions, 'txn' | 'depth' | 'principal' | 'only' | 'last'>,
): Invocation<Input, Output> => {
  const { txn = null, only = null, last = null } = options;
  const origin = originOf(options);
  return point.kind === 'event'
    ? new EventInvocation(base, point, input, origin, only, last)
    : new Invocation(base, point, input, txn, origin, only);
};

/** Calls a graft point from the asynchronous host. */
export const invoke = <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  options: InvokeOptions = {},
): Promise<Outcome<Output>> => attempt(base, point, input, options, null);

const attempt = async <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  options: InvokeOptions,
  repeat: Repeat | null,
): Promise<Outcome<Output>> => {
  if (point.kind === 'event' && options.txn !== undefined) {
    const origin = originOf(options);
    const later = (): Promise<void> =>
      invoke(base, point, input, origin).then(nothing, (error) => base.hostFailed(point.name, error));
    return eventAfterCommit(base, point, input, options.txn, () => void later());
  }
  const invocation = begin(base, point, input, options);
  if (repeat !== null) invocation.attempts = repeat.attempts;
  const guarded = guard(base, invocation, options.signal, repeat);
  let fallback: unknown = null;
  try {
    // What need not wait is not awaited: each turn costs a small call a twentieth of its time.
    for (let call = invocation.next(); call !== null; call = invocation.next()) {
      if (point.kind === 'event') guarded.restart();
      const ran = run(invocation, call);
      const unsettled = ran instanceof Promise ? await ran : ran;
      if (unsettled !== null) await settleLater(invocation, call, unsettled);
    }
    if (invocation.needsDefault) fallback = await defaultAnswer(point, invocation);
    if (invocation.isToCommit()) {
      const committed = commit(base, invocation);
      const failure = committed instanceof Promise ? await committed : committed;
      if (failure !== null) invocation.lost(failure);
    }
  } catch (error) {
    invocation.drop();
    if (error instanceof GraftError) throw error;
    // The host's own code threw: its default, its choice of a graft, what fills its columns.
    base.hostFailed(point.name, error);
    invocation.lost(new Aborted('host-fault', '', error));
  } finally {
    guarded.stop();
  }
  if (invocation.repeated === null) return invocation.outcome(fallback);
  const attempts = invocation.attempts + 1;
  const until_ms = repeat?.until_ms ?? base.transactions.clock.now() + point.limits.total_ms;
  await base.participant?.pause?.(attempts);
  return attempt(base, point, input, options, { attempts, until_ms });
};

/** A call that is made again: how often it has been made, and when its time is over. */
interface Repeat {
  readonly attempts: number;
  readonly until_ms: number;
}

/** The host's own answer; null where the call is ended before that has come. */
const defaultAnswer = <I, O>(point: GraftPoint<I, O>, { input, txn }: Invocation<I, O>): unknown => {
  const answer = point.original(input, txn);
  if (!(answer instanceof Promise)) return answer;
  const ended = new Promise<null>((resolve) => {
    txn.runner = { aborted: () => resolve(null) };
  });
  return Promise.race([answer, ended]);
};

const nothing = (): void => {};

/** What the settling of a graft's call may have to wait for: a lock, a post-condition, or the store's COMMIT. */
type Obstacle = Ticket | PendingVerdict | Promise<void>;

/** The end of a graft's call that cannot be settled yet: when `obstacle` is over, it is settled again. */
interface Unsettled {
  readonly ending: Ending;
  readonly obstacle: Obstacle;
}

const settle = <I, O>(invocation: Invocation<I, O>, call: GraftCall, ending: Ending): Unsettled | null => {
  const wait = invocation.settle(call, ending);
  if (wait !== null && !(wait instanceof Promise)) suspend(call);
  return wait === null ? null : { ending, obstacle: wait };
};

/** The post-condition waits: until it is asked again, nothing else may run in the heap of the call. */
const suspend = (call: GraftCall): void => call.graft.plugin.compartment.abandon(call);

const settleLater = async <I, O>(
  invocation: Invocation<I, O>,
  call: GraftCall,
  { ending, obstacle: first }: Unsettled,
): Promise<void> => {
  for (let wait: Obstacle | null = first; wait !== null; wait = invocation.settle(call, ending)) {
    if (wait instanceof Promise) return wait;
    await (wait instanceof Ticket ? settled(wait) : Promise.race([wait.done, aborted(call.txn)]));
  }
};

/** Resolves when somebody else ends a transaction whose graft has answered. */
const aborted = (txn: Transaction): Promise<void> =>
  new Promise((resolve) => {
    txn.runner = { aborted: () => resolve() };
  });

/**
 * Commits the call's transaction: into its parent, or at the top, through the store. Gives why it was refused, or null.
 */
const commit = <I, O>(base: Base, invocation: Invocation<I, O>): Aborted | null | Promise<Aborted | null> => {
  if (invocation.txn.parent === null) return commitTop(base, invocation.txn);
  invocation.txn.commit();
  return null;
};

/** What may end a call from outside. */
interface Guard {
  /** The total time begins anew. */
  restart(): void;
  stop(): void;
}

/** Arms the request's deadline and listens to its signal. */
const guard = <I, O>(
  base: Base,
  invocation: Invocation<I, O>,
  signal: AbortSignal | undefined,
  repeat: Repeat | null,
): Guard => {
  const { clock } = base.transactions;
  const { total_ms } = invocation.point.limits;
  const ms = repeat === null ? total_ms : Math.min(total_ms, Math.max(1, repeat.until_ms - clock.now()));
  const arm = (): Timer => clock.after(ms, () => invocation.expire());
  let timer = arm();
  const restart = (): void => {
    timer.cancel();
    timer = arm();
  };
  if (signal === undefined) return { restart, stop: () => timer.cancel() };
  const cancel = (): void => invocation.abort('cancelled');
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel);
  const stop = (): void => {
    timer.cancel();
    signal.removeEventListener('abort', cancel);
  };
  return { restart, stop };
};

/**
 * Runs one graft to its end, attempt after attempt, and settles it. A compartment that waits hears here whether the
 * answer is kept, before it reads the end of the next call in the same heap: where it is not kept, nothing that has run
 * in that heap since may count.
 */
const run = <I, O>(invocation: Invocation<I, O>, call: GraftCall): Unsettled | null | Promise<Unsettled | null> => {
  const compartment = call.graft.plugin.compartment;
  if (compartment.start === undefined) return runHere(invocation, call);
  return new Promise<Unsettled | null>((resolve, reject) => {
    call.onEnding = (ending) => {
      try {
        resolve(settle(invocation, call, ending));
      } catch (error) {
        reject(error);
      }
    };
    start(invocation, call, { resolve, reject });
  });
};

const runHere = <I, O>(invocation: Invocation<I, O>, call: GraftCall): null | Unsettled | Promise<Unsettled | null> => {
  let ending: Ending;
  try {
    ending = runInThread(call);
  } catch (error) {
    if (!invocation.goesWithout) throw error;
    invocation.passOver(call, overloaded(error));
    return null;
  }
  return call.conflict === null ? settle(invocation, call, ending) : runAgain(invocation, call);
};

/** What GRAFT_OVERLOADED says; any other error is thrown on. */
const overloaded = (error: unknown): string => {
  if (error instanceof GraftError && error.code === 'GRAFT_OVERLOADED') return error.message;
  throw error;
};

/**
 * Starts a graft in a compartment that waits. Where the compartment takes no more calls, an event waits for room,
 * within the total time; another call goes on without that graft, where its point's fault policy lets it.
 */
const start = <I, O>(
  invocation: Invocation<I, O>,
  call: GraftCall,
  told: Pick<PromiseWithResolvers<Unsettled | null>, 'resolve' | 'reject'>,
): void => {
  const { compartment } = call.graft.plugin;
  try {
    compartment.start?.(call);
  } catch (error) {
    try {
      const why = overloaded(error);
      if (!invocation.goesWithout) throw error;
      const again = (): void => {
        if (call.onEnding !== null) start(invocation, call, told);
      };
      if (invocation.point.kind === 'event' && compartment.whenRoom?.(again) === true) return;
      call.onEnding = null;
      invocation.passOver(call, why);
      told.resolve(null);
    } catch (other) {
      told.reject(other);
    }
  }
};

/** Repeats a graft in the calling thread that met a lock, waiting between attempts. */
const runAgain = async <I, O>(invocation: Invocation<I, O>, call: GraftCall): Promise<Unsettled | null> => {
  for (;;) {
    const ticket = again(call);
    if (ticket instanceof Object && 'kind' in ticket) return settle(invocation, call, ticket);
    if (ticket !== null) await settled(ticket);
    if (!resume(call)) return settle(invocation, call, LOST_ENDING);
    const ending = runInThread(call);
    if (call.conflict === null) return settle(invocation, call, ending);
  }
};

const runInThread = (call: GraftCall): Ending => {
  const compartment = call.graft.plugin.compartment;
  if (compartment.run === undefined)
    throw new GraftError(
      'GRAFT_MUST_WAIT',
      `${call.graft.name}: a ${compartment.kind} compartment needs the asynchronous driver`,
    );
  return compartment.run(call);
};

/** Takes an attempt back that met a lock, and asks for the lock. */
const again = (call: GraftCall): Ticket | Ending | null => {
  call.retract();
  try {
    return lockForNext(call);
  } catch {
    return LOST_ENDING;
  }
};

/** Begins the next attempt, unless the call has ended meanwhile. */
const resume = (call: GraftCall): boolean => {
  if (call.home.state !== 'active' || call.home.doomed !== null) return false;
  call.begin();
  return true;
};

export interface InvokeSyncOptions {
  readonly txn?: Transaction;
  readonly depth?: number;
  /** Returns when the ticket is settled: it runs the machine meanwhile. */
  readonly wait: (ticket: Ticket) => void;
}

/** Calls a graft point from the synchronous kernel. */
export const invokeSync = <Input, Output>(
  base: Base,
  point: GraftPoint<Input, Output>,
  input: unknown,
  options: InvokeSyncOptions,
): Outcome<Output> => {
  if (point.kind === 'event' && options.txn !== undefined)
    return eventAfterCommit(
      base,
      point,
      input,
      options.txn,
      () => void invokeSync(base, point, input, { wait: options.wait }),
    );
  const invocation = begin(base, point, input, options);
  let fallback: unknown = null;
  try {
    for (let call = invocation.next(); call !== null; call = invocation.next()) {
      let ending = runInThread(call);
      while (call.conflict !== null) ending = repeatSync(invocation, call, options);
      const wait = invocation.settle(call, ending);
      if (wait !== null && !(wait instanceof Promise)) suspend(call);
      if (wait !== null) settleSync(invocation, call, ending, wait, options);
    }
    if (invocation.needsDefault) fallback = point.original(invocation.input, invocation.txn);
    if (invocation.isToCommit()) finishSync(base, invocation);
  } catch (error) {
    invocation.drop();
    throw error;
  }
  return invocation.outcome(fallback);
};

/**
 * Waits within the request's total time, which here counts from its first wait: until then a synchronous call takes no
 * time but its grafts' own, which has a limit of its own, and most never wait.
 */
const waitSync = <I, O>(invocation: Invocation<I, O>, ticket: Ticket, { wait }: InvokeSyncOptions): void => {
  const { clock } = invocation.base.transactions;
  const now_ms = clock.now();
  invocation.deadline_ms ??= now_ms + invocation.point.limits.total_ms;
  const timer = clock.after(Math.max(0, invocation.deadline_ms - now_ms), () => invocation.expire());
  try {
    wait(ticket);
  } finally {
    timer.cancel();
  }
};

/** Runs a graft again that met a lock. */
const repeatSync = <I, O>(invocation: Invocation<I, O>, call: GraftCall, options: InvokeSyncOptions): Ending => {
  const ticket = again(call);
  call.conflict = null;
  if (ticket instanceof Object && 'kind' in ticket) return ticket;
  if (ticket !== null) waitSync(invocation, ticket, options);
  return resume(call) ? runInThread(call) : LOST_ENDING;
};

const settleSync = <I, O>(
  invocation: Invocation<I, O>,
  call: GraftCall,
  ending: Ending,
  first: Obstacle,
  options: InvokeSyncOptions,
): void => {
  for (let wait: Obstacle | null = first; wait !== null; wait = invocation.settle(call, ending)) {
    if (wait instanceof Promise) throw mustWait(wait, 'a store whose COMMIT takes time');
    if (wait instanceof PendingVerdict) throw mustWait(wait.done, 'a post-condition that takes time');
    waitSync(invocation, wait, options);
  }
};

const finishSync = <I, O>(base: Base, invocation: Invocation<I, O>): void => {
  const failure = commit(base, invocation);
  if (failure instanceof Promise) throw mustWait(failure, 'a store whose COMMIT takes time');
  if (failure !== null) invocation.lost(failure);
};

/** The error of a synchronous call that would have to wait; nobody hears how what it waits for ends. */
const mustWait = (wait: Promise<unknown>, what: string): GraftError => {
  wait.catch(nothing);
  return new GraftError('GRAFT_MUST_WAIT', `${what} needs the asynchronous driver`);
};
