import { describe, expect, it } from '@jest/globals';
import { type SchedulingOptions, scheduling, serveAmong, type Waiting } from '../../experiments/scheduling.ts';
import type { Table } from '../../report/index.ts';

const EQUAL: Omit<SchedulingOptions, 'waiting'> = {
  clients: 3,
  requests: 6,
  service_us: 250_000,
  competitors: 3,
  burst_us: Number.POSITIVE_INFINITY,
  priority: 16,
  seed: 3,
  kind: 'direct',
};
const among = (waiting: Waiting, more: Partial<SchedulingOptions> = {}) => serveAmong({ ...EQUAL, waiting, ...more });

describe('clients of one server among competitors', () => {
  it('that hand on are served faster, and all answers are right', async () => {
    const [blocked, handing] = [await among('blocked'), await among('handing on')];
    expect(handing.response_us).toBeLessThan(0.8 * blocked.response_us);
    expect([blocked.wrong, handing.wrong]).toEqual([0, 0]);
    expect([blocked.graft_calls, handing.graft_calls > 0]).toEqual([0, true]);
  });

  it.each([1, 2, 4])('take from competitors no more than their own turns: %i clients', async (clients) => {
    const { competitors_share } = await among('handing on', { clients });
    const turns = EQUAL.competitors / (EQUAL.competitors + clients);
    expect(competitors_share).toBeGreaterThan(0.9 * turns);
  });

  it('gain nothing where nobody competes and only one waits: the graft’s calls are what it costs', async () => {
    const alone = { clients: 1, competitors: 0 };
    expect((await among('handing on', alone)).response_us).toBeGreaterThan((await among('blocked', alone)).response_us);
  });
});

it('an urgent client waits for no competitor when it hands its slice on, however long that one computes', async () => {
  const urgent = { clients: 1, competitors: 1, priority: 8, service_us: 2000, requests: 20 };
  const response = async (waiting: Waiting, burst_us: number) =>
    (await among(waiting, { ...urgent, burst_us })).response_us;
  expect(await response('handing on', 50_000)).toBeCloseTo(await response('handing on', 1000), 6);
  expect(await response('blocked', 50_000)).toBeGreaterThan(2 * (await response('handing on', 50_000)));
  expect(await response('blocked', 0)).toBeLessThan(await response('handing on', 0));
});

it('is the same twice, another with another seed, and says where it breaks even', async () => {
  const run = (seed: number) =>
    scheduling.run({ small: true, seed, flags: { compartment: 'direct' }, progress: () => {} });
  const [one, two, other] = [await run(1), await run(1), await run(2)];
  expect([two.hash, two.hash === other.hash]).toEqual([one.hash, false]);
  const { break_even_burst_us, wrong_answers, graft_calls_a_request } = one.facts as Record<string, number>;
  expect([wrong_answers, Math.round(graft_calls_a_request as number)]).toEqual([0, 2]);
  const rows = (one.parts.find((part) => part.title.startsWith('An urgent client')) as Table).rows as number[][];
  for (const [burst_ms, , , saved_us] of rows as [number, number, number, number][])
    expect(Math.sign(saved_us)).toBe(Math.sign(burst_ms * 1000 - (break_even_burst_us as number)));
});
