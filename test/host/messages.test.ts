// Errors that refuse a value say what was expected and what it got; a name that nothing has is answered with those
// there are. A row for each way in; the one sentence they share is what is tested.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { createServer, listen, serve } from '../../src/host/server/index.ts';
import { directMaker, ProcessMaker } from '../../src/plugins/compartment/index.ts';
import { namesLike, unknownName } from '../../src/plugins/index.ts';
import { folder } from './store/fixture.ts';
import { Account } from './store/shop-source.ts';

let host: Host;
let place: ReturnType<typeof folder>;

const MODULES = new Map([['a', { f: () => 1, g: () => 2 }]]);

beforeAll(async () => {
  place = folder();
  host = await createHost({
    store: `sqlite:${place.path}/a.db`,
    entities: [Account],
    compartment: directMaker(MODULES),
    report: () => {},
  });
  const stock = host.map('stock');
  host.graftPoint({ name: 'shop/price', kind: 'function', default: () => 0, callable: { stock: stock.readable() } });
});

afterAll(async () => {
  await host.close();
  place.remove();
});

const manifest = (graftwork: object) => ({
  manifest: { name: 'a', graftwork: { api: 1, grafts: [{ point: 'shop/price', export: 'f' }], ...graftwork } },
  files: { 'index.js': 'export const f = () => 1' },
});

/** What a public function refuses: the name of the row, the call, what was expected, what it got. */
const VALUES: readonly (readonly [string, () => unknown, string, string])[] = [
  ['no options of a host', () => createHost(7 as never), 'an object of options', '7'],
  ['a store', () => createHost({ store: 1 as never }), 'a text (`sqlite:PATH`, `memory`) or a DataSource', '1'],
  [
    'a store of no kind',
    () => createHost({ store: 'mysql:x' }),
    '"sqlite:PATH", "postgres://…" or "memory"',
    '"mysql:x"',
  ],
  ['entities', () => createHost({ entities: {} as never }), 'a list', 'an object'],
  ['walls', () => new ProcessMaker({ walls: 'high' as never }), '"wanted" or "required" or "none"', '"high"'],
  ['spare processes', () => new ProcessMaker({ spares: -1 }), 'a whole number, not negative', '-1'],
  ["a map's spec", () => host.map('m', { stored: 1 as never }), 'true or false', '1'],
  ['a time-out of locks', () => host.callables.locks({ lock_timeout_ms: -1 }), 'milliseconds, from 0', '-1'],
  ['a number of handles', () => host.callables.handles(() => null, { most: 0 }), 'a whole number above 0', '0'],
  ['a kind of point', () => host.graftPoint({ name: 'x', kind: 'many' as never }), '"function" or "chain"', '"many"'],
  ['a name of a point', () => host.graftPoint({ name: 'X y', kind: 'chain' }), 'segments of a-z', '"X y"'],
  [
    'a schema',
    () => host.graftPoint({ name: 'x', kind: 'chain', input: {} as never }),
    'a Standard Schema',
    'an object',
  ],
  ['a limit', () => host.graftPoint({ name: 'x', kind: 'chain', limits: { calls: 0 } }), 'a number above 0', '0'],
  ['a callable', () => host.graftPoint({ name: 'x', kind: 'chain', callable: { a: 1 as never } }), 'a callable', '1'],
  [
    'a column',
    () => host.graftPoint({ name: 'x', kind: 'chain', columns: { a: { type: 'u9' as never, length: 1 } } }),
    'u8, i32, f64',
    '"u9"',
  ],
  ['a principal', () => host.invoke('shop/price', 1, { principal: 7 as never }), 'a text of at most 200', '7'],
  ['a signal', () => host.invoke('shop/price', 1, { signal: {} as never }), 'an AbortSignal', 'an object'],
  ['an installer', () => host.install(manifest({}), { installer: 7 as never }), 'a name, or { name, grants }', '7'],
  [
    'what an installer may grant',
    () => host.install(manifest({}), { installer: { name: 'ada', grants: 'all' as never } }),
    'a list of names, or "everything"',
    '"all"',
  ],
  ['a removal', () => host.remove('a', { now: 'yes' as never }), 'true or false', '"yes"'],
  ['a name of state', () => host.map('1st'), 'a letter', '"1st"'],
  ['a time to drain', () => host.close({ drain_ms: -1 }), 'milliseconds', '-1'],
  ['a grant', () => host.table('account').callables({ rows_max: 0 }), 'a whole number, at least 1', '0'],
  ['a condition', () => host.table('account').find({ where: 7 as never }), 'an object', '7'],
  ['a limit of rows', () => host.table('account').find({ limit: -1 }), 'a whole number, not negative', '-1'],
  ['a token', () => createServer(host, { token: 7 as never }), 'a text', '7'],
  ['an origin', () => createServer(host, { token: 't'.repeat(16), publicOrigin: 'x/' }), 'an origin like', '"x/"'],
  ['a port', () => listen((() => {}) as never, { port: 70_000 }), 'a whole number from 0 to 65535', '70000'],
  ['pages', () => serve(host, { port: 0, data: place.path, pages: 7 as never }), 'a function', '7'],
];

const refused = async (act: () => unknown): Promise<{ readonly code: string; readonly message: string }> => {
  try {
    await act();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was refused');
};

test.each(VALUES)('%s: what was expected and what it got', async (_what, act, expected, got) => {
  const { code, message } = await refused(act);
  expect(code).toMatch(/^GRAFT_BAD_/);
  expect(message).toContain(expected);
  expect(
    message
      .split(/, (?:got|not) /)
      .slice(1)
      .join(),
  ).toContain(got);
});

test.each<[string, object, string]>([
  ['a manifest', { api: 2 }, 'graftwork.api: must be 1, not 2'],
  ['grafts', { grafts: 'f' }, 'graftwork.grafts: must be an array, not "f"'],
  [
    'a need',
    { needs: ['a b'] },
    'graftwork.needs[0]: must be identifiers joined by dots, at most 200 characters, not "a b"',
  ],
  ['a limit', { limits: { calls: 0 } }, 'graftwork.limits.calls: must be a number above 0, not 0'],
  ['an unknown limit', { limits: { call: 1 } }, 'unknown; the keys are own_ms, total_ms'],
])('a package is refused for %s', async (_what, part, message) => {
  expect((await refused(() => host.install(manifest(part)))).message).toContain(message);
});

describe('a name that nothing has', () => {
  test.each<[string, () => unknown, string, string]>([
    [
      'an option of a host',
      () => createHost({ stor: 'memory' } as never),
      'GRAFT_BAD_OPTION',
      'unknown option "stor"; there is store, ',
    ],
    [
      'an option of a cell, which is never stored',
      () => host.cell('c', 1, { stored: true } as never),
      'GRAFT_BAD_OPTION',
      'c: unknown option "stored"; there is lock_timeout_ms',
    ],
    [
      'an option of processes',
      () => new ProcessMaker({ spare: 1 } as never),
      'GRAFT_BAD_OPTION',
      'processes: unknown option "spare"; there is spares, ',
    ],
    [
      'an option of a point',
      () => host.graftPoint({ name: 'x', kind: 'chain', lmits: {} } as never),
      'GRAFT_BAD_OPTION',
      'limits',
    ],
    [
      'an option of a call',
      () => host.invoke('shop/price', 1, { princpal: 'a' } as never),
      'GRAFT_BAD_OPTION',
      'there is principal, signal, txn',
    ],
    [
      'an option of install',
      () => host.install(manifest({}), { by: 'a' } as never),
      'GRAFT_BAD_OPTION',
      'there is installer',
    ],
    [
      'an option of remove',
      () => host.remove('a', { force: true } as never),
      'GRAFT_BAD_OPTION',
      'there is forget, by, dismiss, now',
    ],
    [
      'a point',
      () => host.invoke('shop/prise', 1),
      'GRAFT_UNKNOWN_POINT',
      'unknown graft point "shop/prise"; there is shop/price',
    ],
    [
      'a point of a manifest',
      () => host.install(manifest({ grafts: [{ point: 'shop', export: 'f' }] })),
      'GRAFT_UNKNOWN_POINT',
      'there is shop/price',
    ],
    [
      'a callable',
      () => host.install(manifest({ needs: ['stok'] })),
      'GRAFT_NEEDS',
      'does not offer; there is stock.get',
    ],
    ['a plugin', () => host.remove('b'), 'GRAFT_UNKNOWN_PLUGIN', 'unknown plugin "b"; there is none'],
    ['a removed plugin', () => host.enable('b'), 'GRAFT_UNKNOWN_PLUGIN', 'unknown plugin "b"; there is none'],
    ['a guard', () => host.dismiss('shop/price', 'b#f'), 'GRAFT_UNKNOWN_GRAFT', 'b#f is missing there; there is none'],
    [
      'an export',
      () => host.install(manifest({ grafts: [{ point: 'shop/price', export: 'h' }] })),
      'GRAFT_INSTALL_FAILED',
      'no function h; there is f, g',
    ],
    ['a table', () => host.table('acount'), 'GRAFT_UNKNOWN_TABLE', 'unknown table "acount"; there is account'],
    [
      'a column',
      () => host.table('account').find({ where: { nam: 1 } }),
      'GRAFT_BAD_ARGUMENT',
      'unknown column "nam"; there is name, balance, id',
    ],
    [
      'a column of a grant',
      () => host.table('account').callables({ read: ['nam'] }),
      'GRAFT_BAD_OPTION',
      'there is name, balance, id',
    ],
    ['an event', () => host.on('aborted' as never, () => {}), 'GRAFT_BAD_OPTION', 'there is abort, '],
  ])('%s', async (_what, act, code, message) => {
    const error = await refused(act);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });

  test('is told with at most eight others, those first that begin alike, and how many more there are', () => {
    const names = Array.from({ length: 1000 }, (_, i) => `p${i}`);
    expect(namesLike('p99x', names)).toBe('there is p99, p990, p991, p992, p993, p994, p995, p996 and 992 more');
    expect(unknownName('plugin', 'x'.repeat(1000), [])).toBe(`unknown plugin "${'x'.repeat(50)}"…; there is none`);
    expect(unknownName('plugin', 'a\u0000\u202e', ['ok'])).toBe('unknown plugin "a\ufffd\ufffd"; there is ok');
  });
});
