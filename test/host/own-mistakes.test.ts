// Mistakes of the host's own code are told at once, in words.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { createHost, type Host } from '../../src/host/index.ts';
import { IsolateMaker, sesMaker } from '../../src/plugins/compartment/index.ts';

let host: Host;
beforeEach(async () => {
  host = await createHost({ store: 'memory', compartment: new IsolateMaker(), report: () => {} });
});
afterEach(() => host.close());

const plugin = (code: string, needs: readonly string[] = []) => ({
  manifest: { name: 'a', graftwork: { api: 1, grafts: [{ point: 'p', export: 'f' }], needs } },
  files: { 'index.js': `export const f = ${code};` },
});

test('a point is called with what its schema takes, and answers with what that makes of it', async () => {
  const input = z.object({ n: z.number().default(7) });
  const point = host.graftPoint({ name: 'p', kind: 'function', input, default: ({ n }) => n });
  const value: number = await point.call({});
  expect(value).toBe(7);
});

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('out of stock');
    },
  ],
  ['rejects', () => Promise.reject(new Error('out of stock'))],
])('a default that %s ends the call with its error as the cause, which is never sent', async (_how, wrong) => {
  const point = host.graftPoint({ name: 'p', kind: 'function', default: wrong });
  const outcome = await point.invoke(1);
  expect(outcome).toMatchObject({ status: 'aborted', reason: 'host-fault' });
  expect((outcome as { cause?: unknown }).cause).toMatchObject({ message: 'out of stock' });
  expect(JSON.stringify(outcome)).not.toContain('cause');
  await expect(point.call(1)).rejects.toMatchObject({ code: 'GRAFT_ABORTED', cause: { message: 'out of stock' } });
});

test('a kind that needs a locked realm says which others there are', async () => {
  const other = await createHost({ store: 'memory', compartment: sesMaker() });
  other.graftPoint({ name: 'p', kind: 'function', default: () => 0 });
  await expect(other.install(plugin('() => 1'))).rejects.toMatchObject({
    code: 'GRAFT_INSTALL_FAILED',
    message: expect.stringContaining('choose process or isolate'),
  });
  await other.close();
});

test('an event too large to be told to anybody ends its call with `limit`, and is not lost', async () => {
  const long = host.callables.events(['changed']).callables;
  const point = host.graftPoint({ name: 'p', kind: 'function', default: () => 0, callable: long });
  await host.install(plugin('(length, api) => { api.emit("changed", "x".repeat(length)); return 1 }', ['emit']));
  expect(await point.invoke(1_048_576 - 16)).toMatchObject({ grafts: [{ reason: 'limit' }] });
});

test('an argument too large ends its call also where that has answered and is being drained', async () => {
  const stock = host.map('stock');
  const point = host.graftPoint({
    name: 'p',
    kind: 'function',
    default: () => 0,
    callable: { stock: stock.writable() },
  });
  const late = 'try { api.stock.set("a", "x".repeat(2 ** 20)) } catch {}';
  await host.install(plugin(`(_, api) => { Promise.resolve().then(() => { ${late} }); return 1 }`, ['stock']));
  const outcome = await point.invoke(null);
  expect(outcome).toMatchObject({ status: 'default', grafts: [{ detail: expect.stringContaining('more than') }] });
});
