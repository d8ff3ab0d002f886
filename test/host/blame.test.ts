// Blame falls on the guilty alone. An honest graft uses everything that a host offers; each of the host's own steps is
// made to fail, one at a time, at every index: an accessor, a statement of the database, a COMMIT, a check, a default,
// an effect. The graft is never counted nor removed for it, whether it catches the failure or not; what it did is
// undone where the call did not commit, and the next call goes on. A graft that does wrong itself is counted.

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EntitySchema } from 'typeorm';
import { createHost, type Host, type HostEvent, type HostPoint } from '../../src/host/index.ts';
import { Connection } from '../../src/host/store/connection.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import type { Callable, CallableTree } from '../../src/plugins/index.ts';
import { folder } from './store/fixture.ts';

const Item = new EntitySchema<{ id: number; name: string }>({
  name: 'item',
  tableName: 'item',
  columns: { id: { type: 'integer', primary: true, generated: 'increment' }, name: { type: 'text' } },
});

/** Fails at the step of this number, counted from 0; null: nowhere. */
class Saboteur {
  at: number | null = null;
  readonly wrong: () => unknown;
  #steps = 0;

  constructor(wrong: () => unknown) {
    this.wrong = wrong;
  }

  /** Whether this very step is the one. */
  get strikes(): boolean {
    return this.#steps++ === this.at;
  }

  /** From the first step on again. How many there were. */
  reset(at: number | null): number {
    const steps = this.#steps;
    this.#steps = 0;
    this.at = at;
    return steps;
  }
}

/** The same callables, of which the saboteur breaks one call. */
const sabotaged = (tree: CallableTree, saboteur: Saboteur): CallableTree =>
  Object.fromEntries(
    Object.entries(tree).map(([name, one]) => {
      if (typeof (one as Callable).run !== 'function') return [name, sabotaged(one as CallableTree, saboteur)];
      const { run, ...rest } = one as Callable;
      return [
        name,
        { ...rest, run: (...given: Parameters<typeof run>) => (saboteur.strikes ? saboteur.wrong() : run(...given)) },
      ];
    }),
  ) as CallableTree;

const USES = [
  `api.map.get('a')`,
  `api.map.set('a', input)`,
  `api.stored.set('b', { input })`,
  `api.count.add(1)`,
  `api.cell.set(input)`,
  `api.list.push(input)`,
  `api.items.insert({ name: 'cup' })`,
  `api.items.find({ where: { name: 'cup' } })`,
  `api.items.update({ name: 'cup' }, { name: 'jug' })`,
  `api.mail({ to: 'ada' })`,
  `api.storage.set('k', input)`,
  `api.lock('door')`,
  `api.emit('sold', input)`,
  `api.note('line')`,
  `api.own(input)`,
];

const HONEST = `export const work = (input, api) => { ${USES.map((use) => `${use};`).join(' ')} return input; };`;
const CATCHES = `export const work = (input, api) => {
  ${USES.map((use) => `try { ${use}; } catch {}`).join(' ')} return input; };`;

let place: ReturnType<typeof folder>;
let host: Host;
let point: HostPoint<number, number>;
let events: HostEvent[];
let accessors: Saboteur;
let checks: Saboteur;
let defaults: Saboteur;
let effects: Saboteur;
/** Messages that went out. */
let sent: number;

const open = async (wrong: () => unknown): Promise<void> => {
  [accessors, checks, defaults, effects] = [wrong, wrong, wrong, wrong].map((one) => new Saboteur(one)) as [
    Saboteur,
    Saboteur,
    Saboteur,
    Saboteur,
  ];
  events = [];
  host = await createHost({
    store: `sqlite:${place.path}/a.db`,
    entities: [Item],
    compartment: new IsolateMaker(),
    report: (event) => events.push(event),
  });
  const sold = host.callables.events(['sold']);
  sent = 0;
  const mail = host.channel('mail', () => {
    if (effects.strikes) effects.wrong();
    sent++;
  });
  const own: Callable = { waits: false, run: (_caller, [value]) => value };
  const callable = sabotaged(
    {
      map: host.map('map').writable(),
      stored: host.map('stored', { stored: true }).writable(),
      count: host.counter('count').writable(),
      cell: host.cell('cell', 0).writable(),
      list: host.list('list').writable(),
      items: host.table('item').callables({ read: 'all', write: 'all', insert: true }),
      mail: mail.callable,
      storage: host.storage,
      lock: host.callables.locks().callables.lock as Callable,
      emit: sold.callables.emit as Callable,
      note: host.log,
      own,
    },
    accessors,
  );
  point = host.graftPoint<number, number>({
    name: 'shop/work',
    kind: 'function',
    callable,
    check: () => (checks.strikes ? (checks.wrong() as boolean) : true),
    default: (input) => (defaults.strikes ? (defaults.wrong() as number) : -input),
  });
};

const install = (code: string): Promise<unknown> =>
  host.install({
    manifest: {
      name: 'honest',
      version: '1.0.0',
      main: 'i.js',
      graftwork: {
        api: 1,
        grafts: [{ point: 'shop/work', export: 'work' }],
        needs: ['map', 'stored', 'count', 'cell', 'list', 'items', 'mail', 'storage', 'lock', 'emit', 'note', 'own'],
      },
    },
    files: { 'i.js': code },
  });

/** What the host holds, all of it. */
const held = (): unknown => [
  host.table('item').find(),
  host.kept().map(({ held: { messages: _sent, ...others } }) => others),
];

const standsUncounted = (): void => {
  expect(host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'installed', aborts: 0 });
};

beforeEach(() => {
  place = folder();
});

afterEach(async () => {
  jest.restoreAllMocks();
  await host.close();
  place.remove();
});

const FAULTS: readonly (readonly [string, () => unknown])[] = [
  [
    'throws an error',
    () => {
      throw new TypeError('fetch failed');
    },
  ],
  [
    'throws null',
    () => {
      throw null;
    },
  ],
  ['answers what is not plain', () => new Date(0)],
];

describe.each(FAULTS)('a step of the host that %s', (_what, wrong) => {
  test.each([
    ['goes through', HONEST],
    ['is caught by the graft', CATCHES],
  ])('blames no graft where it %s: every accessor, at every index', async (_how, code) => {
    await open(wrong);
    await install(code);
    expect(await point.invoke(1)).toMatchObject({ status: 'committed', value: 1 });
    const steps = accessors.reset(null);
    expect(steps).toBe(USES.length);
    for (let at = 0; at < steps; at++) {
      const before = held();
      accessors.reset(at);
      const outcome = await point.invoke(2);
      expect([at, outcome]).toMatchObject([at, { status: 'default', value: -2, grafts: [{ reason: 'host-fault' }] }]);
      expect(held()).toEqual(before);
      standsUncounted();
    }
    accessors.reset(null);
    expect(await point.invoke(3)).toMatchObject({ status: 'committed', value: 3 });
    expect(events.filter(({ what }) => what === 'host-fault')).toHaveLength(steps);
  });

  test('blames no graft: the check', async () => {
    await open(wrong);
    await install(HONEST);
    const before = held();
    checks.reset(0);
    expect(await point.invoke(2)).toMatchObject({ status: 'default', grafts: [{ reason: 'host-fault' }] });
    expect(held()).toEqual(before);
    standsUncounted();
    expect(await point.invoke(3)).toMatchObject({ status: 'committed', value: 3 });
  });
});

test('a default that throws blames no graft', async () => {
  await open(() => {
    throw new TypeError('fetch failed');
  });
  await install(HONEST);
  const before = held();
  checks.reset(0);
  defaults.reset(0);
  expect(await point.invoke(2)).toMatchObject({ status: 'aborted', reason: 'host-fault' });
  expect(held()).toEqual(before);
  standsUncounted();
});

test('a database that fails at every statement of a call, one at a time, blames no graft', async () => {
  await open(() => null);
  await install(HONEST);
  await point.invoke(1);
  const statements = new Saboteur(() => {
    throw new Error('disk I/O error');
  });
  for (const name of ['run', 'get', 'all', 'rows'] as const) {
    const native = Connection.prototype[name] as (...given: unknown[]) => never;
    jest.spyOn(Connection.prototype, name).mockImplementation(function (this: Connection, ...given: unknown[]) {
      // What takes back is not sabotaged: a database that cannot even do that is closed.
      return given[0] === 'ROLLBACK' || !statements.strikes ? native.apply(this, given) : (statements.wrong() as never);
    });
  }
  statements.reset(null);
  await point.invoke(2);
  const steps = statements.reset(null);
  expect(steps).toBeGreaterThan(6);
  let failed = 0;
  for (let at = 0; at < steps; at++) {
    const before = held();
    statements.reset(at);
    const outcome = await point.invoke(4);
    statements.reset(null);
    if (outcome.status !== 'committed') {
      failed++;
      const reason = outcome.status === 'aborted' ? outcome.reason : outcome.grafts[0]?.reason;
      expect([at, reason]).toEqual([at, 'host-fault']);
      expect(held()).toEqual(before);
    }
    standsUncounted();
  }
  expect(failed).toBeGreaterThan(4);
  expect(await point.invoke(5)).toMatchObject({ status: 'committed' });
});

test('an effect that fails after the commit is tried again, and blames no graft', async () => {
  await open(() => {
    throw new Error('no mail today');
  });
  await host.restore();
  await install(HONEST);
  effects.reset(0);
  expect(await point.invoke(1)).toMatchObject({ status: 'committed' });
  while (sent < 1) await new Promise<void>((resolve) => setImmediate(resolve));
  expect(effects.reset(null)).toBe(2);
  standsUncounted();
});

test.each([
  ['throws itself', `throw new Error('mine');`, 'thrown'],
  ['gives a bad argument', `api.list.get('x');`, 'thrown'],
  ['answers what is not plain', `return () => 1;`, 'invalid-answer'],
])('a graft that %s is counted and removed', async (_what, body, reason) => {
  await open(() => null);
  await install(`export const work = (input, api) => { ${body} };`);
  expect(await point.invoke(1)).toMatchObject({ status: 'default', grafts: [{ reason, removed: true }] });
  expect(host.plugins()[0]?.grafts[0]).toMatchObject({ state: 'removed', aborts: 1 });
});
