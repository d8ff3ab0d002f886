// A program outside the project, an ES module: what each export has, and one call of a graft in a process.

import { readFileSync } from 'node:fs';
import { createHost } from 'graftwork';

const { exports } = JSON.parse(readFileSync('node_modules/graftwork/package.json', 'utf8'));
const names = [
  ...Object.keys(exports).map((name) => `graftwork${name.slice(1)}`),
  'graftwork-sdk',
  'graftwork-sdk/test',
];
const empty = [];
for (const name of names) if (Object.keys(await import(name)).length === 0) empty.push(name);

const host = await createHost({ store: 'sqlite:plain.db' });
const point = host.graftPoint({ name: 'shop/price', kind: 'function', default: () => 0 });
const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }] };
const files = { 'index.js': 'export const price = (list) => list / 2;' };
await host.install({ manifest: { name: 'half', graftwork }, files });
console.log(JSON.stringify({ names: names.length, empty, price: await point.call(8) }));
await host.close();
