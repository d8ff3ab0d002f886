// Plugins of a host over removals, upgrades, failed writes and restarts: the registry and what stands never disagree.

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createHost, type Host, type HostEvent } from '../../src/host/index.ts';
import { Connection } from '../../src/host/store/connection.ts';
import { NodeSqlite } from '../../src/host/store/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import { Random } from '../support/random.ts';
import { folder } from './store/fixture.ts';

let place: ReturnType<typeof folder>;
let host: Host;
let said: HostEvent[];

const open = async (): Promise<void> => {
  said = [];
  host = await createHost({
    registry: `${place.path}/graftwork.db`,
    compartment: new IsolateMaker(),
    report: (event) => said.push(event),
  });
  host.graftPoint({ name: 'page/title', kind: 'function', default: () => 'default' });
  host.graftPoint({ name: 'page/body', kind: 'function', default: () => 'default' });
  host.graftPoint({ name: 'page/steps', kind: 'chain' });
  host.graftPoint({ name: 'page/guard', kind: 'function', onFault: 'deny', default: () => 'passed' });
  await host.restore();
};

const reopen = async (): Promise<void> => {
  await host.close();
  await open();
};

beforeEach(async () => {
  place = folder();
  await open();
});

afterEach(async () => {
  jest.restoreAllMocks();
  await host.close();
  place.remove();
});

/** A package that exports `f`, at these points. */
const plugin = (name: string, points: readonly string[], body: string, version = '1.0.0') => ({
  manifest: {
    name,
    version,
    main: 'i.js',
    graftwork: { api: 1, grafts: points.map((point) => ({ point, export: 'f' })) },
  },
  files: { 'i.js': `export const f = (input) => { ${body} };` },
});

const answer = async (point: string, input: unknown = null): Promise<unknown> => {
  const { status, value } = (await host.invoke(point, input)) as { status: string; value?: unknown };
  return status === 'denied' ? status : value;
};

const THROWS = `if (input === 'bad') throw new Error('bad input'); return 'graft';`;

describe('a removed plugin', () => {
  test('stays listed with why, when and by whom, over a restart, and can be enabled again', async () => {
    await host.install(plugin('by-hand', ['page/title'], `return 'graft';`), { installer: 'ada' });
    await host.install(plugin('by-aborts', ['page/body'], THROWS));
    const before = Date.now();
    await host.remove('by-hand', { by: 'the operator' });
    await answer('page/body', 'bad');
    const listed = [
      {
        name: 'by-hand',
        installer: 'ada',
        state: 'removed',
        removedBecause: { reason: 'cancelled', by: 'the operator' },
      },
      {
        name: 'by-aborts',
        state: 'removed',
        removedBecause: { reason: 'thrown', detail: 'Error: bad input', by: 'its aborts' },
      },
    ];
    for (let i = 0; i < 2; i++) {
      expect(host.removedPlugins()).toMatchObject(listed);
      const at = Date.parse(host.removedPlugins()[0]?.removedBecause?.at ?? '');
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(Date.now());
      expect([await answer('page/title'), await answer('page/body')]).toEqual(['default', 'default']);
      await reopen();
    }
    expect(await host.enable('by-hand')).toMatchObject({ name: 'by-hand', installer: 'ada' });
    await host.enable('by-aborts');
    expect(host.removedPlugins()).toEqual([]);
    await reopen();
    expect([await answer('page/title'), await answer('page/body')]).toEqual(['graft', 'graft']);
    await expect(host.enable('by-hand')).rejects.toMatchObject({ code: 'GRAFT_INSTALLED' });
    await expect(host.enable('nobody')).rejects.toMatchObject({ code: 'GRAFT_UNKNOWN_PLUGIN' });
  });

  test('is off at the point where it failed alone, over a restart', async () => {
    await host.install(plugin('both', ['page/title', 'page/body'], THROWS));
    await answer('page/title', 'bad');
    for (let i = 0; i < 2; i++) {
      expect([await answer('page/title'), await answer('page/body')]).toEqual(['default', 'graft']);
      await reopen();
    }
  });
});

test('plugins come back together, in their order, and a call waits for those that belong to its point', async () => {
  const names = Array.from({ length: 12 }, (_, i) => `p${i}`);
  for (const name of names) await host.install(plugin(name, ['page/steps'], `return input + '${name} ';`));
  await host.install(plugin('title', ['page/title'], `return 'graft';`));
  await host.close();
  host = await createHost({ registry: `${place.path}/graftwork.db`, compartment: new IsolateMaker() });
  host.graftPoint({ name: 'page/steps', kind: 'chain' });
  host.graftPoint({ name: 'page/title', kind: 'function', default: () => 'default' });
  host.graftPoint({ name: 'page/body', kind: 'function', default: () => 'default' });
  const restored = host.restore();
  expect(await answer('page/body')).toBe('default');
  expect(await answer('page/steps', '')).toBe(`${names.join(' ')} `);
  expect((await restored).map(({ name }) => name)).toEqual([...names, 'title']);
  expect(await answer('page/title')).toBe('graft');
});

describe('a record that cannot be read', () => {
  test('is skipped, named and listed; the others are back, and what it guarded stays closed', async () => {
    await host.install(plugin('broken', ['page/guard'], `return 'ok';`));
    await host.install(plugin('sound', ['page/title'], `return 'graft';`));
    await host.close();
    const database = new NodeSqlite(`${place.path}/graftwork.db`);
    database.exec(`UPDATE plugin SET package = '{' WHERE name = 'broken'`);
    database.close();
    await open();
    expect(said).toMatchObject([{ what: 'host-fault', name: 'restore broken' }]);
    expect(host.removedPlugins()).toMatchObject([{ name: 'broken', state: 'broken', removedBecause: null }]);
    expect([await answer('page/title'), await answer('page/guard')]).toEqual(['graft', 'denied']);
    await expect(host.enable('broken')).rejects.toMatchObject({ code: 'GRAFT_STORE' });
    await host.install(plugin('broken', ['page/guard'], `return 'ok';`));
    expect([await answer('page/guard'), host.removedPlugins()]).toEqual(['ok', []]);
  });
});

describe('a new version that is removed in its first calls', () => {
  const versions = (points: readonly string[]) =>
    [
      plugin('p', points, `return input === 'steps' || input?.startsWith?.('steps') ? input + '1' : 'one';`, '1.0.0'),
      plugin('p', points, `if (input === 'bad') throw new Error('new'); return 'two';`, '2.0.0'),
    ] as const;

  test('gives its place back, over a restart', async () => {
    const [one, two] = versions(['page/title', 'page/body']);
    await host.install(one);
    await host.install(two);
    expect(await answer('page/title')).toBe('two');
    await answer('page/body', 'bad');
    expect(said).toMatchObject([{ what: 'upgrade-undone', name: 'p 2.0.0' }]);
    for (let i = 0; i < 2; i++) {
      expect([await answer('page/title'), await answer('page/body')]).toEqual(['one', 'one']);
      expect(host.plugins().map(({ version }) => version)).toEqual(['1.0.0']);
      await reopen();
    }
  });

  test('not after twenty of them', async () => {
    const [one, two] = versions(['page/title']);
    await host.install(one);
    await host.install(two);
    for (let i = 0; i < 20; i++) await answer('page/title');
    await answer('page/title', 'bad');
    expect(await answer('page/title')).toBe('default');
    expect(host.removedPlugins()).toMatchObject([{ name: 'p', version: '2.0.0' }]);
  });

  test('in a chain the old one stands where it stood', async () => {
    const add = (name: string, version = '1.0.0') => plugin(name, ['page/steps'], `return input + '${name}';`, version);
    for (const name of ['a', 'b', 'c']) await host.install(add(name));
    await host.install(plugin('b', ['page/steps'], `throw new Error('new');`, '2.0.0'));
    await answer('page/steps', '');
    expect(await answer('page/steps', '')).toBe('abc');
  });

  test('a guard stands again', async () => {
    const [one, two] = versions(['page/guard']);
    await host.install(one);
    await host.install(two);
    expect(await answer('page/guard', 'bad')).toBe('denied');
    expect(await answer('page/guard')).toBe('one');
  });
});

/** What stands, by point. */
const standing = (): string[] =>
  host
    .points()
    .map(({ name, grafts, missing }) => `${name}: ${grafts.join(' ')} / ${missing.map((one) => one.graft).join(' ')}`);

describe('a write of the registry that fails', () => {
  /** Everything that changes what stands; each tells whether it may fail. */
  const operations = (random: Random): (() => Promise<unknown>) => {
    const name = random.pick(['a', 'b', 'c']);
    const at = random.pick(['page/title', 'page/steps', 'page/guard']);
    const version = `${random.below(3)}.0.0`;
    return random.pick([
      () => host.install(plugin(name, [at], THROWS, version)),
      () => host.install(plugin(name, [at], THROWS, version)),
      () => host.remove(name, { dismiss: random.chance(0.5) }),
      () => host.enable(name),
      async () => host.dismiss('page/guard'),
      () => host.invoke(at, 'bad'),
      () => host.invoke(at, 'good'),
    ]);
  };

  test.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'leaves what stands and what is kept the same, whichever fails: seed %i',
    async (seed) => {
      const random = new Random(seed);
      const commit = Connection.prototype.commit;
      for (let i = 0; i < 12; i++) {
        const fails = random.chance(0.4);
        jest.spyOn(Connection.prototype, 'commit').mockImplementation(function (this: Connection) {
          if (fails) throw new Error('disk I/O error');
          commit.call(this);
        });
        const before = standing();
        const done = await operations(random)().then(
          () => null,
          (error: { code?: string }) => error.code,
        );
        // What was refused has changed nothing.
        if (done !== null) expect(standing()).toEqual(before);
      }
      jest.restoreAllMocks();
      const before = standing();
      await reopen();
      expect(standing()).toEqual(before);
    },
  );
});
