// The repository has a unit test: walls, lengths, names, words, and tables that documentation repeats. Each failure
// says what to do instead.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Node, parse } from 'acorn';
import { full } from 'acorn-walk';
import { ERRORS } from '../src/plugins/errors.ts';
import { ABORT_REASONS } from '../src/txn/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const filesBelow = (folder: string, endings: readonly string[]): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules'));

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const FOLDERS: readonly string[] = [
  'src',
  'sdk',
  'experiments',
  'report',
  'bench',
  'examples',
  'scripts',
  'test',
  'docs',
];

const SOURCES = FOLDERS.flatMap((folder) => filesBelow(folder, ['.ts', '.cjs']));
/** The library: what ships. */
const LIBRARY = SOURCES.filter((file) => file.startsWith('src/'));
/** All but tests, which may import what they try. */
const HOUSE = SOURCES.filter((file) => !file.startsWith('test/'));

interface Import {
  readonly to: string;
  readonly typeOnly: boolean;
}

const importsOf = (file: string): Import[] =>
  [
    ...read(file).matchAll(
      /^(?:import|export)\s+(type\s)?[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm,
    ),
  ].map((match) => ({
    to: match[2] ?? match[3] ?? match[4] ?? '',
    typeOnly: match[1] !== undefined,
  }));

/** The project's own entries, by the names under which a user imports them. */
const ENTRIES: ReadonlyMap<string, string> = new Map(
  Object.entries((JSON.parse(read('package.json')) as { exports: Record<string, string> }).exports).map(
    ([name, path]) => [`graftwork${name.slice(1)}`, path.slice(2)],
  ),
);

const targetOf = (file: string, to: string): string =>
  ENTRIES.get(to) ?? relative(ROOT, resolve(join(ROOT, dirname(file)), to));

/** `txn`, `plugins`, `host` or `kernel-model` for files below src; the first folder for others. */
const areaOf = (file: string): string => file.split('/')[file.startsWith('src/') ? 1 : 0] as string;

/** Which areas may be imported, besides one's own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  txn: [],
  plugins: ['txn'],
  host: ['plugins', 'txn'],
  'kernel-model': ['plugins', 'txn'],
  report: [],
  sdk: [],
  experiments: ['kernel-model', 'plugins', 'txn', 'report'],
  bench: ['host', 'kernel-model', 'plugins', 'txn', 'report', 'test', 'examples'],
  examples: ['host', 'plugins', 'txn'],
  scripts: ['host', 'kernel-model', 'plugins', 'txn', 'test'],
};

/** Through which files an area is imported: each lists by hand what it shows. */
const FACES: Readonly<Record<string, readonly string[]>> = {
  txn: ['src/txn/index.ts'],
  plugins: [
    'src/plugins/index.ts',
    'src/plugins/compartment/index.ts',
    'src/plugins/compartment/in-realm/index.ts',
    'src/plugins/compartment/makers.ts',
    'src/plugins/compartment/process/index.ts',
    'src/plugins/compartment/process/inside.ts',
    'src/plugins/compartment/realm/index.ts',
    'src/plugins/package/index.ts',
  ],
  host: ['src/host/index.ts', 'src/host/server/index.ts'],
  'kernel-model': ['src/kernel-model/index.ts', 'src/kernel-model/grafts/eviction/index.ts'],
  report: ['report/index.ts'],
  sdk: ['sdk/index.ts'],
  examples: ['examples/browser-filter/index.ts'],
  test: ['test/support/claims.ts', 'test/support/postgres.ts', 'test/support/webassembly.ts'],
};

const ownImports = HOUSE.flatMap((file) =>
  importsOf(file)
    .filter(({ to }) => to.startsWith('.') || ENTRIES.has(to))
    .map(({ to, typeOnly }) => ({ file, target: targetOf(file, to), typeOnly })),
);

/** Imports of another area. */
const crossings = ownImports.filter(({ file, target }) => areaOf(file) !== areaOf(target));

/** `typeorm` of `typeorm/browser`, `@standard-schema/spec` of itself. */
const packageOf = (to: string): string =>
  to
    .split('/')
    .slice(0, to.startsWith('@') ? 2 : 1)
    .join('/');

const functionsIn = (file: string): { lines: number; at: number }[] => {
  const program = parse(stripTypeScriptTypes(read(file)), {
    ecmaVersion: 'latest',
    sourceType: 'module',
    locations: true,
  });
  const functions: { lines: number; at: number }[] = [];
  full(program, (node: Node) => {
    if (!['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type) || !node.loc)
      return;
    functions.push({ lines: node.loc.end.line - node.loc.start.line + 1, at: node.loc.start.line });
  });
  return functions;
};

describe('walls', () => {
  test('imports point one way: txn ← plugins ← {kernel-model, host} ← what stands beside src (see MAY_IMPORT)', () => {
    expect(new Set(HOUSE.map(areaOf))).toEqual(new Set(Object.keys(MAY_IMPORT)));
    expect(crossings.filter(({ file, target }) => !MAY_IMPORT[areaOf(file)]?.includes(areaOf(target)))).toEqual([]);
  });

  test('another area is imported through a file that lists what it shows (see FACES)', () => {
    expect(crossings.filter(({ target }) => !FACES[areaOf(target)]?.includes(target))).toEqual([]);
  });

  test('src/txn imports no package at all', () => {
    expect(
      LIBRARY.filter((file) => areaOf(file) === 'txn').flatMap((file) =>
        importsOf(file).filter(({ to }) => !to.startsWith('.')),
      ),
    ).toEqual([]);
  });

  test('src imports packages of `dependencies` and peers alone: who installs the library has no others', () => {
    const { dependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const installed = { ...dependencies, ...peerDependencies };
    const imported = LIBRARY.flatMap((file) => importsOf(file).map(({ to }) => ({ file, to }))).filter(
      ({ to }) => !to.startsWith('.') && !to.startsWith('node:'),
    );
    expect(imported.length).toBeGreaterThan(10);
    expect(imported.filter(({ to }) => !(packageOf(to) in installed))).toEqual([]);
  });

  test('src/plugins outside compartment/ and package/ imports no node: module, and types alone of those two', () => {
    const core = LIBRARY.filter((file) => /^src\/plugins\/[^/]+$/.test(file));
    expect(core.length).toBeGreaterThan(5);
    const wrong = core.flatMap((file) =>
      importsOf(file)
        .filter(({ to, typeOnly }) => to.startsWith('node:') || (/\/(compartment|package)\//.test(to) && !typeOnly))
        .map(({ to }) => ({ file, to })),
    );
    expect(wrong).toEqual([]);
  });

  test('what the face of in-realm reaches imports no node: module: it runs in a browser', () => {
    const reached = new Set<string>();
    const reach = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const { to, typeOnly } of importsOf(file)) if (to.startsWith('.') && !typeOnly) reach(targetOf(file, to));
    };
    reach('src/plugins/compartment/in-realm/index.ts');
    reach('src/plugins/index.ts');
    expect(reached.size).toBeGreaterThan(60);
    expect([...reached].filter((file) => importsOf(file).some(({ to }) => to.startsWith('node:')))).toEqual([]);
  });

  test('no values are imported in a circle', () => {
    const edges = new Map<string, string[]>();
    for (const { file, target, typeOnly } of ownImports)
      if (!typeOnly) edges.set(file, [...(edges.get(file) ?? []), target]);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
    expect(circles).toEqual([]);
  });

  test('txn and kernel-model look at no clock, roll no dice and never wait (pass a Clock in instead)', () => {
    const pure = LIBRARY.filter((file) => ['txn', 'kernel-model'].includes(areaOf(file)));
    const wrong = pure.filter((file) =>
      /\b(Date|Math\.random|setTimeout|setInterval|performance|async|await)\b/.test(codeOf(file)),
    );
    expect(wrong).toEqual([]);
  });
});

/** A file without its comments and strings. */
const codeOf = (file: string): string => read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'(?:[^'\\\n]|\\.)*'/gm, '');

/** The documents, in Markdown. */
const DOCUMENTS = readdirSync(ROOT, { recursive: false, encoding: 'utf8' })
  .flatMap((name) => (name.endsWith('.md') ? [name] : FOLDERS.includes(name) ? filesBelow(name, ['.md']) : []))
  .toSorted();

const WIDTH_MAX = 120;

const tooWide = (file: string, lines: readonly string[]): string[] =>
  lines.flatMap((line, index) => (line.length > WIDTH_MAX ? [`${file}:${index + 1}: ${line.length}`] : []));

/** The lines of a document, empty where no line can be broken: in code, in a table, in one word (a link). */
const proseOf = (file: string): string[] => {
  let code = false;
  return read(file)
    .split('\n')
    .map((line) => {
      const fence = /^\s*```/.test(line);
      if (fence) code = !code;
      return code || fence || line.startsWith('|') || line.trim().split(/\s+/).length <= 2 ? '' : line;
    });
};

describe('size', () => {
  test('a file has at most 400 lines', () => {
    expect(SOURCES.filter((file) => read(file).split('\n').length > 401)).toEqual([]);
  });

  test('code and comments wrap at 120', () => {
    expect(SOURCES.flatMap((file) => tooWide(file, read(file).split('\n')))).toEqual([]);
  });

  test('documents wrap at 120, but for code, tables and links', () => {
    expect(DOCUMENTS.length).toBeGreaterThan(10);
    expect(DOCUMENTS.flatMap((file) => tooWide(file, proseOf(file)))).toEqual([]);
  });

  test('a function has at most 70 lines, nine in ten at most 25', () => {
    const all = HOUSE.flatMap((file) => functionsIn(file).map((one) => ({ file, ...one })));
    expect(all.filter((one) => one.lines > 70)).toEqual([]);
    expect(all.filter((one) => one.lines <= 25).length / all.length).toBeGreaterThan(0.9);
  });
});

/** What is not said, and what is said instead. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\bhooks?\b/i, 'graft point, or call-back'],
  [/\bsandbox/i, 'compartment'],
  [/\bquotas?\b/i, 'limit, or account'],
  [/\brolled? ?back\b|\brollback\b(?<!ROLLBACK)/, 'abort, undo (SQL says ROLLBACK)'],
  [/\bhelpers?\b|(?<!node:)\butils?\b/i, 'the name of what it does'],
  [/(?<!\.|\{ )\bmanagers?\b/i, 'the name of what it keeps (TypeORM says `source.manager`)'],
  [/\bDESIGN\b/, 'ARCHITECTURE.md, or the fact itself'],
  [/\bTODO\b|\bFIXME\b/, 'do it, or say in the documentation that it is not done'],
];

/** Names of types that two files below src declare all the same, each for itself and nobody else. */
const DECLARED_TWICE: Readonly<Record<string, string>> = {
  Entry: 'a file of a package, a state with its lock, and a function of a realm',
  Names: 'names in a package, and names that metered code uses',
  Price: 'what a change of state costs, and what a built-in does',
  Realm: 'what a process knows of a realm, and the realm',
  Refusal: 'what a graft says, and what the rewriter does',
  Row: 'of a table of the database, and of the table of built-ins',
  Wait: 'of kernel code, and of a plugin process',
};

/** The files below src that declare a type, by its name. */
const declarations = (): Map<string, string[]> => {
  const files = new Map<string, string[]>();
  for (const file of LIBRARY)
    for (const [, name] of codeOf(file).matchAll(/^(?:export )?(?:abstract )?(?:class|interface|type) (\w+)/gm))
      files.set(name as string, [...new Set([...(files.get(name as string) ?? []), file])]);
  return files;
};

describe('words', () => {
  test('a type name is declared once below src, or stands in DECLARED_TWICE with what it means each time', () => {
    const declared = declarations();
    expect(declared.size).toBeGreaterThan(100);
    const twice = [...declared].filter(([, files]) => files.length > 1);
    expect(twice.filter(([name]) => !(name in DECLARED_TWICE))).toEqual([]);
    const again = twice.map(([name]) => name);
    expect(Object.keys(DECLARED_TWICE).filter((name) => !again.includes(name))).toEqual([]);
  });

  test('names and comments use the words of the field', () => {
    const found = SOURCES.filter((file) => file !== 'test/structure.test.ts').flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, index) =>
          WORDS.filter(([word]) => word.test(line)).map(
            ([word, instead]) => `${file}:${index + 1}: ${word} (${instead})`,
          ),
        ),
    );
    expect(found).toEqual([]);
  });

  test('no file is called utils, helpers, types or common', () => {
    expect(SOURCES.filter((file) => /(^|\/)(utils?|helpers?|types|common|misc)\.\w+$/.test(file))).toEqual([]);
  });

  test('every source file opens with a comment that says what it is, or is an index', () => {
    const wrong = HOUSE.filter((file) => !file.endsWith('/index.ts') && !/^(#!.*\n)?(\/\/|\/\*)/.test(read(file)));
    expect(wrong).toEqual([]);
  });
});

/** Names of source files in a text, with or without a path; no patterns such as `*.ts`. */
const filesNamedIn = (text: string): string[] =>
  [...text.matchAll(/(?<![\w.*<-])[\w./-]*\w\.ts\b/g)].map(([name]) => name);

/** The head of a file in a guide: a line with nothing but its name, and the file below. */
const GUIDE_FILE = /^`([\w./-]+)`:\n\n```/gm;

/** The comments of a file. */
const commentsOf = (file: string): string[] =>
  [...read(file).matchAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm)].map(([text]) => text);

/** A folder, those above it, for a test's those that it mirrors, and src. */
const foldersAbove = (folder: string): string[] => {
  const above = folder === '.' ? ['src'] : foldersAbove(dirname(folder));
  return folder.startsWith('test') ? [folder, folder.replace('test', 'src'), ...above] : [folder, ...above];
};

describe('file names in prose', () => {
  test('a file that a comment names exists, as seen from the folder of the comment, one above it, or src', () => {
    const wrong = SOURCES.flatMap((file) =>
      commentsOf(file)
        .flatMap(filesNamedIn)
        .filter((name) => !foldersAbove(dirname(file)).some((folder) => existsSync(join(ROOT, folder, name))))
        .map((name) => `${file}: ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('a file that a document names exists, by the end of its path, here or as a file of a guide', () => {
    const named = DOCUMENTS.filter((file) => file !== 'CHANGELOG.md').flatMap((file) =>
      filesNamedIn(read(file)).map((name) => ({ file, name: name.replace(/^(\.\.?\/)+/, '') })),
    );
    const files = [
      ...SOURCES,
      ...DOCUMENTS.flatMap((file) => [...read(file).matchAll(GUIDE_FILE)].map(([, one]) => one)),
    ];
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ name }) => !files.some((file) => `/${file}`.endsWith(`/${name}`)))).toEqual([]);
  });
});

describe('tables', () => {
  test('docs/errors.md lists the codes of the error table, with status and meaning, and no others', () => {
    const documented = [...read('docs/errors.md').matchAll(/^\| `(GRAFT_\w+)` \| (\d+) \| (.*) \|$/gm)].map(
      ([, code, status, meaning]) => [code, Number(status), meaning],
    );
    expect(documented).toEqual(Object.entries(ERRORS).map(([code, { status, meaning }]) => [code, status, meaning]));
  });

  test('docs/errors.md lists the reasons of aborts, with their meaning, and no others', () => {
    const documented = [...read('docs/errors.md').matchAll(/^\| `([a-z-]+)` \| (.*) \|$/gm)];
    expect(documented.map(([, reason, meaning]) => [reason, meaning])).toEqual(Object.entries(ABORT_REASONS));
  });

  test('every error code is produced by a test', () => {
    const tests = SOURCES.filter((file) => file.startsWith('test/') && file !== 'test/structure.test.ts')
      .map(read)
      .join('\n');
    expect(Object.keys(ERRORS).filter((code) => !tests.includes(code))).toEqual([]);
  });

  test('every abort reason is produced by a test', () => {
    const reasons = Object.keys(ABORT_REASONS);
    expect(reasons.length).toBe(13);
    const tests = SOURCES.filter((file) => file.startsWith('test/') && file !== 'test/structure.test.ts')
      .map(read)
      .join('\n');
    expect(reasons.filter((reason) => !tests.includes(`'${reason}'`))).toEqual([]);
  });
});
