// `npm run build && npm run weigh`: what `npm install` of each of the two packages brings, in a folder of its own:
// megabytes (2^20 bytes) of files, packages, and the heaviest of them.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const MB = 2 ** 20;
const SHOWN = 6;

const bytesOf = (folder: string): number =>
  globSync('**', { cwd: folder }).reduce((sum, file) => sum + (lstatSync(join(folder, file)).size ?? 0), 0);

/** The packages below a folder, with their own bytes and those that lie in them. */
const packagesIn = (modules: string): { name: string; bytes: number }[] =>
  globSync(['*', '@*/*'], { cwd: modules })
    .filter((name) => existsSync(join(modules, name, 'package.json')))
    .map((name) => ({ name, bytes: bytesOf(join(modules, name)) }));

const weigh = (name: string, folder: string): void => {
  const place = mkdtempSync(join(tmpdir(), 'graftwork-weigh-'));
  try {
    execFileSync('npm', ['pack', '--silent', folder], { cwd: place });
    const [archive = ''] = globSync('*.tgz', { cwd: place });
    const project = join(place, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{}');
    execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', join(place, archive)], { cwd: project });
    const modules = join(project, 'node_modules');
    const packages = packagesIn(modules).sort((one, other) => other.bytes - one.bytes);
    const count = globSync(['**/node_modules/*/package.json', '**/node_modules/@*/*/package.json'], { cwd: project });
    const heaviest = packages.slice(0, SHOWN).map(({ name, bytes }) => `${name} ${(bytes / MB).toFixed(1)}`);
    console.log(
      `${name}: ${(bytesOf(modules) / MB).toFixed(2)} MB, packages: ${count.length} (${heaviest.join(', ')})`,
    );
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
};

weigh('graftwork', DIST);
weigh('graftwork-sdk', join(DIST, 'sdk'));
