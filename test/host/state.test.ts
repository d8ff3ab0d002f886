// State of a host, as grafts may change it: every accessor can hand out again what was written.

import { afterEach, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
import { plainFault } from '../../src/plugins/index.ts';
import { Bed, run, thrown } from './callables/bed.ts';

let host: Host;
afterEach(() => host.close());

test('a counter takes no amount that leads beyond what can be told, from a graft or from the host', async () => {
  host = await createHost({ store: 'memory' });
  const hits = host.counter('hits');
  await hits.add(Number.MAX_SAFE_INTEGER);
  const caller = new Bed().caller();
  expect(thrown(() => run(hits.writable().add, caller, 1))).toBe('GRAFT_BAD_ARGUMENT');
  expect(caller.txn.doomed).toBeNull();
  await expect(hits.add(Number.NaN)).rejects.toMatchObject({ code: 'GRAFT_BAD_ARGUMENT' });
  expect(hits.get()).toBe(Number.MAX_SAFE_INTEGER);
});

test('a graft adds no key to a map whose keys would not fit into one answer; the host may', async () => {
  host = await createHost({ store: 'memory' });
  const bag = host.map<number>('bag');
  const bed = new Bed();
  const set = (key: string): string => {
    const top = bed.begin();
    const told = thrown(() => run(bag.writable().set, bed.callerIn(top), key, 1));
    top.abort();
    return told;
  };
  await host.transaction(async (txn) => {
    const { set: put } = bag.in(txn);
    await Promise.all(Array.from({ length: 50_000 }, (_, n) => put(`k${n}`, n)));
  });
  expect([set('new'), set('k0')]).toEqual(['limit: keys of bag', 'nothing']);
  await bag.delete('k1');
  const top = bed.begin();
  expect(plainFault(run(bag.readable().keys, bed.callerIn(top, 'reader')))).toBeNull();
  top.abort();
  expect(set('new')).toBe('nothing');
  const long = host.map<number>('long');
  await host.transaction(async (txn) => {
    for (let n = 0; n < 2000; n++) await long.in(txn).set(`${'k'.repeat(490)}${n}`.padEnd(500), n);
  });
  expect(thrown(() => run(long.writable().set, bed.caller(), 'k', 1))).toBe('limit: keys of long');
});
