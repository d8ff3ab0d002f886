// Packages that plugins use, as npm unpacks their tarballs: a plugin's folder right after `npm install` is installed,
// and each computes in the realm what its documentation or a standard says. What a realm has no global for is computed
// in a bare context that has that and nothing else.

import {
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { FiltersEngine } from '@ghostery/adblocker';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createHost, type Host, type HostPoint } from '../../src/host/index.ts';
import { readPackage } from '../../src/plugins/package/index.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const parent = mkdtempSync(join(tmpdir(), 'named-'));

/** What a plugin of named-packages/ computes with a package, and the globals of the web that it needs for that. */
interface Named {
  readonly name: string;
  readonly gives: unknown;
  readonly needs?: readonly (keyof typeof globalThis)[];
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

const LISTS = '||ads.example^$third-party\n@@||ads.example/allowed^';

const NAMED: readonly Named[] = [
  { name: 'zod', gives: [{ n: 7, tags: ['a'] }, [['n'], ['tags']]] },
  { name: 'date-fns', gives: ['Thursday 29th February 2024', 29] },
  { name: 'lodash-es', gives: [[[1, 2], [3]], 'fooBar', { 4: [4.2], 6: [6.1, 6.3] }] },
  { name: 'nanoid', gives: [true, 2, true], needs: ['crypto'] },
  // The last is of RFC 9562, A.4.
  { name: 'uuid', gives: [true, 4, '2ed6657d-e927-568b-95e1-2665a8aea6a2'], needs: ['crypto'] },
  { name: 'handlebars', gives: '0:&lt;a&gt;;1:b;' },
  { name: 'papaparse', gives: [[{ a: 1, b: 'x,"y"' }], 'p,"q,r"'] },
  { name: 'semver', gives: [true, '1.10.0', '1.3.0'] },
  { name: 'marked', gives: '<h1>A</h1>\n<p><em>b</em> <code>&lt;c&gt;</code></p>\n' },
  {
    name: '@ghostery/adblocker',
    gives: [true, false, false],
    needs: ['TextEncoder', 'TextDecoder'],
    files: { 'engine.bin': FiltersEngine.parse(LISTS).serialize() },
  },
  // What cheerio parses with.
  { name: 'parse5', gives: '<p>a<b>c</b></p><p><b>d&amp;</b></p>' },
  { name: 'htmlparser2', gives: [2, 'b < c'] },
];

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}
const { packages } = JSON.parse(readFileSync(join(MODULES, '../package-lock.json'), 'utf8')) as Lock;

/** The folders of a package and of all that it needs, as the lock file has them. */
const installedFor = (path: string, into = new Set<string>()): Set<string> => {
  if (into.has(path)) return into;
  into.add(path);
  for (const name of Object.keys(packages[path]?.dependencies ?? {})) {
    const places = [`${path}/node_modules/${name}`, `node_modules/${name}`];
    installedFor(places.find((place) => place in packages) as string, into);
  }
  return into;
};

/** The same files; where that can be done they take no room. */
const copy = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') copy(source, target);
      continue;
    }
    try {
      linkSync(source, target);
    } catch {
      copyFileSync(source, target);
    }
  }
};

/** The last part of a package's name. */
const shortOf = (name: string): string => name.slice(name.indexOf('/') + 1);

/** The folder of a plugin that uses a package, after `npm install`. */
const folderOf = ({ name, files = {} }: Named): string => {
  const short = shortOf(name);
  const root = join(parent, short);
  for (const path of installedFor(`node_modules/${name}`)) copy(join(dirname(MODULES), path), join(root, path));
  const graftwork = { api: 1, grafts: [{ point: `uses/${short}`, export: 'f' }] };
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({ name: `uses-${short}`, version: '1.0.0', main: 'main.mjs', graftwork }),
  );
  copyFileSync(new URL(`named-packages/${short}.mjs`, import.meta.url), join(root, 'main.mjs'));
  for (const [path, bytes] of Object.entries(files)) writeFileSync(join(root, path), bytes);
  return root;
};

let host: Host;
/** Globals that a realm has. */
let has: (global: string) => boolean;
const LIMITS = { own_ms: 5000, total_ms: 20_000, memory_mb: 128 };
const point = (name: string): HostPoint<unknown, unknown> =>
  host.graftPoint({ name, kind: 'function', default: () => 'default', limits: LIMITS });
beforeAll(async () => {
  host = await createHost({ store: 'memory' });
  const globals = point('uses/globals');
  await host.install({
    manifest: { name: 'globals', api: 1, grafts: [{ point: 'uses/globals', export: 'f' }] },
    files: { 'main.js': 'export const f = () => Object.getOwnPropertyNames(globalThis);' },
  });
  const names = (await globals.call(null)) as string[];
  has = (global) => names.includes(global);
});
afterAll(async () => {
  await host.close();
  rmSync(parent, { recursive: true });
});

test.each(NAMED)('$name', async (named) => {
  const { name, needs = [], gives } = named;
  const root = folderOf(named);
  if (needs.every(has)) {
    const uses = point(`uses/${shortOf(name)}`);
    await host.install(root);
    expect(await uses.call(null)).toEqual(gives);
  } else {
    const globals = Object.fromEntries(needs.map((need) => [need, globalThis[need]]));
    const { f } = runInNewContext((await readPackage(root)).code, globals) as { f: () => unknown };
    expect(JSON.parse(JSON.stringify(f()))).toEqual(gives);
  }
});
