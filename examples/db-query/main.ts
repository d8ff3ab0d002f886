// A database server with downloaded queries. Environment: PORT (3000), GRAFTWORK_DATA (./data; everything is written
// there), GRAFTWORK_TOKEN.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHost, GraftError, type Host } from 'graftwork';
import { addPages, makeDataFolder, readPort, serve } from 'graftwork/server';
import { ENTITIES, importData } from './data.ts';
import { page } from './page.ts';
import { declarePoint } from './point.ts';

/** The samples are installed at every start, also those that were removed for their failures. */
const installSamples = async (host: Host): Promise<void> => {
  for (const name of ['busiest-routes', 'half-update', 'lock-hoarder', 'nonsense', 'process-killer']) {
    const stands = host.plugins().some((plugin) => plugin.name === name && plugin.state === 'installed');
    if (!stands) await host.install(fileURLToPath(new URL(`plugins/${name}`, import.meta.url)));
  }
};

const start = async (): Promise<void> => {
  const data = process.env.GRAFTWORK_DATA ?? 'data';
  const port = readPort(process.env.PORT);
  await makeDataFolder(data);
  const host = await createHost({
    store: `sqlite:${join(data, 'flights.db')}`,
    registry: join(data, 'graftwork.db'),
    entities: ENTITIES,
  });
  try {
    const size = await importData(host);
    declarePoint(host, size);
    await host.restore();
    await installSamples(host);
    const pages = { '/': ({ url }: { readonly url: string }) => page(host, url, size) };
    const { closed } = await serve(host, { port, data, pages: (app) => addPages(app, pages) });
    await closed;
  } finally {
    await host.close();
  }
};

try {
  await start();
} catch (error) {
  // What the reader can do something about is one line: a port in use, a folder that another server has.
  console.error(error instanceof GraftError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
