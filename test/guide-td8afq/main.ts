import type { AddressInfo } from 'node:net';
import { shopApp } from './app.ts';
import { openHosting } from './hosting.ts';
import { openDatabase } from './shop.ts';

const source = await openDatabase('shop.db');
const hosting = await openHosting(source, async (id, text) => console.log(`mail ${id}: ${text}`), 'graftwork.db');
for (const plugin of ['bulk-discount', 'embargo', 'confirm']) await hosting.host.install(`./plugins/${plugin}`);
const server = shopApp(hosting).listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`the shop listens on port ${(server.address() as AddressInfo).port}`);
});

const end = async (): Promise<void> => {
  await new Promise((closed) => server.close(closed));
  await hosting.host.close();
  await source.destroy();
};
process.once('SIGTERM', end).once('SIGINT', end);
