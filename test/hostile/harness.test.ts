// That the harness finds what is wrong: each of its checks is seen to fail.

import { afterEach, describe, expect, test } from '@jest/globals';
import { readPackage } from '../../src/plugins/package/index.ts';
import { answerSchema, betrayal } from './answers.ts';
import { archiveOf, nested } from './archive.ts';
import { runEntry } from './attack.ts';
import { type Entry, expressionOf, literalArguments, literalKeys, usedNames } from './entry.ts';
import { checkAfter, Watch } from './watch.ts';
import { World } from './world.ts';

const entryOf = (source: string, outcome: Entry['outcome'], more: Partial<Entry> = {}): Entry => ({
  id: 'test',
  class: 'test',
  title: 'a test of the harness',
  source,
  needs: 'nothing',
  expect: '',
  outcome,
  ...more,
});

const PACKAGE = { needs: 'package upload' };

describe('a verdict', () => {
  test.each<[string, Entry, string]>([
    ['an answer where an abort is due', entryOf('() => ({ total: 1 })', 'aborted'), 'should have been aborted'],
    ['an honest plugin that fails', entryOf('() => { throw new Error("x"); }', 'ok'), 'was not committed'],
    ['an escape', entryOf("() => ({ r: 'out' || 'contained' })", 'ok-contained'), 'an escape: r is out'],
    [
      'a plugin that should have been refused',
      entryOf('() => ({ total: 1 })', 'refused-install'),
      'should have been refused',
    ],
    [
      'a package that is right',
      entryOf("() => ({ main: '() => ({})' })", 'refused-install', PACKAGE),
      'should have been refused',
    ],
    [
      'data of the first user',
      entryOf(
        '(input) => { const leaked = globalThis.last || "none"; ' +
          'globalThis.last = "x"; return { leaked: input.card + leaked }; }',
        'ok-contained',
        {
          needs: 'run for two users',
        },
      ),
      'the second user was told',
    ],
    ['a path of the host', entryOf("() => ({ seen: '/ho' + 'me/me' })", 'any'), 'a path of the host'],
  ])('fails for %s, and says why', async (_name, entry, why) => {
    expect(await runEntry(entry, 'isolate')).toMatchObject({ status: 'failed', why: expect.stringContaining(why) });
  });

  test('is not given for what a kind cannot run, or the project has not', async () => {
    const sleeping = entryOf('(input, api) => api.sleep(1)', 'any');
    expect(await runEntry(sleeping, 'isolate')).toMatchObject({
      status: 'not-applicable',
      why: expect.stringContaining('sleep'),
    });
    expect(await runEntry(entryOf('() => 1', 'any', { class: 'sql' }), 'process')).toMatchObject({ status: 'skipped' });
  });
});

describe('what must hold afterwards', () => {
  let world: World | null = null;

  afterEach(async () => {
    await world?.stopLoad().catch(() => {});
    await world?.host.close();
  });

  const open = async (): Promise<{ world: World; watch: Watch }> => {
    world = await World.open(entryOf('() => ({ total: 1 })', 'any'), 'isolate');
    world.startLoad();
    return { world, watch: new Watch(world) };
  };

  test('all is well where nothing happened', async () => {
    const { world, watch } = await open();
    await checkAfter(world, watch, false);
    watch.stop();
    expect(world.answered).toBeGreaterThan(0);
  });

  test('a write that was never committed by a call is found', async () => {
    const { world, watch } = await open();
    await world.store.set('b', 'LATE');
    await expect(checkAfter(world, watch, false)).rejects.toThrow('the state is');
    watch.stop();
  });

  test('a write within the two seconds is found', async () => {
    const { world, watch } = await open();
    const late = setTimeout(() => void world.store.set('b', 'LATE'), 1000);
    await expect(checkAfter(world, watch, false)).rejects.toThrow('after the end');
    clearTimeout(late);
    watch.stop();
  });

  test('a transaction that is still open, and a lock it holds, are found', async () => {
    const { world, watch } = await open();
    let end = (): void => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    const holding = world.host.transaction(async (txn) => {
      await txn.run((core) => world.locks.acquire(core, 'forgotten'));
      await over;
    });
    await expect(checkAfter(world, watch, false)).rejects.toThrow('"transactions":1,"units":0,"locks":1');
    end();
    await holding;
    watch.stop();
  });

  test('an honest plugin that answers wrongly is found', async () => {
    const { world, watch } = await open();
    await world.host.remove('honest');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(checkAfter(world, watch, false)).rejects.toThrow("the honest plugin's call");
    watch.stop();
  });
});

describe('what is read from a source', () => {
  test('names, literal arguments, keys of answers, whether it is one expression', () => {
    const source =
      "(input, api) => { const keptApi = api; keptApi.set('a', 1); " +
      "api.call('pong', {}); return { total: 1, out: 2 }; }";
    expect(usedNames(source).toSorted()).toEqual(['call', 'set']);
    expect(literalArguments(source, 'call')).toEqual(['pong']);
    expect(literalKeys(source)).toEqual(['total', 'out']);
    expect(expressionOf('() => 1')).not.toBeNull();
    expect(expressionOf('() => 1); (() => 2')).toBeNull();
  });
});

describe('answers', () => {
  const validate = (source: string, answer: unknown, kind = 'test'): boolean =>
    !('issues' in (answerSchema(entryOf(source, 'any', { class: kind }))['~standard'].validate(answer) as object));

  test('the schema takes what the contract lists, and keys of its own only where answers are not the matter', () => {
    expect(validate('', { total: 1, r: 'x', same: true, rows: [{ id: 1, name: 'a' }] })).toBe(true);
    for (const answer of [7, [], { total: '1' }, { rows: [{ id: 1 }] }, { other: 1 }])
      expect(validate('', answer)).toBe(false);
    expect(validate('() => ({ bits: 1 })', { bits: 1 })).toBe(true);
    expect(validate('() => ({ bits: 1 })', { bits: 1 }, 'result')).toBe(false);
    expect(validate('', { status: 200 }, 'http')).toBe(true);
    expect(validate('', { status: 20 }, 'http')).toBe(false);
  });

  test('a betrayal is told from an answer', () => {
    const entry = entryOf("() => ({ r: 'contained' })", 'any');
    expect(betrayal(entry, { r: 'contained' }, ['swordfish'])).toBeNull();
    for (const answer of [
      { r: 'LEAK 4' },
      { r: 'object' },
      { same: false },
      { seen: 'swordfish' },
      { seen: 'at /usr/lib/x.js' },
    ])
      expect(betrayal(entry, answer, ['swordfish'])).not.toBeNull();
  });
});

describe('archives', () => {
  const manifest = { name: 'p', version: '1.0.0', graftwork: { api: 1, grafts: [{ point: 'x', export: 'f' }] } };
  const right = [
    { name: 'package.json', data: JSON.stringify(manifest) },
    { name: 'main.js', data: 'export const f = () => 1;' },
  ];

  test('a right one is read', async () => {
    expect(await readPackage(archiveOf(right))).toMatchObject({ name: 'p', version: '1.0.0' });
    const long = `${'d/'.repeat(10)}${'n'.repeat(150)}.js`;
    expect(await readPackage(archiveOf([...right, { name: long, data: '' }]))).toMatchObject({ name: 'p' });
  });

  test.each([
    ['GRAFT_PACKAGE_ENTRY', archiveOf([...right, { name: 'l', type: 'symlink', linkname: '/tmp' }])],
    ['GRAFT_PACKAGE_ENTRY', nested(right, 3)],
    ['GRAFT_PACKAGE_LIMIT', archiveOf([...right, { name: 'big', repeat: '\0', size: 2 ** 28 }])],
    ['GRAFT_BAD_PACKAGE', archiveOf([...right, { name: 'n', data: 'x', headerSize: -1 }])],
  ])('one that is wrong is refused with %s', async (code, bytes) => {
    await expect(readPackage(bytes)).rejects.toMatchObject({ code });
  });
});
