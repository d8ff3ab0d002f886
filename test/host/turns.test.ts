// Callers that loop over calls which wait for nothing: the event loop turns all the same, so that timers, deadlines
// and processes of the host go on.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHost, type Host, type HostMap, type HostPoint } from '../../src/host/index.ts';

let host: Host;
let stock: HostMap<number>;
let point: HostPoint<unknown, unknown>;

beforeEach(async () => {
  host = await createHost({ store: 'memory', processes: { spares: 0 }, report: () => {} });
  stock = host.map('stock');
  point = host.graftPoint({ name: 'p', kind: 'function', default: () => 0, select: () => 'nobody' });
});

afterEach(() => host.close());

const LOOPS = 5000;

/** Whether the event loop turns while somebody awaits one of these after the other. */
const turnsDuring = async (run: () => Promise<unknown>): Promise<boolean> => {
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  for (let i = 0; i < LOOPS && !turned; i++) await run().catch(() => {});
  return turned;
};

describe('the event loop turns while somebody loops over', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['a point where nobody stands', () => point.invoke(1)],
    ['the same for its value', () => point.call(1)],
    ['the same by its name', () => host.invoke('p', 1)],
    ['input that is refused', () => point.invoke(Number.NaN)],
    ['a point that there is not', () => host.invoke('q', 1)],
    ['transactions', () => host.transaction(async () => {})],
    ['changes of state', () => stock.set('a', 1)],
  ])('%s', async (_what, run) => {
    expect(await turnsDuring(run)).toBe(true);
  });

  test('calls of a host that is closed, so that the close can end', async () => {
    let closed = false;
    void host.close().then(() => {
      closed = true;
    });
    expect(await turnsDuring(() => point.invoke(1))).toBe(true);
    for (let i = 0; i < LOOPS && !closed; i++) await point.invoke(1).catch(() => {});
    expect(closed).toBe(true);
  });
});
