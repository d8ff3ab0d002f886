// State of a host, as grafts may change it: every accessor can hand out again what was written.

import { afterEach, expect, test } from '@jest/globals';
import { createHost, type Host } from '../../src/host/index.ts';
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
