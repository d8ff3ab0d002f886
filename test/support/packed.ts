// The two packages as they are published, for tests that use them from outside the repository: built and packed once in
// a run of Jest, by whichever test asks first. The others wait for a lock that ends with the process that has it.

import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RUN_FOLDER } from './postgres.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MODULES = join(ROOT, 'node_modules');
const PLACE = process.env[RUN_FOLDER] as string;
/** What is packed, as it was built. */
export const BUILD = join(PLACE, 'build');
export const TSC = join(MODULES, 'typescript', 'bin', 'tsc');

/** Where the archives of `graftwork` and `graftwork-sdk` are, once they are whole. */
const ARCHIVES = join(PLACE, 'archives');

const build = (): void => {
  const packing = mkdtempSync(join(PLACE, 'packing-'));
  execFileSync(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', BUILD], { cwd: ROOT });
  execFileSync(process.execPath, ['scripts/publish-manifest.ts', BUILD], { cwd: ROOT });
  execFileSync('npm', ['pack', '--silent', BUILD, join(BUILD, 'sdk')], { cwd: packing });
  symlinkSync(MODULES, join(BUILD, 'node_modules'));
  renameSync(packing, ARCHIVES);
};

const archives = (): string[] => {
  const lock = new DatabaseSync(join(PLACE, 'lock'), { timeout: 300_000 });
  lock.exec('BEGIN EXCLUSIVE');
  try {
    if (!existsSync(ARCHIVES)) build();
  } finally {
    lock.close();
  }
  return readdirSync(ARCHIVES).map((name) => join(ARCHIVES, name));
};

/** Installs packages of the repository's own in a folder, as links. */
export const link = (folder: string, names: readonly string[]): void => {
  for (const name of names) {
    const at = join(folder, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    if (existsSync(join(MODULES, name)) && !existsSync(at)) symlinkSync(join(MODULES, name), at);
  }
};

/** The packages of a manifest that come with it. */
export interface Needs {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The packed manifest of a package that is installed in a folder. */
export const manifestOf = (folder: string, name: string): Needs =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')) as Needs;

/** Installs packed packages in a folder, with no more than what their manifests ask for. */
export const installPacked = (folder: string, names: readonly string[] = ['graftwork', 'graftwork-sdk']): void => {
  for (const name of names) {
    const archive = archives().find((file) => new RegExp(`/${name}-\\d[^/]*\\.tgz$`).test(file)) as string;
    const at = join(folder, 'node_modules', name);
    mkdirSync(at, { recursive: true });
    execFileSync('tar', ['-xzf', archive, '--strip-components=1', '-C', at]);
    const { dependencies, optionalDependencies, peerDependencies } = manifestOf(folder, name);
    link(folder, Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }));
  }
};

/** A folder of this name, beside the packages, which holds a package.json and nothing else. */
export const project = (name: string): string => {
  const folder = join(PLACE, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
};

/** Runs a program of Node's in a folder. */
export const node = (args: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> =>
  promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 2 ** 24 });
