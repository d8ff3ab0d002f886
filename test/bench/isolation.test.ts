// The isolation benchmark in its small size: what it compares is comparable, what hangs is ended and told, and its page
// opens with the decision.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInThisContext } from 'node:vm';
import { afterAll, describe, expect, test } from '@jest/globals';
import { BadUse, type BenchResult } from '../../bench/benchmark.ts';
import { survivedOf } from '../../bench/isolation/hostile.ts';
import { carriedOut } from '../../bench/isolation/order.ts';
import { pageOf } from '../../bench/isolation/page.ts';
import type { Found } from '../../bench/isolation/survey.ts';
import { overshoot, targetsOf } from '../../bench/isolation/targets.ts';
import { WORK, type Work } from '../../bench/isolation/work.ts';
import { isolation } from '../../bench/isolation.ts';
import { writeReport } from '../../bench/report.ts';
import { columnMemory, columnViews } from '../../src/plugins/columns.ts';

const folder = mkdtempSync(join(tmpdir(), 'graftwork-bench-'));
afterAll(() => rmSync(folder, { recursive: true }));

const run = (flags: Record<string, string>): Promise<BenchResult> =>
  isolation.run({ small: true, seed: 1, progress: () => {}, flags });

const made = (name: string, seed: number, columns: boolean): Work => {
  const make = WORK[name];
  if (make === undefined) throw new Error(`no workload ${name}`);
  return make(seed, columns);
};

/** The answers of a workload, called plainly. */
const answers = (work: Work, count: number): number[] => {
  const columns = columnViews(columnMemory(work.point.columns ?? {}));
  const graft = runInThisContext(work.source.js) as (input: unknown, api: object) => unknown;
  return Array.from({ length: count }, () => {
    const input = work.input();
    work.point.fill?.(input, columns);
    const answer = graft(input, { columns });
    if (work.point.check?.(answer, input, () => null, null as never) !== true)
      throw new Error(`an answer that its own point refuses: ${answer}`);
    return work.value(answer);
  });
};

describe('the workloads', () => {
  test.each(Object.keys(WORK))(
    '%s answers alike with columns and without, whatever the seed, and not always the same',
    (name) => {
      for (let seed = 0; seed < 50; seed++) {
        const [with_columns, without] = [answers(made(name, seed, true), 100), answers(made(name, seed, false), 100)];
        expect({ seed, answers: with_columns }).toEqual({ seed, answers: without });
        expect(new Set(with_columns).size).toBeGreaterThan(1);
      }
    },
  );
});

describe('the benchmark', () => {
  test('kinds and floors come to the same answers, and the page opens with the decision', async () => {
    const result = await run({ kinds: 'direct,ses,isolate,process', parts: 'calls,fresh' });
    expect((result.samples as Found[]).flatMap(({ problems }) => problems)).toEqual([]);
    for (const [title, rows] of Object.entries(result.tables)) {
      expect(rows.every((row) => row.median_ns > 0 && row.p10_ns <= row.p90_ns)).toBe(true);
      expect({ title, hashes: new Set(rows.map(({ hash }) => hash)).size }).toEqual({ title, hashes: 1 });
    }
    expect(result.page?.parts[0]).toMatchObject({ kind: 'table', title: 'Which kind of compartment' });
    expect(result.page?.parts[0]).toMatchObject({
      rows: [['direct'], ['ses'], ['isolate'], ['process']].map(([kind]) => expect.arrayContaining([kind])),
    });
    expect(result.targets.map(({ what }) => what.split(':')[0])).toEqual([
      'isolate',
      'isolate',
      'isolate',
      'process',
      'process',
      'isolate',
      'process',
    ]);
    const files = await writeReport(folder, result);
    for (const file of files) expect(readFileSync(join(folder, file), 'utf8').length).toBeGreaterThan(100);
    const markdown = readFileSync(join(folder, 'report.md'), 'utf8');
    const plots = files.filter((file) => file.endsWith('.svg'));
    expect(plots.length).toBeGreaterThan(2);
    expect(plots.filter((plot) => !markdown.includes(`](${plot})`))).toEqual([]);
  });

  test('names that nothing has are bad use', async () => {
    await expect(run({ kinds: 'isolate,none' })).rejects.toThrow(BadUse);
    await expect(run({ parts: 'everything' })).rejects.toThrow('everything is none of');
  });

  test('what a kind does not end is ended from outside, and told', async () => {
    const order = { part: 'stops', body: 'loop', small: true, seed: 1 } as const;
    expect(await carriedOut({ ...order, kind: 'direct' })).toEqual({ lost: 'hung' });
    const stops = await carriedOut({ ...order, kind: 'isolate' });
    expect(stops).toEqual([5, 50].map((limit_ms) => expect.objectContaining({ limit_ms, reasons: ['own-time'] })));
  });

  test('what it does not know, it does not measure', async () => {
    await expect(carriedOut({ part: 'idle', body: '', small: true, seed: 1, kind: 'none' })).rejects.toThrow(
      'no kind none',
    );
  });
});

describe('what is told', () => {
  const stop = { limit_ms: 5, reasons: ['own-time'], stopped_ms: [6, 7, 30], next_ms: [1, 1, 1], wronged: 0 };
  const isolate: Found = { kind: 'isolate', stops: { loop: [stop], other: 'refused' } };

  test('the target of stopping is the worst median, and a body that is never ended misses any', () => {
    expect(overshoot(isolate)).toBe(2);
    expect(overshoot({ kind: 'isolate', stops: { ...isolate.stops, worse: { lost: 'hung' } } })).toBe(
      Number.POSITIVE_INFINITY,
    );
    expect(targetsOf([isolate]).map(({ value }) => value)).toEqual([2]);
  });

  const ROW = { name: 'direct', median_ns: 1, p10_ns: 1, p90_ns: 1, p99_ns: 1, ratio: 1, hash: '' };

  test('kinds that answer differently are no comparison', () => {
    const calls = (hash: string): Found => ({
      kind: 'direct',
      calls: { works: { add: { each: [ROW], batch: [ROW], others: [], hash } }, callBack: [] },
    });
    const page = (hashes: string[]) => pageOf(hashes.map(calls), [], {}, { small: true, survived: () => '' });
    expect(() => page(['a', 'b'])).toThrow('differently');
    expect(page(['a', 'a']).hash).not.toBe(page(['b', 'b']).hash);
  });

  test('what survived the hostile corpus is read where it was run', () => {
    expect(survivedOf(undefined)('isolate')).toBe('not run');
    expect(survivedOf(join(folder, 'none.json'))('isolate')).toBe('not run');
    const file = join(folder, 'hostile.json');
    const classes = { cpu: { passed: 4, failed: 2, apart: 1 }, memory: { passed: 3, failed: 0, apart: 0 } };
    writeFileSync(file, JSON.stringify([{ kind: 'isolate', classes, failed: [] }]));
    expect(survivedOf(file)('isolate')).toBe('7 of 9');
    expect(survivedOf(file)('ses')).toBe('not run');
  });
});
