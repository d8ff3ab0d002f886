// Checking a graft's answer, before anything of the call is kept: plain data first, then the point's schema, then its
// post-condition, which sees the state as the graft's transaction would leave it.

import { Aborted, Ticket } from '../txn/index.ts';
import type { Base } from './base.ts';
import { GraftError } from './errors.ts';
import type { GraftCall } from './graft-call.ts';
import { isPlainAtom } from './plain.ts';
import type { StateView } from './point-options.ts';
import { type Checked, checkRows, checkValue } from './schema.ts';
import { settled } from './settled.ts';
import { unknownName } from './unknown-name.ts';

const DETAIL_MAX = 500;

/** A post-condition that takes time: when it is done, the answer is checked again, and its verdict is there. */
export class PendingVerdict {
  readonly done: Promise<void>;

  constructor(done: Promise<void>) {
    this.done = done;
  }
}

/**
 * The answer as its schema made it. One that is not good dooms the call's transaction with `invalid-answer`. A ticket:
 * the post-condition met a lock; wait and check again.
 */
export const checkAnswer = (base: Base, call: GraftCall, given: unknown): unknown | Ticket | PendingVerdict => {
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
    rows === true
      ? verdictOnRows(base, call, answer as readonly unknown[])
      : verdictOn(base, call, answer, call.input, 0);
  if (verdict instanceof Ticket || verdict instanceof PendingVerdict) return verdict;
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

type Verdict = boolean | string | Ticket | PendingVerdict;

/** The first verdict that is not good. */
const verdictOnRows = (base: Base, call: GraftCall, answers: readonly unknown[]): Verdict => {
  const rows = call.input as readonly unknown[];
  for (let i = 0; i < answers.length; i++) {
    const verdict = verdictOn(base, call, answers[i], rows[i], i);
    if (verdict !== true) return typeof verdict === 'string' ? `[${i}]: ${verdict}` : verdict;
  }
  return true;
};

/** What the post-condition says of an answer, the one of row `row`. */
const verdictOn = (base: Base, call: GraftCall, answer: unknown, input: unknown, row: number): Verdict => {
  const known = call.verdicts?.get(row);
  if (known !== undefined) return known;
  const { point } = call.graft;
  let blocked: Ticket | null = null;
  const state: StateView = (name, ...args) => {
    const value = read(call, name, args);
    if (!(value instanceof Ticket)) return value;
    blocked ??= value;
    throw new Aborted('cancelled', 'begun anew');
  };
  try {
    const verdict = point.options.check?.(answer, input, state, call.txn);
    if (!(verdict instanceof Promise)) return blocked ?? spoken(verdict);
    const told = (said: boolean | string): void => {
      call.verdicts ??= new Map();
      call.verdicts.set(row, said);
    };
    return new PendingVerdict(
      verdict
        .then(spoken)
        .then(told, (error: unknown) => (blocked === null ? told(failed(base, call, error)) : settled(blocked))),
    );
  } catch (error) {
    return blocked ?? failed(base, call, error);
  }
};

/** What a post-condition said. Throws for what is no verdict. */
const spoken = (said: unknown): boolean | string => {
  if (typeof said === 'boolean' || typeof said === 'string') return said;
  throw new TypeError('a post-condition says true, false, or in a text what is wrong');
};

/** A post-condition that throws, or says neither, is the host's own fault, and the answer is not kept. */
const failed = (base: Base, { graft, txn }: GraftCall, error: unknown): false => {
  if (error instanceof Aborted || txn.state !== 'active') return false;
  const what = `the post-condition of ${graft.point.name}`;
  txn.doom('host-fault', `${what} failed`);
  base.hostFailed(what, error);
  return false;
};

/** Reads state for the post-condition, in the graft's transaction. */
const read = (call: GraftCall, name: string, args: readonly unknown[]): unknown => {
  const { point } = call.graft;
  const callable = point.callables.get(name);
  if (callable === undefined) {
    const what = unknownName('callable', name, point.callables.keys());
    throw new GraftError('GRAFT_BAD_ARGUMENT', `the post-condition of ${point.name}: ${what}`);
  }
  call.pay();
  const value = callable.run(call, args);
  if (!(value instanceof Promise)) return value;
  value.catch(() => {});
  throw new GraftError('GRAFT_BAD_ARGUMENT', `${name} waits: a post-condition reads at once`);
};
