// A database server with downloaded queries. Environment: PORT (3000), GRAFTWORK_DATA (./data; everything is written
// there), GRAFTWORK_TOKEN.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createHost } from '../../src/host/index.ts';
import { serve } from '../../src/host/server/index.ts';
import { ENTITIES, importData } from './data.ts';
import { page, STYLE } from './page.ts';
import { declarePoint } from './point.ts';

const data = process.env.GRAFTWORK_DATA ?? 'data';
const port = Number(process.env.PORT ?? 3000);
mkdirSync(data, { recursive: true, mode: 0o700 });

const host = await createHost({
  store: `sqlite:${join(data, 'flights.db')}`,
  registry: join(data, 'graftwork.db'),
  entities: ENTITIES,
});
const size = await importData(host);
declarePoint(host, size);
await host.restore();

/** The samples are installed at every start, also those that were removed for their failures. */
for (const name of ['busiest-routes', 'half-update', 'lock-hoarder', 'nonsense', 'process-killer']) {
  const standing = host
    .plugins()
    .some((plugin) => plugin.name === name && plugin.grafts.every((graft) => graft.state === 'installed'));
  if (!standing) await host.install(fileURLToPath(new URL(`plugins/${name}`, import.meta.url)));
}

await serve(host, {
  port,
  data,
  pages: (app) => {
    app.get('/style.css', (_request, response) => void response.type('css').send(STYLE));
    app.get(
      '/',
      (request, response) => void response.type('html').send(page(host, `http://${request.headers.host}`, size)),
    );
  },
});
