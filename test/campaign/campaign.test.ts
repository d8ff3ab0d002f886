// A few rounds of each campaign; `npm run campaign` does the long ones.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { createHost } from '../../src/host/index.ts';
import { DATABASES } from '../support/databases.ts';
import { hostTwins } from '../support/twins/host.ts';
import { runBusy } from './busy.ts';
import { calibrate } from './fuel/fuel.ts';
import { runFuzz } from './fuzz/fuzz.ts';
import { watchWaits } from './fuzz/waits.ts';
import { Watchdog } from './fuzz/watchdog.ts';
import { guardSequences } from './guards.ts';
import { killHosts, violationsOf } from './host-kills.ts';
import { bundleMutated } from './mutated-sources.ts';
import { killPlugins } from './plugin-kills.ts';
import { runShop } from './shop.ts';
import { runTransactions, wrongWith } from './transactions.ts';
import { runTypes } from './typed-rows.ts';

const silent = (): void => {};

describe('random transactions are one history', () => {
  for (const { name, isThere } of DATABASES)
    (isThere ? test : test.skip)(name, async () => {
      const { violations, committed } = await runTransactions(name, 120, 1, silent);
      expect(violations).toEqual([]);
      expect(committed).toBeGreaterThan(30);
    });

  test('what is none would be found', () => {
    const first = { value: 1, by: 0 };
    const [a, b] = ['row:0', 'row:1'] as const;
    const skewed = [
      { n: 1, reads: [[a, first] as const, [b, first] as const], writes: [a] },
      { n: 2, reads: [[a, first] as const, [b, first] as const], writes: [b] },
    ];
    expect(wrongWith(skewed, new Map())).toEqual(['the history can be put in no order']);
    const twice = skewed.map((entry) => ({ ...entry, writes: [a] }));
    expect(wrongWith(twice, new Map())).toEqual(['row:0 by 0 was replaced by 1 and by 2']);
  });
});

describe('kills', () => {
  test('plugin processes killed at random instants fail no call of an honest plugin', async () => {
    const result = await killPlugins(5, 1, silent);
    expect(result).toMatchObject({ kills: 5, failed: [], lost: [] });
    expect(result.calls).toBeGreaterThan(0);
  });

  test('a host killed at random instants leaves nothing half done', async () => {
    const result = await killHosts(2, 1, silent);
    expect(result.violations).toEqual([]);
    expect(result.moves).toBeGreaterThan(0);
  });

  test('half a move would be found', () => {
    const found = {
      balances: [
        { name: 'a', amount: 993 },
        { name: 'b', amount: 1000 },
      ],
      moves: [],
      count: 0,
      sent: ['x'],
    };
    expect(violationsOf(found)).toHaveLength(2);
  });
});

test('a shop’s own writes and its grafts’, which fail and are killed, lose nothing', async () => {
  const result = await runShop(144, 1, silent, 2);
  expect(result).toMatchObject({ failed: [], lost: [] });
  expect(result.done + result.refused).toBe(288);
  expect(result.grafts['honest committed']).toBeGreaterThan(0);
  expect(result.grafts['failing default thrown']).toBeGreaterThan(0);
  expect(Object.keys(result.grafts).some((how) => how.startsWith('looping'))).toBe(true);
});

describe('a guard', () => {
  test('lets nothing past that it keeps out, whatever happens to it', async () => {
    expect(await guardSequences(25, 1, silent)).toBeNull();
  });

  test('that an earlier start had and this one has forgotten would be found', async () => {
    expect(await guardSequences(25, 1, silent, false)).toContain('was default, not denied');
  });
});

test('mutated sources are bundled or refused within their memory, and harm no honest one', async () => {
  const result = await bundleMutated(40, 1, silent);
  expect(result).toMatchObject({ sources: 40, wrong: [] });
  expect(result.made + result.refused + result.gaveUp).toBe(40);
  expect(Math.max(result.reader_mb, result.esbuild_mb)).toBeLessThanOrEqual(512);
});

describe('the fuzzer', () => {
  test.each(['process', 'isolate'] as const)('finds nothing in a host, kind %s', async (kind) => {
    const run = await runFuzz({ seed: 1, kind, operations: 80 });
    expect({ seed: run.seed, violations: run.violations }).toEqual({ seed: 1, violations: [] });
    expect(run.counts.operations).toBeGreaterThan(40);
    expect(run.counts.transfers).toBeGreaterThan(0);
  });

  test.each(hostTwins.map((twin) => [twin.breaks, twin] as const))('finds that %s', async (_breaks, twin) => {
    const { violations } = await twin.during(() => runFuzz({ seed: 3, kind: 'isolate', operations: 150 }));
    expect(violations[0]).toMatch(twin.seen);
  });
});

describe('the watchdog', () => {
  test('tells what hangs, and what it waits for', async () => {
    const stopWatching = watchWaits();
    const host = await createHost({ store: 'memory', processes: { spares: 0 }, report: () => {} });
    const stock = host.map<number>('stock', { lock_timeout_ms: 60_000 });
    const hung = Promise.withResolvers<string>();
    const watchdog = new Watchdog(hung.resolve, 0);
    watchdog.host = host;
    const end = Promise.withResolvers<void>();
    const holder = host.transaction(async (txn) => {
      await stock.in(txn).set('a', 1);
      await end.promise;
    });
    const waiter = watchdog.watch('the second writer', 50, () => stock.set('a', 2));
    expect(await hung.promise).toMatch(
      /the second writer hangs\n(.*\n)*.*active: holds stock.*\n.*waits for stock\[a\] \(of transaction 1\)/,
    );
    end.resolve();
    await Promise.all([holder, waiter]);
    watchdog.close();
    await host.close();
    stopWatching();
  });

  test('ends a process whose event loop stands still, and says where', () => {
    const program = fileURLToPath(new URL('../support/still.ts', import.meta.url));
    const { signal, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
    expect(signal).toBe('SIGKILL');
    expect(stderr).toMatch(/the event loop .* has stood still(.*\n)*.*at stand .*still\.ts/);
  });
});

test('what does most for its fuel ends, and every built-in in its reach has a price', async () => {
  const run = await calibrate({ seed: 1, cases: 15, own_ms: 1, text_max: 10_000 }, silent);
  expect(run.unknown).toEqual([]);
  expect(run.neverEnded).toEqual([]);
}, 120_000);

test.each(['process', 'isolate'] as const)('a busy machine costs no honest graft its place, kind %s', async (kind) => {
  const { aborted, own_ms } = await runBusy({ kind, calls: 20, load: 6, progress: silent });
  expect(aborted).toEqual({});
  expect(own_ms[0]).toBeGreaterThan(0);
});

test('columns of data types are in the order of a reference sort', async () => {
  const results = await runTypes(300, 1, silent);
  expect(results.length).toBeGreaterThanOrEqual(5);
  expect(results.flatMap(({ type, wrong }) => wrong.map((what) => `${type}: ${what}`))).toEqual([]);
});
