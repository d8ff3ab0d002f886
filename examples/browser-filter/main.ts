// A filtering proxy for a browser, its filters plugins. Environment: PORT (3000) for the page and the API, PROXY_PORT
// (8080), GRAFTWORK_DATA (./data; everything is written there), GRAFTWORK_TOKEN, GRAFTWORK_LISTS (files of filter
// lists, with commas between). Flags: `--pass HOST` for a host that is never opened (more than once), `--allow-private`
// for what is on this machine and in private networks.

import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readPort, serve } from 'graftwork/server';
import { startBrowserFilter } from './browser-filter.ts';
import { addPages } from './page/page.ts';

const { values } = parseArgs({
  options: { pass: { type: 'string', multiple: true }, 'allow-private': { type: 'boolean' } },
});
const data = process.env.GRAFTWORK_DATA ?? 'data';
const filter = await startBrowserFilter({
  data,
  proxyPort: readPort(process.env.PROXY_PORT || '8080'),
  lists: process.env.GRAFTWORK_LISTS,
  proxy: { pass: values.pass ?? [], allowPrivate: values['allow-private'] === true },
});
await serve(filter.host, { port: readPort(process.env.PORT), data, pages: (app) => addPages(app, filter) }).then(
  ({ url, closed }) => {
    console.log(`proxy: ${filter.proxy.url}, as a PAC file ${url}/proxy.pac`);
    console.log(`authority to trust: ${join(data, 'authority.pem')}`);
    return closed.finally(() => filter.proxy.close());
  },
);
