// `graftwork bench PLUGIN --input JSON|@FILE`: a graft of a user's own in every kind of compartment that ships, each in
// a process of its own, beside the bare parts that the kind is made of.
//
//   PLUGIN             a folder, or an archive as `npm pack` makes it
//   --input JSON|@FILE what the graft is called with
//   --export NAME      which graft; or --point NAME. Needed where the plugin has several
//   --callable FILE    a module whose exports, ordinary functions and groups of them, are what the graft finds under
//                      `api`; what it does not have answers null, and is listed
//   --kinds K,K        these kinds alone
//   --seconds N        how long each kind is measured, default 2
//   --json             the results as one line of JSON
//   --report DIR       a page to decide from: report.html, report.md, report.json
//
// Exit 0: measured in one kind at least; 1: in none; 2: bad use.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { GraftError } from 'graftwork/plugins';
import { drawsPictures, machine, NO_PICTURES } from '../../report/index.ts';
import { type PluginPackage, readPackage } from '../../src/plugins/package/index.ts';
import { BadUse, type BenchResult } from '../benchmark.ts';
import { SHIPPED } from '../isolation/kinds.ts';
import { carriedOut } from '../isolation/order.ts';
import { benchText, writeReport } from '../report.ts';
import type { Plugged, PluginOrder } from './calls.ts';
import { floorTables, type Measured, pageOf } from './page.ts';

const OPTIONS = {
  input: { type: 'string' },
  export: { type: 'string' },
  point: { type: 'string' },
  callable: { type: 'string' },
  kinds: { type: 'string' },
  seconds: { type: 'string', default: '2' },
  json: { type: 'boolean', default: false },
  report: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const usageText = (): string =>
  readFileSync(import.meta.filename, 'utf8')
    .split('\n\n', 1)[0]
    ?.replaceAll(/^\/\/ ?/gm, '') ?? '';

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** The graft that is meant. */
const graftOf = (
  { manifest: { grafts } }: PluginPackage,
  exported: string | undefined,
  point: string | undefined,
): { readonly export: string; readonly point: string } => {
  const fits = grafts.filter(
    (graft) => (exported ?? graft.export) === graft.export && (point ?? graft.point) === graft.point,
  );
  const [graft] = fits;
  if (graft !== undefined && fits.length === 1) return graft;
  const names = grafts.map((one) => `--export ${one.export} --point ${one.point}`).join(', or ');
  throw new BadUse(`${fits.length} grafts fit; the plugin has ${names || 'none'}`);
};

const inputOf = (text: string | undefined): string => {
  if (text === undefined) throw new BadUse('--input JSON or @FILE says what the graft is called with');
  try {
    const json = text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text;
    JSON.parse(json);
    return json;
  } catch (error) {
    throw new BadUse(`the input: ${error instanceof Error ? error.message : error}`);
  }
};

const kindsOf = (text: string | undefined): readonly string[] => {
  const kinds = text?.split(',') ?? SHIPPED;
  const unknown = kinds.find((kind) => !(SHIPPED as readonly string[]).includes(kind));
  if (unknown !== undefined) throw new BadUse(`unknown kind ${unknown}; there are ${SHIPPED.join(', ')}`);
  return kinds;
};

const secondsOf = (text: string): number => {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 60)) throw new BadUse('--seconds takes up to 60');
  return seconds;
};

const measure = async (kind: string, plugin: PluginOrder): Promise<Measured> => {
  const order = { kind, body: '', small: true, seed: 1, plugin };
  say(`${kind}: calls`);
  const report = await carriedOut({ ...order, part: 'plugin' });
  const found: Plugged = 'lost' in report ? { why: `the process ${report.lost}` } : report;
  if (found.why !== null) {
    say(`${kind}: not run: ${found.why}`);
    return { kind, found, idle: null };
  }
  say(`${kind}: memory`);
  const idle = await carriedOut({ ...order, part: 'pluginIdle' });
  return { kind, found, idle: 'lost' in idle ? null : idle };
};

const run = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    process.stdout.write(`${usageText()}\n`);
    return 0;
  }
  const [path, ...more] = positionals;
  if (path === undefined || more.length > 0) throw new BadUse('name one plugin: a folder or a .tgz');
  const [kinds, seconds, input] = [kindsOf(values.kinds), secondsOf(values.seconds), inputOf(values.input)];
  const plugin = await readPackage(resolve(path));
  const graft = graftOf(plugin, values.export, values.point);
  const order: PluginOrder = {
    code: plugin.code,
    export: graft.export,
    needs: plugin.manifest.needs,
    callables: values.callable === undefined ? null : resolve(values.callable),
    input: JSON.parse(input),
    seconds,
  };
  const all: Measured[] = [];
  for (const kind of kinds) all.push(await measure(kind, order));
  const name = `${plugin.name} ${plugin.version}`;
  const result: BenchResult = {
    benchmark: 'plugin',
    seed: 1,
    small: false,
    machine: machine(['isolated-vm', 'ses']),
    tables: floorTables(all),
    targets: [],
    page: pageOf({ plugin: name, graft: `${graft.export} at ${graft.point}`, input, seconds, all }),
    samples: all,
  };
  if (values.report !== undefined) {
    for (const file of await writeReport(values.report, result)) say(`${values.report}/${file} written`);
    if (!(await drawsPictures())) say(NO_PICTURES);
  }
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${benchText(result)}\n`);
  return all.some(({ found }) => found.why === null) ? 0 : 1;
};

const isBadUse = (error: unknown): boolean =>
  error instanceof BadUse || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!isBadUse(error) && !(error instanceof GraftError)) throw error;
  say(`bench: ${error instanceof GraftError ? `${error.code}: ` : ''}${(error as Error).message}`);
  process.exitCode = isBadUse(error) ? 2 : 1;
}
