// A graft's own time is processor time: what uses it up is ended, whatever it does, and what the system gave no
// processor is not blamed.

import { afterEach, describe, expect, it } from '@jest/globals';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { openBase, type TestBase, until } from '../../support/base.ts';

let base: TestBase;
afterEach(() => base.close());

const OWN_MS = 20;
const POINT = { name: 'p', kind: 'function', default: () => 'default' } as const;

/** In a process; those that end an isolate are in isolate.test.ts. */
describe('a process', () => {
  it.each([
    ['a loop', '() => { for (;;); }'],
    ['a loop that catches', '() => { for (;;) try { for (;;); } catch {} }'],
    ['a loop around a built-in that unrolls', '() => { for (;;) new Array(1000).fill(1.5) }'],
    ['a catastrophic expression', '() => /(a+)+b/.test("a".repeat(40))'],
    ['a loop in a microtask', 'async () => { await null; for (;;); }'],
    ['an endless chain that nobody waits for', '() => { (async () => { for (;;) await null })(); return 1 }'],
    ['a looping getter of an error', '() => { throw { get message() { for (;;); } } }'],
    ['a looping getter of a rejection', 'async () => { throw { get stack() { for (;;); } } }'],
    ['a loop of host calls', '(input, api) => { for (;;) try { api.stock.get("a") } catch {} }'],
  ])('ends %s, and blames the graft', async (_, graft) => {
    base = openBase('process');
    const point = base.point({ ...POINT, limits: { own_ms: OWN_MS, calls: 1e6 } });
    await base.install('a', `{ graft: ${graft} }`);
    const detail = `OwnTime: more than ${OWN_MS} ms of its own`;
    expect(await base.invoke(point, null)).toMatchObject({ grafts: [{ reason: 'own-time', detail, removed: true }] });
  });

  it.each([
    ['a loop', 'for (;;);'],
    ['a looping getter of an error', 'throw { get message() { for (;;); } };'],
  ])('ends a module that is %s', async (_, before) => {
    base = openBase('process');
    base.point(POINT);
    await expect(base.install('a', '{ graft: () => 1 }', {}, before)).rejects.toMatchObject({
      message: expect.stringContaining('own-time'),
    });
  });

  it('that is stopped from outside costs no graft its place: the call is answered elsewhere', async () => {
    base = openBase('process');
    const point = base.point({ ...POINT, limits: { own_ms: OWN_MS / 2 } });
    await base.install('a', '{ graft: () => 1 }');
    for (const pid of base.maker?.pids ?? []) process.kill(pid, 'SIGSTOP');
    expect(await base.invoke(point, null)).toMatchObject({ status: 'committed', value: 1 });
    expect(point.grafts).toMatchObject([{ aborts: 0, repeats: 1 }]);
  });

  it('has loaded the locale data before the first call', async () => {
    base = openBase('process');
    const point = base.point(POINT);
    const money = '(1234.5).toLocaleString("fr-FR", { style: "currency", currency: "EUR" })';
    await base.install('a', `{ graft: () => { const from = Date.now(); ${money}; return Date.now() - from } }`);
    await base.invoke(point, null);
    const [first] = base.reports;
    expect(first?.spent.own_ms).toBeLessThan(10);
  });

  it('that loops while it makes a realm anew costs no other plugin in it its place', async () => {
    base = openBase('process', { processes: { groupOf: () => 'all', processes: 1 } });
    const { callable, wait } = base;
    const point = base.point({ ...POINT, budget: 9, callable: { ...callable, wait } });
    const other = base.point({ ...POINT, name: 'q', limits: { own_ms: OWN_MS } });
    await base.install('b', '{ graft: () => "honest" }', { grafts: [{ point: 'q', export: 'graft' }] });
    const turns = Date.now() + 2000;
    const module = `if (Date.now() > ${turns}) for (;;);`;
    await base.install('a', '{ graft: (_, api) => { api.wait("turn"); throw new Error("no") } }', {}, module);
    const failing = base.invoke(point, null);
    await until(() => Date.now() > turns);
    base.gate('turn').open();
    expect(await failing).toMatchObject({ status: 'default', grafts: [{ reason: 'thrown' }] });
    expect(await base.invoke(other, null)).toMatchObject({ status: 'committed', value: 'honest' });
    expect(other.grafts).toMatchObject([{ aborts: 0 }]);
  });
});

describe('an isolate in the thread of its host', () => {
  it('that got no processor is begun anew, and then its time is up: nobody is blamed', async () => {
    base = openBase('isolate', { compartments: new IsolateMaker({ cpu_ms: () => 0 }) });
    const point = base.point({ ...POINT, limits: { own_ms: OWN_MS / 4 } });
    await base.install('a', '{ graft: () => { for (;;); } }');
    const outcome = await base.invoke(point, null);
    expect(outcome).toMatchObject({ status: 'aborted', reason: 'total-time', grafts: [{ reason: 'total-time' }] });
    expect(point.grafts).toMatchObject([{ aborts: 0, repeats: 8 }]);
  });
});
