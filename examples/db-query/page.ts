// The page at `/`: the installed queries, and how to ask them.

import type { Host } from 'graftwork';
import { factsTable, type HtmlPage, linesOf, pluginsTable, TOKEN_LINE, WHERE_TOKEN } from 'graftwork/server';

/** The page's HTML. It contains nothing that must be kept from others on this machine. */
export const page = (host: Host, url: string, size: { flights: number; airports: number }): HtmlPage => {
  const plugins = host.plugins();
  const ask = `ask() { curl -s ${url}/api/points/db%2Fquery/call -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d "{\\"input\\":{\\"query\\":\\"$1\\"}}"; echo; }`;
  const lines = [TOKEN_LINE, ask, ...plugins.map(({ name }) => `ask ${name}`)];
  return {
    title: 'Graftwork: db-query',
    body: `<h1>Downloaded queries</h1>
<p>This server holds ${size.flights.toLocaleString('en')} flights between ${size.airports.toLocaleString('en')}
airports. Its graft point <code>db/query</code> runs queries that others wrote, next to the data. Every call is a
transaction: a query that throws, loops, hoards a lock, answers nonsense or takes its process down is undone and
removed, and the host's own default answers instead.</p>
<h2>Who stands here</h2>
${pluginsTable(plugins)}
<h2>Try it</h2>
${WHERE_TOKEN}
${linesOf(lines, 'How to ask the queries')}
<p>What went wrong so far, and what was undone: <code>GET /api/aborts</code>. All of the interface:
<code>/api/points</code>, <code>/api/plugins</code>, <a href="/healthz">/healthz</a>.</p>
<h2>What holds on this system</h2>
${factsTable(host)}`,
  };
};
