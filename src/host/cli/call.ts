// `graftwork call POINT JSON`: calls a graft point and prints the outcome, the value, and for each graft how it ended
// and what of its work was undone. The exit code tells the outcome, so that a script can act on it.

import type { GraftReport, Outcome } from '../../plugins/index.ts';
import { JSON_TYPE } from '../server/index.ts';
import { type Answer, ask, errorLine, type ServerFlags } from './client.ts';
import { checkJson, readInput } from './json.ts';
import { pretty, visible } from './text.ts';

export const OUTCOME_EXIT: Readonly<Record<Outcome<unknown>['status'], number>> = {
  committed: 0,
  default: 0,
  refused: 3,
  denied: 4,
  failed: 5,
  aborted: 6,
};

const headline = (outcome: Outcome<unknown>): string => {
  switch (outcome.status) {
    case 'committed':
    case 'default':
      return outcome.status;
    case 'refused':
      return `refused: ${outcome.refusal.code}: ${outcome.refusal.message}`;
    default:
      return `${outcome.status}: ${outcome.reason}`;
  }
};

const describeUndone = ({ records, first }: GraftReport['undone']): string => {
  if (records === 0) return '';
  const more = records > first.length ? ', …' : '';
  return `\n  undone: ${records} ${records === 1 ? 'change' : 'changes'}: ${visible(first.join(', '))}${more}`;
};

const describeGraft = (report: GraftReport): string => {
  const why = [report.reason, report.detail].filter((part) => part !== undefined).join(': ');
  const at = report.at === undefined ? '' : ` at ${report.at}`;
  const line = visible(`${report.graft}: ${report.status}${why === '' ? '' : `, ${why}`}${at}`);
  const frames = (report.stack ?? []).slice(1).map((frame) => `\n    at ${visible(frame)}`);
  const removed = report.removed ? '\n  removed from its point' : '';
  return `${line}${frames.join('')}${removed}${describeUndone(report.undone)}`;
};

/** An outcome for people. */
export const describeOutcome = (outcome: Outcome<unknown>): string =>
  [
    visible(headline(outcome)),
    ...('value' in outcome ? [pretty(outcome.value)] : []),
    ...outcome.grafts.map(describeGraft),
  ].join('\n');

/** Calls a point with JSON text; `-`: with the text on standard input. Gives the exit code. */
export const call = async (point: string, json: string, flags: ServerFlags): Promise<number> => {
  const input = json === '-' ? await readInput(process.stdin) : checkJson(json);
  const path = `api/points/${encodeURIComponent(point)}/call`;
  const answer = await ask(flags, { method: 'POST', path, type: JSON_TYPE, body: `{"input":${input}}` });
  return show(answer, flags);
};

const show = (answer: Answer, flags: ServerFlags): number => {
  const line = errorLine(answer);
  const outcome = answer.body.outcome as Outcome<unknown> | undefined;
  if (flags.json) console.log(answer.text);
  else if (line !== null) console.error(visible(line));
  else if (outcome !== undefined) console.log(describeOutcome(outcome));
  return outcome === undefined ? 1 : (OUTCOME_EXIT[outcome.status] ?? 1);
};
