// A program outside the project, in CommonJS: what each export has, and one call of a graft in an isolate.

const { exports: entries } = require('./node_modules/graftwork/package.json');
const { createHost } = require('graftwork');
const { isolateMaker } = require('graftwork/compartments');

const names = [
  ...Object.keys(entries).map((name) => `graftwork${name.slice(1)}`),
  'graftwork-sdk',
  'graftwork-sdk/test',
];
const empty = names.filter((name) => Object.keys(require(name)).length === 0);

const run = async () => {
  const host = await createHost({ store: 'memory', compartment: isolateMaker() });
  const point = host.graftPoint({ name: 'shop/price', kind: 'function', default: () => 0 });
  const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }] };
  const files = { 'index.js': 'export const price = (list) => list / 2;' };
  await host.install({ manifest: { name: 'half', graftwork }, files });
  console.log(JSON.stringify({ names: names.length, empty, price: await point.call(8) }));
  await host.close();
};
void run();
