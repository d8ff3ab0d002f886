// Replays through the whole kernel: every reference a load, every miss a page fault, every victim from the eviction
// path. The hits must be those of an independent model, for every trace and memory size it has counts of, where the
// shared traces are there; and of a naive LRU here, always.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readTrace, type Trace } from '../../experiments/trace-file.ts';
import { replay } from '../../experiments/traces.ts';
import { Random } from '../support/random.ts';

const TRACES = fileURLToPath(new URL('../../../shared/data/traces/', import.meta.url));
const isThere = existsSync(TRACES);
const shared = isThere ? it : it.skip;

type Hits = Readonly<Record<string, Readonly<Record<string, number>>>>;
interface Reference {
  readonly traces: Readonly<Record<string, { readonly hits?: Hits; readonly hit_ratio_percent?: Hits }>>;
}
const reference = (
  isThere ? JSON.parse(readFileSync(`${TRACES}reference-hits.json`, 'utf8')) : { traces: {} }
) as Reference;
const NAMES = ['cpp', 'cs', 'loop', 'multi1', 'ps', 'sprite'];

const traceOf = (name: string): Trace => readTrace(`${TRACES}${name}.trace.gz`, 'lirs');

const naiveLru = ({ references }: Trace, frames: number): number => {
  const pages: number[] = [];
  let hits = 0;
  for (const page of references) {
    const at = pages.indexOf(page);
    if (at >= 0) hits++;
    if (at >= 0) pages.splice(at, 1);
    else if (pages.length === frames) pages.shift();
    pages.push(page);
  }
  return hits;
};

describe('a replay through the kernel', () => {
  it.each([1, 2, 3, 4])(
    'has the hits of a naive LRU, as the kernel’s own policy and as a graft (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const trace = {
        references: Int32Array.from({ length: 3000 }, () => random.below(40) * random.below(3)),
        distinct: 80,
      };
      for (const frames of [1, 7, 20]) {
        const hits = naiveLru(trace, frames);
        expect((await replay(trace, frames, 'lru', null)).hits).toBe(hits);
        expect(await replay(trace, frames, 'lru', 'direct')).toMatchObject({ hits, aborted: 0 });
      }
    },
  );

  it('is the same run, event for event, when it is run again', async () => {
    const random = new Random(5);
    const trace = { references: Int32Array.from({ length: 2000 }, () => random.below(60)), distinct: 60 };
    const [one, two] = [await replay(trace, 20, 'lirs', 'direct'), await replay(trace, 20, 'lirs', 'direct')];
    expect({ ...two, real_ms: 0 }).toEqual({ ...one, real_ms: 0 });
  });

  it('refuses a policy that there is not, and the future as a graft', async () => {
    const trace = { references: Int32Array.of(0, 1), distinct: 2 };
    await expect(replay(trace, 1, 'best', null)).rejects.toThrow('no policy best');
    await expect(replay(trace, 1, 'opt', 'direct')).rejects.toThrow('opt knows the future');
  });
});

describe(isThere ? 'shared traces' : 'shared traces (not here: skipped)', () => {
  shared.each(NAMES)('%s: FIFO, CLOCK, LRU, MRU and OPT exactly, LIRS within 1 %%', async (name) => {
    const trace = traceOf(name);
    for (const [frames, hits] of Object.entries(reference.traces[name]?.hits ?? {})) {
      for (const policy of ['FIFO', 'CLOCK', 'LRU', 'MRU', 'OPT'])
        expect([policy, frames, (await replay(trace, Number(frames), policy.toLowerCase(), null)).hits]).toEqual([
          policy,
          frames,
          hits[policy],
        ]);
      const lirs = (await replay(trace, Number(frames), 'lirs', null)).hits;
      expect(Math.abs(lirs - (hits.LIRS as number))).toBeLessThanOrEqual(0.01 * (hits.LIRS as number));
    }
  });

  shared.each([
    ['cs', 500],
    ['cs', 1000],
    ['ps', 500],
    ['ps', 1000],
    ['loop', 512],
  ] as const)('%s, %i frames: an online graft has nine tenths of the optimum’s hits', async (name, frames) => {
    const hits = (await replay(traceOf(name), frames, 'adaptive', 'direct')).hits;
    expect(hits).toBeGreaterThanOrEqual(0.9 * (reference.traces[name]?.hits?.[frames]?.OPT as number));
  });

  // N. Megiddo, D. Modha, ARC: A Self-Tuning, Low Overhead Replacement Cache, FAST 2003.
  shared.each(['LRU', 'OPT'])('oltp: %s within 0.01 points', async (policy) => {
    const trace = readTrace(`${TRACES}oltp.lis.gz`, 'arc');
    for (const [frames, percent] of Object.entries(reference.traces.oltp?.hit_ratio_percent?.[policy] ?? {})) {
      const { hit_ratio } = await replay(trace, Number(frames), policy.toLowerCase(), null);
      expect(Math.abs(100 * hit_ratio - percent)).toBeLessThanOrEqual(0.01);
    }
  });
});
