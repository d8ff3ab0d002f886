// Writes dist/package.json, to publish from: the repository's own, without the parts that only the repository needs
// (its own Node, scripts, tools, overrides). What raises the walls of plugins' processes stays optional.

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const {
  private: _,
  scripts: __,
  devDependencies: ___,
  overrides: ____,
  optionalDependencies: optional,
  ...manifest
} = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Record<string, unknown> & {
  bin: Record<string, string>;
  exports: Record<string, string>;
  optionalDependencies: Record<string, string>;
};

const built = (path: string): string => path.replace(/^(\.\/)?src\//, './').replace(/\.ts$/, '.js');

writeFileSync(
  new URL('dist/package.json', root),
  `${JSON.stringify(
    {
      ...manifest,
      optionalDependencies: Object.fromEntries(Object.entries(optional).filter(([name]) => !name.startsWith('node-'))),
      bin: Object.fromEntries(Object.entries(manifest.bin).map(([name, path]) => [name, built(path)])),
      exports: Object.fromEntries(
        Object.entries(manifest.exports).map(([name, path]) => [
          name,
          { types: built(path).replace(/\.js$/, '.d.ts'), default: built(path) },
        ]),
      ),
    },
    null,
    2,
  )}\n`,
);
for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE'])
  copyFileSync(new URL(file, root), new URL(`dist/${file}`, root));
