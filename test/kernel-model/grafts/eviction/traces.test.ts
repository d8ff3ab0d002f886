// The policies on traces of real programs, where they are there: hits as an independent model counts them. (oltp: N.
// Megiddo, D. Modha, FAST 2003; the others: S. Jiang's LIRS package.)

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { readTrace, type Trace } from '../../../../experiments/trace-file.ts';
import {
  type Evict,
  makeAdaptive,
  makeClock,
  makeFifo,
  makeLirs,
  makeLru,
  makeMru,
  makeOpt,
} from '../../../../src/kernel-model/grafts/eviction/index.ts';
import { replay } from '../../../support/replay.ts';

type Hits = Record<string, number>;

interface Reference {
  readonly references: number;
  readonly distinct_pages: number;
  /** By frames, then by policy. */
  readonly hits?: Record<string, Hits>;
  /** By policy, then by frames. */
  readonly hit_ratio_percent?: Record<string, Hits>;
}

const FOLDER = fileURLToPath(new URL('../../../../../shared/data/traces/', import.meta.url));
const HERE = existsSync(`${FOLDER}reference-hits.json`);
const REFERENCES: Record<string, Reference> = HERE
  ? JSON.parse(readFileSync(`${FOLDER}reference-hits.json`, 'utf8')).traces
  : {};
const WITH_HITS = Object.keys(REFERENCES).filter((name) => REFERENCES[name]?.hits !== undefined);

const read = new Map<string, Trace>();
const traceOf = (name: string): Trace => {
  const trace =
    read.get(name) ??
    (name === 'oltp' ? readTrace(`${FOLDER}oltp.lis.gz`, 'arc') : readTrace(`${FOLDER}${name}.trace.gz`, 'lirs'));
  read.set(name, trace);
  return trace;
};

const POLICIES: Record<string, (trace: Trace) => Evict> = {
  FIFO: makeFifo,
  CLOCK: makeClock,
  LRU: makeLru,
  MRU: makeMru,
  LIRS: makeLirs,
  OPT: (trace) => makeOpt(trace.references),
};

const hitsOf = (name: string, policy: (trace: Trace) => Evict, trace: Trace): Record<string, number> =>
  Object.fromEntries(
    Object.keys(REFERENCES[name]?.hits ?? {}).map((frames) => [
      frames,
      replay(policy(trace), trace.references, Number(frames)).hits,
    ]),
  );

const expectedHits = (name: string, policy: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(REFERENCES[name]?.hits ?? {}).map(([frames, hits]) => [frames, hits[policy] as number]),
  );

if (!HERE) it.skip('the traces are not here', () => {});
else
  describe('on the reference traces', () => {
    it.each(Object.keys(REFERENCES))('%s has its references and pages', (name) => {
      const trace = traceOf(name);
      expect([trace.references.length, trace.distinct]).toEqual([
        REFERENCES[name]?.references,
        REFERENCES[name]?.distinct_pages,
      ]);
    });

    it.each(WITH_HITS.flatMap((name) => Object.keys(POLICIES).map((policy) => [name, policy] as const)))(
      '%s: %s hits exactly',
      (name, policy) => {
        const expected = expectedHits(name, policy);
        expect(Object.keys(expected).length).toBeGreaterThan(3);
        expect(hitsOf(name, POLICIES[policy] as (trace: Trace) => Evict, traceOf(name))).toEqual(expected);
      },
    );

    it.each(['LRU', 'OPT'])('oltp: %s has its hit ratio to a hundredth of a per cent', (policy) => {
      const { references, distinct } = traceOf('oltp');
      const expected = REFERENCES.oltp?.hit_ratio_percent?.[policy] as Hits;
      expect(Object.keys(expected).length).toBeGreaterThan(3);
      for (const [frames, percent] of Object.entries(expected)) {
        const { hits } = replay(POLICIES[policy]?.({ references, distinct }) as Evict, references, Number(frames));
        expect({ frames, error: Math.abs((100 * hits) / references.length - percent) < 0.0051 }).toEqual({
          frames,
          error: true,
        });
      }
    });

    it.each([
      ['cs', 500],
      ['cs', 1_000],
      ['ps', 500],
      ['ps', 1_000],
      ['loop', 512],
    ])('%s with %i frames: ADAPTIVE has nine in ten of the hits that are possible', (name, frames) => {
      const { hits } = replay(makeAdaptive(), traceOf(name).references, frames);
      expect(hits).toBeGreaterThanOrEqual(0.9 * (REFERENCES[name]?.hits?.[frames]?.OPT as number));
    });

    it.each(WITH_HITS)('%s: ADAPTIVE has at least 99 % of the hits of LRU', (name) => {
      for (const [frames, hits] of Object.entries(hitsOf(name, makeAdaptive, traceOf(name))))
        expect({ frames, enough: hits >= 0.99 * (REFERENCES[name]?.hits?.[frames]?.LRU as number) }).toEqual({
          frames,
          enough: true,
        });
    });
  });
