// The page at `/`: the installed plugins, in plain HTML, without a script.

import type { Host } from '../../src/host/index.ts';

const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const row = (cells: readonly string[]): string =>
  `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;

const table = (columns: readonly string[], rows: readonly (readonly string[])[]): string => {
  const head = columns.map((cell) => `<th>${escaped(cell)}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows.map(row).join('')}</tbody></table>`;
};

/** What each sample does. */
const SAMPLES: Readonly<Record<string, string>> = {
  'busiest-routes': 'honest: joins and aggregates flights and airports in its own code, remembers its run in a table',
  'half-update': 'writes half of an update, then throws',
  'lock-hoarder': 'takes the lock of the writer, then loops for ever',
  nonsense: 'writes, then answers what is no table',
  'process-killer': 'calls a built-in that walks four thousand million places inside the engine',
};

/** The page's style sheet, served beside it: the server's policy allows nothing inline. */
export const STYLE = `body{font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}
th,td{text-align:left;padding:.25rem .75rem;border-bottom:1px solid #ddd;vertical-align:top}
pre{background:#f4f4f4;padding:.75rem;overflow-x:auto}h2{margin-top:2rem}`;

/** The page's HTML. It contains nothing that must be kept from others on this machine. */
export const page = (host: Host, url: string, size: { flights: number; airports: number }): string => {
  const plugins = host.plugins();
  const grafts = plugins.flatMap((plugin) =>
    plugin.grafts.map((graft) => [
      plugin.name,
      graft.point,
      graft.state,
      String(graft.calls),
      String(graft.aborts),
      SAMPLES[plugin.name] ?? '',
    ]),
  );
  const ask = `ask() { curl -s ${url}/api/points/db%2Fquery/call -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d "{\\"input\\":{\\"query\\":\\"$1\\"}}"; echo; }`;
  const lines = ['TOKEN=$(cat data/token)', ask, ...Object.keys(SAMPLES).map((name) => `ask ${name}`)];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Graftwork: db-query</title>
<link rel="stylesheet" href="style.css"></head><body>
<h1>Downloaded queries</h1>
<p>This server holds ${size.flights.toLocaleString('en')} flights between ${size.airports.toLocaleString('en')}
airports. Its graft point <code>db/query</code> runs queries that others wrote, next to the data. Every call is a
transaction: a query that throws, loops, hoards a lock, answers nonsense or takes its process down is undone and
removed, and the host's own default answers instead.</p>
<h2>Who stands here</h2>
${table(['plugin', 'graft point', 'state', 'calls', 'aborts', 'what it does'], grafts)}
<h2>Try it</h2>
<p>The token is in the file <code>token</code> of the data folder, or in <code>GRAFTWORK_TOKEN</code>.</p>
<pre>${escaped(lines.join('\n'))}</pre>
<p>What went wrong so far, and what was undone: <code>GET /api/aborts</code>. All of the interface:
<code>/api/points</code>, <code>/api/plugins</code>, <code>/healthz</code>.</p>
<h2>What holds on this system</h2>
${table(['fact', 'value'], Object.entries(host.facts()))}
</body></html>`;
};
