// `graftwork points`, `plugins` and `aborts`: the lists of a server, as aligned text or as its own JSON.

import type { AbortRecord, PluginInfo, PointInfo } from '../index.ts';
import { type Answer, ask, errorLine, type ServerFlags } from './client.ts';
import { table, visible } from './text.ts';

export interface PageFlags extends ServerFlags {
  readonly limit?: string;
  readonly before?: string;
}

/** Prints an answer: the server's body alone, or `describe` of it, or its error. Gives the exit code. */
export const printAnswer = (answer: Answer, flags: ServerFlags, describe: (body: Answer['body']) => string): number => {
  const line = errorLine(answer);
  if (flags.json) console.log(answer.text);
  else if (line !== null) console.error(visible(line));
  else console.log(describe(answer.body));
  return line === null ? 0 : 1;
};

/** Points for people, a line a point; guards that are missing with the reason. */
export const describePoints = (points: readonly PointInfo[]): string =>
  table(
    ['POINT', 'KIND', 'ON FAULT', 'PUBLIC', 'GRAFTS', 'CALLABLE'],
    points.map((point) => [
      point.name,
      point.kind,
      point.onFault,
      point.public ? 'yes' : 'no',
      [...point.grafts, ...point.missing.map(({ graft, reason }) => `${graft} (missing: ${reason})`)].join(' ') || '-',
      point.callable.join(' ') || '-',
    ]),
  );

/** Plugins for people, a line a graft. */
export const describePlugins = (plugins: readonly PluginInfo[]): string =>
  table(
    ['PLUGIN', 'VERSION', 'INSTALLER', 'GRAFT', 'POINT', 'STATE', 'CALLS', 'ABORTS'],
    plugins.flatMap(({ name, version, installer, grafts }) =>
      grafts.map((graft) => [
        name,
        version,
        installer,
        graft.export,
        graft.point,
        graft.state,
        `${graft.calls}`,
        `${graft.aborts}`,
      ]),
    ),
  );

const describeAborts = (aborts: readonly AbortRecord[]): string =>
  table(
    ['ID', 'AT', 'POINT', 'GRAFT', 'REASON', 'UNDONE', 'REMOVED', 'SOURCE', 'DETAIL'],
    aborts.map((one) => [
      `${one.id}`,
      one.at,
      one.point,
      one.graft,
      one.reason,
      `${one.undone.records}`,
      one.removed ? 'yes' : 'no',
      one.source || '-',
      one.detail || '-',
    ]),
  );

export const points = async (flags: ServerFlags): Promise<number> =>
  printAnswer(await ask(flags, { method: 'GET', path: 'api/points' }), flags, (body) =>
    describePoints(body.points as PointInfo[]),
  );

/** Removed plugins for people, a line each. */
const describeRemoved = (plugins: readonly PluginInfo[]): string =>
  table(
    ['PLUGIN', 'VERSION', 'INSTALLER', 'STATE', 'REMOVED', 'BY', 'WHY'],
    plugins.map(({ name, version, installer, state, removedBecause, broken }) => [
      name,
      version,
      installer,
      state,
      removedBecause?.at || '-',
      removedBecause?.by || '-',
      broken ?? [removedBecause?.reason, removedBecause?.detail].filter(Boolean).join(': '),
    ]),
  );

export interface PluginFlags extends ServerFlags {
  readonly removed?: boolean;
}

export const plugins = async (flags: PluginFlags): Promise<number> => {
  const path = flags.removed === true ? 'api/plugins?removed=true' : 'api/plugins';
  return printAnswer(await ask(flags, { method: 'GET', path }), flags, (body) =>
    (flags.removed === true ? describeRemoved : describePlugins)(body.plugins as PluginInfo[]),
  );
};

export const aborts = async (flags: PageFlags): Promise<number> => {
  const query = new URLSearchParams();
  for (const name of ['limit', 'before'] as const) if (flags[name] !== undefined) query.set(name, flags[name]);
  const path = query.size === 0 ? 'api/aborts' : `api/aborts?${query}`;
  return printAnswer(await ask(flags, { method: 'GET', path }), flags, (body) =>
    describeAborts(body.aborts as AbortRecord[]),
  );
};
