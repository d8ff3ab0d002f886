// A program outside the project, in strict TypeScript: it uses every export of the packed library, and prints what came
// of it as one line of JSON.

import express from 'express';
import { createHost, ERRORS, GraftError, type HostPoint, type Outcome } from 'graftwork';
import { type CompartmentMaker, type IsolateOptions, isolateMaker, processMaker } from 'graftwork/compartments';
import { type BootOptions, DRIVE_1995, Kernel } from 'graftwork/kernel-model';
import { badArgument, type Callable } from 'graftwork/plugins';
import { refuse as same } from 'graftwork/sdk';
import { createRouter, listen, type RouterOptions } from 'graftwork/server';
import { type Clock, StateMap, Transactions } from 'graftwork/txn';
import { type Graft, type ReadableMap, refuse } from 'graftwork-sdk';
import { recorded, refusalOf } from 'graftwork-sdk/test';

interface Order {
  readonly sku: string;
  readonly list: number;
}

interface Api {
  readonly stock: Pick<ReadableMap<number>, 'get'>;
}

const price: Graft<Order, Api, number> = ({ sku, list }, api) =>
  list > 0 ? list - (api.stock.get(sku) ?? 0) : refuse('bad-list-price', 'a list price is positive');

const files = {
  'index.js':
    "import { refuse } from 'graftwork-sdk';\n" +
    "export const price = ({ sku, list }, api) => list > 0 ? list - api.stock.get(sku) : refuse('bad', 'no');",
};
const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }], needs: ['stock.get'] };
const token = 'a-token-of-a-test-01';

const inHost = async (compartment: CompartmentMaker): Promise<unknown[]> => {
  const host = await createHost({ store: 'memory', compartment });
  const stock = host.map<number>('stock');
  await stock.set('tea', 3);
  const half: Callable = { waits: false, run: (_caller, [n]) => (typeof n === 'number' ? n / 2 : badArgument('half')) };
  const point: HostPoint<Order, number> = host.graftPoint({
    name: 'shop/price',
    kind: 'function',
    default: (order: Order) => order.list,
    callable: { stock: stock.readable(), half },
  });
  await host.install({ manifest: { name: 'fair-price', graftwork }, files });
  const outcome: Outcome<number> = await point.invoke({ sku: 'tea', list: 10 });
  const refused = await point.call({ sku: 'tea', list: -1 }).catch((error: unknown) => error);
  const options: RouterOptions = { token };
  const server = await listen(express().use('/grafts', createRouter(host, options)), { port: 0 });
  const answer = await fetch(`${server.url}/grafts/plugins`, { headers: { authorization: `Bearer ${token}` } });
  const { plugins } = (await answer.json()) as { plugins: { name: string }[] };
  await server.close();
  await host.close();
  return [outcome.status, outcome.value, refused instanceof GraftError && refused.code, plugins[0]?.name];
};

const clock: Clock = { now: () => 0, after: () => ({ cancel() {} }) };
const transactions = new Transactions({ clock });
const map = new StateMap({ name: 'map', lock_timeout_ms: 1 }, [['a', 1]]);
const txn = transactions.begin();
map.set(txn, 'a', 2);
txn.abort();

const options: IsolateOptions = { spares: 0 };
const boot: BootOptions = { frames: 16, disk: null, compartments: () => isolateMaker() };
const { api, calls } = recorded<Api>({ stock: { get: () => 1 } });

console.log(
  JSON.stringify({
    isolate: await inHost(isolateMaker(options)),
    process: await inHost(processMaker({ spares: 0 })),
    map: [...map.peekEntries()],
    kernel: new Kernel(boot).run(),
    drive: Object.keys(DRIVE_1995).length > 0,
    sdk: [price({ sku: 'tea', list: 3 }, api), calls.length, refusalOf(() => same('CODE', ''))?.code],
    codes: Object.keys(ERRORS).length > 10,
  }),
);
