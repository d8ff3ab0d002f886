// The benchmarks run in their small size, and say what they must; how fast the machine is today is not a test's
// business.

import { describe, expect, test } from '@jest/globals';
import { bundle } from '../../bench/bundle.ts';
import { call } from '../../bench/call.ts';
import { database } from '../../bench/database.ts';
import { benchText } from '../../bench/report.ts';
import { sql } from '../../bench/sql.ts';
import { met } from '../../bench/target.ts';
import { txn } from '../../bench/txn.ts';
import { POSTGRES } from '../support/databases.ts';

const options = { small: true, seed: 1, progress: () => {} };

describe('bench', () => {
  test('txn: every way computes what the others compute, in every table', async () => {
    const result = await txn.run(options);
    expect(Object.keys(result.tables)).toHaveLength(9);
    for (const [title, rows] of Object.entries(result.tables)) {
      expect(rows.every((row) => row.median_ns > 0 && row.p10_ns <= row.p90_ns)).toBe(true);
      // Slow ways run fewer times, so only those that run as often can be compared.
      const alike = rows.filter((row) => /flat undo|Graftwork|closures/.test(row.name)).map((row) => row.hash);
      expect({ title, hashes: new Set(alike).size }).toEqual({ title, hashes: title === 'nested' ? 0 : 1 });
    }
    expect(benchText(result)).toContain('× floor');
  });

  test('call: a graft computes what the floors compute', async () => {
    const result = await call.run(options);
    const [rows = []] = Object.values(result.tables);
    expect(rows.map((row) => row.hash)).toEqual(rows.map(() => rows[0]?.hash));
    expect(result.targets.every((target) => Number.isFinite(target.value))).toBe(true);
  });

  test('bundle: a package that is read is what esbuild makes of it', async () => {
    const result = await bundle.run(options);
    expect(Object.keys(result.tables)).toHaveLength(5);
    for (const rows of Object.values(result.tables)) expect(rows[1]?.hash).toBe(rows[0]?.hash);
    expect(result.targets.every((target) => Number.isFinite(target.value))).toBe(true);
  });

  test('database: a graft finds what the statement by itself does', async () => {
    const result = await database.run(options);
    expect(Object.keys(result.tables)).toHaveLength(POSTGRES.isThere ? 2 : 1);
    for (const rows of Object.values(result.tables)) expect(rows[1]?.hash).toBe(rows[0]?.hash);
    expect(result.targets.every((target) => Number.isFinite(target.value))).toBe(true);
  });

  test('sql: a statement of a graft answers what it answers in this process', async () => {
    const result = await sql.run(options);
    const tables = Object.values(result.tables);
    expect(tables).toHaveLength(3);
    for (const rows of tables) expect(rows.at(-1)?.hash).toBe(rows[0]?.hash);
  });

  test('a target is met within its bound only', () => {
    expect([
      met({ what: '', value: 1, at_most: 1 }),
      met({ what: '', value: 1.1, at_most: 1 }),
      met({ what: '', value: 0, at_least: 1 }),
    ]).toEqual([true, false, false]);
  });
});
