// Which of two ends of a call counts.

import { describe, expect, it } from '@jest/globals';
import { ANSWERED, type CallEnd, heavier, isKept, UNANSWERED } from '../../src/plugins/call-end.ts';

const REFUSED: CallEnd = { kind: 'refused', refusal: { code: 'no', message: '' } };
const FAILED: CallEnd = { kind: 'failed', reason: 'thrown' };
const ABORTED: CallEnd = { kind: 'aborted', reason: 'total-time' };
const kinds = (ends: readonly CallEnd[]): string[] => ends.map(({ kind }) => kind);

describe('of two ends', () => {
  it.each<[CallEnd, readonly CallEnd[]]>([
    [UNANSWERED, []],
    [ANSWERED, [UNANSWERED]],
    [REFUSED, [UNANSWERED, ANSWERED]],
    [FAILED, [UNANSWERED, ANSWERED]],
    [ABORTED, [UNANSWERED, ANSWERED, REFUSED, FAILED]],
  ])('$kind counts over lighter ones, whichever came first', (end, lighter) => {
    for (const other of lighter) expect([heavier(end, other), heavier(other, end)]).toEqual([end, end]);
  });

  it('the first counts where both weigh the same', () => {
    expect(heavier(REFUSED, FAILED)).toBe(REFUSED);
    expect(heavier(FAILED, REFUSED)).toBe(FAILED);
    const later: CallEnd = { kind: 'aborted', reason: 'cancelled' };
    expect(heavier(ABORTED, later)).toBe(ABORTED);
  });
});

it('what grafts did is kept where one answered, or none did', () => {
  expect(kinds([UNANSWERED, ANSWERED, REFUSED, FAILED, ABORTED].filter(isKept))).toEqual(['unanswered', 'answered']);
});
