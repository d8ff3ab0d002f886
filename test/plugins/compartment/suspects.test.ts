// Many quick calls share a process's pipe, and one of them brings the process down: the guilty one is found, and only
// that one.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../../src/host/index.ts';

const CODE = `let calls = 0;
export const graft = ({ n, bad }) => {
  calls++;
  if (n === bad) return Number(BigInt('9'.repeat(2 ** 26)));
  return n;
};`;

let host: Host;

beforeEach(async () => {
  host = await createHost({ store: 'memory', report: () => {} });
});

afterEach(() => host.close());

describe('a call that brings down a process full of calls', () => {
  test.each([0, 17, 63])('is the one that is blamed: call %i of 64', async (bad) => {
    const point = host.graftPoint<{ n: number; bad: number }, number>({
      name: 'p',
      kind: 'function',
      default: () => -1,
      budget: Number.POSITIVE_INFINITY,
      limits: { own_ms: 60, total_ms: 20_000 },
    });
    const graftwork = { api: 1, grafts: [{ point: 'p', export: 'graft' }] };
    await host.install({ manifest: { name: 'quick', graftwork }, files: { 'index.js': CODE } });
    // Warm.
    for (let i = 0; i < 120; i++) await point.call({ n: i, bad: -1 });
    const outcomes = await Promise.all(Array.from({ length: 64 }, (_, n) => point.invoke({ n, bad })));
    const values = outcomes.map((outcome) =>
      outcome.status === 'committed' || outcome.status === 'default' ? outcome.value : Number.NaN,
    );
    expect(values).toEqual(Array.from({ length: 64 }, (_, n) => (n === bad ? -1 : n)));
    // What it makes costs time and memory: which of its limits is seen first, the machine decides.
    expect(outcomes[bad]?.grafts).toMatchObject([
      { status: 'aborted', reason: expect.stringMatching(/^(own-time|memory-limit)$/) },
    ]);
    expect(outcomes.filter((outcome) => outcome.status !== 'committed')).toHaveLength(1);
  });
});
