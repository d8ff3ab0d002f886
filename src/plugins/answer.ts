// Checking a graft's answer, before anything of the call is kept: plain data first, then the point's schema, then its
// post-condition, which sees the state as the graft's transaction would leave it.

import { Aborted, Ticket } from '../txn/index.ts';
import type { Base } from './base.ts';
import { GraftError } from './errors.ts';
import type { GraftCall } from './graft-call.ts';
import { isPlainAtom } from './plain.ts';
import type { StateView } from './point-options.ts';
import { type Checked, checkRows, checkValue } from './schema.ts';

const DETAIL_MAX = 500;

/**
 * The answer as its schema made it. One that is not good dooms the call's transaction with `invalid-answer`. A ticket:
 * the post-condition met a lock; wait and check again.
 */
export const checkAnswer = (base: Base, call: GraftCall, given: unknown): unknown | Ticket => {
  const { output, check, rows } = call.graft.point.options;
  let answer = given;
  if (output !== undefined || rows === true || !isPlainAtom(given)) {
    const checked = checkShape(base, call, given);
    if (!checked.ok) {
      call.txn.doom(checked.isHostFault === true ? 'host-fault' : 'invalid-answer', checked.why);
      return null;
    }
    answer = checked.value;
  }
  if (check === undefined) return answer;
  const verdict =
    rows === true ? verdictOnRows(base, call, answer as readonly unknown[]) : verdictOn(base, call, answer, call.input);
  if (verdict instanceof Ticket) return verdict;
  if (verdict !== true && call.txn.doomed === null)
    call.txn.doom(
      'invalid-answer',
      typeof verdict === 'string' ? verdict.slice(0, DETAIL_MAX) : 'the post-condition does not hold',
    );
  return answer;
};

/** The answer against plain data and the schema; of a graft that takes rows, as many answers as there are rows. */
const checkShape = (base: Base, call: GraftCall, given: unknown): Checked<unknown> => {
  const { output, rows } = call.graft.point.options;
  if (rows !== true) return checkValue(given, output, base.isProxy);
  const checked = checkRows(given, output, base.isProxy);
  const { length } = call.input as readonly unknown[];
  return checked.ok && checked.value.length !== length
    ? { ok: false, why: `: ${checked.value.length} answers for ${length} rows` }
    : checked;
};

type Verdict = boolean | string | Ticket;

/** The first verdict that is not good. */
const verdictOnRows = (base: Base, call: GraftCall, answers: readonly unknown[]): Verdict => {
  const rows = call.input as readonly unknown[];
  for (let i = 0; i < answers.length; i++) {
    const verdict = verdictOn(base, call, answers[i], rows[i]);
    if (verdict !== true) return typeof verdict === 'string' ? `[${i}]: ${verdict}` : verdict;
  }
  return true;
};

/** What the post-condition says of an answer. One that throws is the host's own fault, and the answer is not kept. */
const verdictOn = (base: Base, call: GraftCall, answer: unknown, input: unknown): Verdict => {
  const { point } = call.graft;
  let blocked: Ticket | null = null;
  const state: StateView = (name, ...args) => {
    const value = read(call, name, args);
    if (!(value instanceof Ticket)) return value;
    blocked ??= value;
    throw new Aborted('cancelled', 'begun anew');
  };
  try {
    const verdict = point.options.check?.(answer, input, state) ?? false;
    return blocked ?? verdict;
  } catch (error) {
    if (blocked !== null) return blocked;
    if (!(error instanceof Aborted)) {
      call.txn.doom('host-fault', `the post-condition of ${point.name} failed`);
      base.hostFailed(`the post-condition of ${point.name}`, error);
    }
    return false;
  }
};

/** Reads state for the post-condition, in the graft's transaction. */
const read = (call: GraftCall, name: string, args: readonly unknown[]): unknown => {
  const { point } = call.graft;
  const callable = point.callables.get(name);
  if (callable === undefined) throw new GraftError('GRAFT_BAD_ARGUMENT', `${point.name} offers no ${name}`);
  call.pay();
  const value = callable.run(call, args);
  if (!(value instanceof Promise)) return value;
  value.catch(() => {});
  throw new GraftError('GRAFT_BAD_ARGUMENT', `${name} waits: a post-condition reads at once`);
};
