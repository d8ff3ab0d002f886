// The page of a host that has none of its own: which points and plugins there are, and how to ask for more.

import type { PluginInfo, PointInfo } from '../information.ts';
import { type HtmlPage, linesOf, tableOf } from './page.ts';
import type { ServedHost } from './routes.ts';

/** What a page tells of a host. */
export type ShownHost = Pick<ServedHost, 'points' | 'plugins' | 'facts'>;

const pointRow = ({ name, kind, onFault, grafts, missing, describes }: PointInfo): string[] => [
  name,
  kind,
  onFault,
  [...grafts, ...missing.map(({ graft, reason }) => `${graft} (missing: ${reason})`)].join(', ') || 'nobody',
  describes,
];

const graftRows = ({ name, version, description, grafts }: PluginInfo): string[][] =>
  grafts.map((graft) => [
    `${name} ${version}`,
    graft.point,
    graft.removedBecause === null ? graft.state : `${graft.state}: ${graft.removedBecause.reason}`,
    String(graft.calls),
    String(graft.aborts),
    description,
  ]);

/** A graft a row: where it stands, how it fares, what its plugin says it is. */
export const pluginsTable = (plugins: readonly PluginInfo[]): string =>
  tableOf(
    ['plugin', 'graft point', 'state', 'calls', 'aborts', 'what it is'],
    plugins.flatMap(graftRows),
    'No plugin is installed. graftwork install PATH installs one from a folder or an archive.',
  );

export const factsTable = (host: ShownHost): string => tableOf(['fact', 'value'], Object.entries(host.facts()));

/** How the reader has the token at hand, for lines that need it. */
export const TOKEN_LINE = 'TOKEN=$(cat data/token)';

export const WHERE_TOKEN =
  '<p>The token is in the file <code>token</code> of the data folder, or in <code>GRAFTWORK_TOKEN</code>.</p>';

export const hostPage = (host: ShownHost, url: string): HtmlPage => {
  const points = tableOf(
    ['graft point', 'kind', 'on fault', 'grafts', 'what it is'],
    host.points().map(pointRow),
    'No graft point is declared. graftwork serve --host-module FILE names the module that declares them.',
  );
  const asks = ['points', 'plugins', 'aborts', 'facts'].map(
    (what) => `curl -s ${url}/api/${what} -H "Authorization: Bearer $TOKEN"`,
  );
  return {
    title: 'Graftwork',
    body: `<h1>Graftwork</h1>
<p>A host of plugins. Every call of a plugin is a transaction: one that throws, loops, hoards a lock or answers nonsense
is undone, and the host goes on without it.</p>
<h2>Graft points</h2>
${points}
<h2>Plugins</h2>
${pluginsTable(host.plugins())}
<h2>The API</h2>
${WHERE_TOKEN}
${linesOf([TOKEN_LINE, ...asks], 'How to ask the API')}
<p><a href="/healthz">/healthz</a> needs no token. On the command line: <code>graftwork points</code>,
<code>graftwork plugins</code>, <code>graftwork aborts</code>.</p>
<h2>What holds on this system</h2>
${factsTable(host)}`,
  };
};
