// Whether a call may have ended as it did. A program without a fault in it commits, unless something that is nobody's
// fault came between; one with a fault that it cannot get around never does; one with a fault in a nested call that it
// catches may end either way, and the ledger holds it to what it says.

import { GraftError, type Outcome } from '../../../src/host/index.ts';
import type { Program, Step } from './plan.ts';
import type { Answer } from './points.ts';

/** What ends a call though its graft did nothing wrong. */
const NOBODYS = ['deadlock', 'lock-timeout', 'total-time', 'cancelled'];
/** What a whole call may end as. */
const WHOLE = [...NOBODYS, 'store-conflict'];

/** The fault that a step is or has, or null. */
const faultOf = (step: Step): string | null => (step.do === 'fault' ? step.fault : 'cut' in step ? step.cut : null);

/** A rejection that nobody handles fails the call only where its promise has not been collected before the end. */
const isCertain = (fault: string | null): boolean => fault !== null && fault !== 'unheard';

/** Whether the graft itself goes wrong, whatever others do. */
export const mustFail = (program: Program): boolean =>
  program.rejected || program.nonsense !== null || program.steps.some((step) => isCertain(faultOf(step)));

const mayFail = (program: Program): boolean =>
  mustFail(program) || program.steps.some((step) => faultOf(step) !== null);

/** Whether it calls others, whose end may become its own. */
const callsOthers = (program: Program): boolean =>
  program.steps.some((step) => step.do === 'call' || step.do === 'original');

/** Bounds over several calls of a plugin (timers), or of events in events, may be met by anybody. */
const mayMeetLimit = (program: Program): boolean =>
  program.steps.some(({ do: what }) => what === 'schedule' || what === 'emit' || what === 'subscribe');

const refuses = (program: Program): boolean => program.steps.some((step) => faultOf(step) === 'refuse');

/** Reasons for which the graft of a program without faults of its own may be aborted. */
const allowedFor = (program: Program, point: string): string[] => [
  ...WHOLE,
  ...(callsOthers(program) ? ['thrown', 'host-fault'] : []),
  ...(mayMeetLimit(program) ? ['limit', 'thrown'] : []),
  ...(point === 'f/short' ? ['own-time'] : []),
];

const wrongGrafts = (program: Program, point: string, outcome: Outcome<unknown>): string[] =>
  outcome.grafts.flatMap(({ graft, status, reason, detail }) => {
    if (!graft.startsWith(`${program.plugin}#`)) return [`${graft} was called for ${program.plugin}`];
    if (status === 'aborted' && !mayFail(program) && !allowedFor(program, point).includes(reason as string))
      return [`an honest graft was aborted: ${reason} ${detail}`];
    return status === 'refused' && !refuses(program) ? ['a graft refused that was not asked to'] : [];
  });

/** What is wrong with the outcome of a call of one graft; `closing`: the host is being closed. */
export const judge = (program: Program, point: string, outcome: Outcome<Answer>): string[] => {
  const wrong = wrongGrafts(program, point, outcome);
  switch (outcome.status) {
    case 'committed':
      if (mustFail(program)) wrong.push('a graft that went wrong was committed');
      break;
    case 'default':
      if (outcome.value.kept.length > 0) wrong.push('the default kept something');
      break;
    case 'refused':
      if (outcome.refusal.code !== 'on-purpose') wrong.push(`refused as ${outcome.refusal.code}`);
      break;
    case 'denied':
    case 'failed':
      if (point !== `f/${outcome.status === 'denied' ? 'deny' : 'fail'}`) wrong.push(`${outcome.status} at ${point}`);
      break;
    default:
      if (!WHOLE.includes(outcome.reason) && !(program.defaultThrows && outcome.reason === 'host-fault'))
        wrong.push(`the whole call was aborted: ${outcome.reason}`);
  }
  return wrong;
};

/** Codes that a call may throw while the host stands, and while it closes. */
const STANDING = ['GRAFT_OVERLOADED'];
const ABORTS = ['GRAFT_ABORTED', 'GRAFT_TXN_ENDED'];
const ANSWERS = ['GRAFT_REFUSED', 'GRAFT_DENIED', 'GRAFT_FAILED', ...ABORTS];

export interface Thrown {
  readonly error: unknown;
  readonly closing: boolean;
  /** The call was made in a transaction, or for a value rather than an outcome. */
  readonly answers: boolean;
}

/** What is wrong with what a call threw. */
export const judgeThrown = ({ error, closing, answers }: Thrown): string[] => {
  if (error instanceof Error && error.message.endsWith(' on purpose')) return [];
  if (!(error instanceof GraftError))
    return [`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  const allowed = [
    ...STANDING,
    ...(answers ? ANSWERS : []),
    ...(closing ? ['GRAFT_CLOSED', ...ABORTS, 'GRAFT_STORE'] : []),
  ];
  return allowed.includes(error.code) ? [] : [`threw ${error.code}: ${error.message}`];
};
