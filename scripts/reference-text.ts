// The text of the reference: what each entry of the package exports, in the order in which one needs it.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Entry, type Export, readExports } from './reference.ts';
import { EXAMPLES } from './reference-examples.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Chapters of `graftwork`, and what stands in each, in order; what no chapter names stands in the last. */
const CHAPTERS: Readonly<Record<string, readonly string[]>> = {
  'A host': ['createHost', 'HostOptions', 'Host', 'CloseOptions', 'HostEvent', 'InUse', 'ProcessOptions'],
  'Graft points': [
    'HostPointOptions',
    'PointOptions',
    'PointKind',
    'FaultPolicy',
    'Limits',
    'HostPoint',
    'CallOptions',
    'StateView',
    'PointInfo',
  ],
  'How a call ends': ['Outcome', 'GraftReport', 'Undone', 'Spent', 'Refusal', 'AbortReason', 'GraftError', 'ErrorCode'],
  Plugins: [
    'PluginSource',
    'PluginInstallOptions',
    'Installer',
    'PluginInfo',
    'GraftInfo',
    'MissingGlobal',
    'PluginRemoveOptions',
    'Removal',
    'AbortRecord',
  ],
  'State and transactions': ['StateSpec', 'HostMap', 'HostCell', 'HostCounter', 'HostList', 'HostTransaction'],
  'Tables, channels': ['HostTable', 'TableGrant', 'FindOptions', 'Where', 'Row'],
  Callables: ['HostCallables', 'Callable', 'CallableTree', 'Caller', 'Locks', 'Handles', 'Opener', 'Opened', 'Events'],
  'What a plugin may keep': ['KeepersOptions', 'KeptLimits', 'KeptByPlugin', 'Keeper'],
};
const REST = 'Further types';

const WIDTH = 120;

/** Words put into lines, those after the first indented. */
const wrapped = (text: string, indent: string): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
};

/** What is said of an entry; a line of example stands for itself, in longer quotes where it has some. */
const told = ({ name, text }: Entry): string => {
  const example = EXAMPLES[name] ?? '';
  const quotes = example.includes('`') ? '``' : '`';
  return `${text} ${example === '' ? '' : `Example: ${quotes}${example}${quotes}`}`.trim();
};

const memberText = (entry: Entry): string => {
  const text = told(entry);
  return wrapped(`- \`${entry.written}\`${text === '' ? '' : `: ${text}`}`, '  ');
};

const exportText = (one: Export): string => {
  const isLong = one.written !== one.name;
  const parts = [
    `### ${one.name}`,
    isLong ? wrapped(`\`${one.written}\``, '') : '',
    told(one) === '' ? '' : wrapped(told(one), ''),
    one.members.map(memberText).join('\n'),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
};

const byName = (a: Export, b: Export): number => (a.name < b.name ? -1 : 1);

/** Sorted into chapters; only the last may take what none names. */
const chaptersOf = (exports: readonly Export[]): [string, Export[]][] => {
  const left = new Map(exports.map((one) => [one.name, one]));
  const chapters = Object.entries(CHAPTERS).map(([title, names]): [string, Export[]] => {
    const found = names.flatMap((name) => left.get(name) ?? []);
    for (const { name } of found) left.delete(name);
    return [title, found];
  });
  return [...chapters, [REST, [...left.values()].sort(byName)]];
};

/** The entries of the package: what one imports, and its module. */
const entries = (): [string, string][] => {
  const { exports } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { exports: Record<string, string> };
  return Object.entries(exports).map(([name, path]) => [name.replace('.', 'graftwork'), ROOT + path.slice(2)]);
};

const entryText = (name: string, exports: readonly Export[]): string =>
  `## ${name}\n\n${[...exports].sort(byName).map(exportText).join('\n\n')}`;

const HEAD = 'Made from the types and their docstrings by `node scripts/reference-document.ts`.';
/** Entries that are the core, for those who build on it. */
const CORE = ['graftwork/txn', 'graftwork/plugins', 'graftwork/kernel-model'];

/** What each entry exports. */
export const readEntries = (): [string, Export[]][] => {
  const modules = readExports(
    entries().map(([, path]) => path),
    ROOT,
  );
  return entries().map(([name], i) => [name, modules[i] as Export[]]);
};

/** The documents of the reference: path, and text. */
export const referenceDocuments = (all: readonly [string, readonly Export[]][]): [string, string][] => {
  const of = (wanted: (name: string) => boolean): string =>
    all
      .filter(([name]) => name !== 'graftwork' && wanted(name))
      .map(([name, exports]) => entryText(name, exports))
      .join('\n\n');
  const host = chaptersOf(all.find(([name]) => name === 'graftwork')?.[1] ?? []).map(
    ([title, exports]) => `## ${title}\n\n${exports.map(exportText).join('\n\n')}`,
  );
  const isCore = (name: string): boolean => CORE.includes(name);
  const whole = (title: string, about: string, parts: readonly string[]): string =>
    `${[`# ${title}`, wrapped(`${about} ${HEAD}`, ''), ...parts].join('\n\n')}\n`;
  const about = 'What `graftwork`, and each entry of it for applications and authors, exports.';
  const aboutCore = 'What the entries for those who build on the core export.';
  return [
    ['docs/reference.md', whole('Reference', about, [...host, of((name) => !isCore(name))])],
    ['docs/reference-core.md', whole('Reference of the core', aboutCore, [of(isCore)])],
  ];
};
