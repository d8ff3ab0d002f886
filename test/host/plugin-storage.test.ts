// Plugin storage belongs to the installer and the name, and lasts: a model beside it over random sequences of calls,
// aborts, removals, upgrades and lives of the host.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import { unitsOf } from '../../src/plugins/index.ts';
import { Random } from '../support/random.ts';
import { Lives } from './lives.ts';
import { Owner } from './store/fixture.ts';

const vault = {
  manifest: { name: 'vault', graftwork: { api: 1, grafts: [{ point: 'p', export: 'f' }], needs: ['storage'] } },
  files: {
    'index.js': `export const f = (what, api) => {
      if (what === 'keep') api.storage.set('secret', 'kept');
      if (what === 'throw') throw new Error('no');
      return api.storage.get('secret');
    };`,
  },
};

describe('in memory', () => {
  let host: Host;
  afterEach(() => host.close());

  test.each([
    ['the same installer finds what the plugin kept', 'alice', 'kept'],
    ['another installer of the same name finds nothing', 'mallory', null],
  ])('after a removal %s', async (_what, installer, found) => {
    host = await createHost({ store: 'memory', report: () => {}, compartment: new IsolateMaker() });
    const point = host.graftPoint<string, unknown>({
      name: 'p',
      kind: 'function',
      default: () => 'default',
      callable: { storage: host.storage },
    });
    await host.install(vault, { installer: 'alice' });
    await point.call('keep');
    await point.invoke('throw');
    await host.install(vault, { installer });
    expect(await point.call('read')).toBe(found);
  });
});

type Step = readonly ['set' | 'delete' | 'throw', key?: string, value?: unknown];

const PLUGINS = ['one', 'two'] as const;
const INSTALLERS = ['alice', 'bob', 'host'] as const;
const KEYS = ['a', 'b', 'c', 'long key'];

/** Carries the steps out, and answers what is there then. `rows` are added to the application's table. */
const CODE = `export const f = ({ steps, row }, api) => {
  for (const [what, key, value] of steps) {
    if (what === 'throw') throw new Error('no');
    else if (what === 'set') api.storage.set(key, value);
    else api.storage.delete(key);
  }
  if (row !== undefined) api.owner.insert({ name: row });
  return api.storage.keys().map((key) => [key, api.storage.get(key)]);
};`;

const source = (name: string) => ({
  manifest: {
    name,
    graftwork: { api: 1, grafts: [{ point: `at-${name}`, export: 'f' }], needs: ['storage', 'owner.insert'] },
  },
  files: { 'index.js': CODE },
});

type Entries = Map<string, unknown>;

/** A key that is deleted keeps its place to the end of the call. */
const apply = (entries: Entries, steps: readonly Step[]): void => {
  for (const [what, key = '', value] of steps) if (what === 'set' || entries.has(key)) entries.set(key, value);
  for (const [key, value] of entries) if (value === undefined) entries.delete(key);
};

interface Input {
  readonly steps: readonly Step[];
  readonly row?: string;
}

class Bed {
  readonly lives = new Lives({ entities: [Owner] });
  readonly points = new Map<string, { invoke(input: Input): Promise<{ status: string; value?: unknown }> }>();

  async begin(): Promise<void> {
    const host = await this.lives.begin();
    for (const plugin of PLUGINS) {
      const callable = {
        storage: host.storage,
        owner: host.table('owner').callables({ write: ['name'], insert: true }),
      };
      this.points.set(
        plugin,
        host.graftPoint<Input, unknown>({
          name: `at-${plugin}`,
          kind: 'function',
          default: () => 'nobody',
          budget: 1000,
          callable,
        }),
      );
    }
    await host.restore();
  }

  get host(): Host {
    return this.lives.host;
  }

  call(plugin: string, steps: readonly Step[], row?: string) {
    return this.points.get(plugin)?.invoke(row === undefined ? { steps } : { steps, row });
  }
}

let bed: Bed;
afterEach(() => bed?.lives.end());

class Model {
  readonly maps = new Map<string, Entries>();
  readonly installed = new Map<string, string>();

  of(installer: string, plugin: string): Entries {
    const key = `${installer} ${plugin}`;
    const found = this.maps.get(key) ?? new Map();
    this.maps.set(key, found);
    return found;
  }

  /** What everybody's accounts hold. */
  get kept(): unknown[] {
    return [...this.maps].flatMap(([owner, entries]) => {
      if (entries.size === 0) return [];
      const bytes = [...entries].reduce((sum, [key, value]) => sum + key.length + unitsOf(value), 0);
      return [`${owner}: ${bytes} in ${entries.size}`];
    });
  }
}

const keptOf = (host: Host): string[] =>
  host
    .kept()
    .map(({ plugin, installer, held }) => `${installer} ${plugin}: ${held.kept_bytes} in ${held.kept_entries}`);

const randomSteps = (random: Random): Step[] =>
  Array.from({ length: random.below(6) }, () =>
    random.chance(0.7)
      ? [
          'set',
          random.pick(KEYS),
          random.pick(['x'.repeat(random.below(50)), random.below(9), { n: [1, 'two', null] }]),
        ]
      : ['delete', random.pick(KEYS)],
  );

const act = async (model: Model, random: Random): Promise<void> => {
  const plugin = random.pick(PLUGINS);
  const installer = model.installed.get(plugin);
  const what = random.below(12);
  if (what === 0) {
    bed.lives.kill();
    await bed.begin();
  } else if (what === 1) {
    await bed.host.close();
    await bed.begin();
  } else if (installer === undefined || what === 2) {
    const by = installer ?? random.pick(INSTALLERS);
    await bed.host.install(source(plugin), { installer: by });
    model.installed.set(plugin, by);
  } else if (what === 3) {
    const forget = random.chance(0.3);
    await bed.host.remove(plugin, { forget });
    model.installed.delete(plugin);
    if (forget) model.of(installer, plugin).clear();
  } else if (what === 4 && random.chance(0.3)) {
    await bed.host.clearStorage(plugin);
    for (const by of INSTALLERS) model.of(by, plugin).clear();
  } else {
    const steps = randomSteps(random);
    const aborts = random.chance(0.3);
    if (aborts) steps.splice(random.below(steps.length + 1), 0, ['throw']);
    const entries = model.of(installer, plugin);
    if (!aborts) apply(entries, steps);
    const value = aborts ? 'nobody' : [...entries];
    expect(await bed.call(plugin, steps)).toMatchObject({ value });
  }
};

test.each(Array.from({ length: 6 }, (_, i) => i + 1))('lasts as the model says, seed %i', async (seed) => {
  const random = new Random(seed);
  const model = new Model();
  bed = new Bed();
  await bed.begin();
  for (let step = 0; step < 30; step++) {
    await act(model, random);
    expect({ seed, step, kept: keptOf(bed.host).sort() }).toEqual({ seed, step, kept: model.kept.sort() });
  }
  bed.lives.kill();
  await bed.begin();
  for (const [plugin, installer] of model.installed)
    expect(await bed.call(plugin, [])).toMatchObject({ value: [...model.of(installer, plugin)] });
  expect(keptOf(bed.host).sort()).toEqual(model.kept.sort());
});

test('of a call that is aborted nothing is left, wherever it ends, also after a kill', async () => {
  bed = new Bed();
  await bed.begin();
  await bed.host.install(source('one'));
  const before: Step[] = [
    ['set', 'a', 1],
    ['set', 'b', 2],
  ];
  await bed.call('one', before);
  const steps: Step[] = [
    ['delete', 'a'],
    ['set', 'b', 'other'],
    ['set', 'c', 3],
    ['set', 'a', 4],
    ['delete', 'c'],
  ];
  for (let at = 0; at <= steps.length; at++) {
    expect(await bed.call('one', steps.toSpliced(at, 0, ['throw']))).toMatchObject({ value: 'nobody' });
    expect({ at, now: await bed.call('one', []) }).toMatchObject({
      now: {
        value: [
          ['a', 1],
          ['b', 2],
        ],
      },
    });
  }
  bed.lives.kill();
  await bed.begin();
  expect(await bed.call('one', [])).toMatchObject({
    value: [
      ['a', 1],
      ['b', 2],
    ],
  });
});

test('it is committed with the rows of the call, or not at all', async () => {
  bed = new Bed();
  await bed.begin();
  await bed.host.install(source('one'));
  expect((await bed.call('one', [['set', 'a', 1]], 'ada'))?.status).toBe('committed');
  // A name that is taken: the row is refused, which the graft does not catch.
  expect(await bed.call('one', [['set', 'a', 2]], 'ada')).toMatchObject({ value: 'nobody' });
  bed.lives.kill();
  await bed.begin();
  expect(await bed.call('one', [])).toMatchObject({ value: [['a', 1]] });
  expect(bed.host.table('owner').find({ columns: ['name'] })).toEqual([{ name: 'ada' }]);
});

test('a bound holds over restarts', async () => {
  const lives = new Lives({ kept: { plugin: { kept_entries: 3 } }, entities: [Owner] });
  bed = Object.assign(new Bed(), { lives });
  await bed.begin();
  await bed.host.install(source('one'));
  await bed.call('one', [
    ['set', 'a', 1],
    ['set', 'b', 2],
  ]);
  lives.kill();
  await bed.begin();
  expect((await bed.call('one', [['set', 'c', 3]]))?.status).toBe('committed');
  expect(await bed.call('one', [['set', 'd', 4]])).toMatchObject({
    grafts: [{ reason: 'limit', detail: 'kept_entries' }],
  });
});
