// How a call ends, as far as it is known: one closed union. Whoever ends a call says how (a graft that answers, refuses
// or fails, the request's deadline, the store), and `heavier` says what counts.

import type { AbortReason } from '../txn/index.ts';
import type { Refusal } from './errors.ts';

/**
 * `unanswered`: no graft's answer stands, and the default answers. `answered`: a graft's answer stands. `refused`: a
 * graft said no. `failed`: a graft failed, and the point's policy is not to go on. `aborted`: the call as a whole was
 * ended, which is no graft's fault.
 */
export type CallEnd =
  | { readonly kind: 'unanswered' }
  | { readonly kind: 'answered' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly reason: AbortReason }
  | { readonly kind: 'aborted'; readonly reason: AbortReason };

export const UNANSWERED: CallEnd = { kind: 'unanswered' };
export const ANSWERED: CallEnd = { kind: 'answered' };

/** Whether what grafts did is kept. */
export const isKept = ({ kind }: CallEnd): boolean => kind === 'unanswered' || kind === 'answered';

/**
 * The end that counts where a call has two: `unanswered` is lightest, then `answered`, then `refused` and `failed`,
 * then `aborted`; of two that weigh the same, the first.
 */
export const heavier = (first: CallEnd, second: CallEnd): CallEnd => {
  if (first.kind === 'aborted' || second.kind === 'unanswered') return first;
  return second.kind === 'aborted' || isKept(first) ? second : first;
};
