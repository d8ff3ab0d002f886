// The list blocker as a package: its source, the library as npm installed it, and the engine that was made of the
// lists. The engine of the same lists is made once and kept.

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINE_VERSION, FiltersEngine } from '@ghostery/adblocker';
import { GraftError } from 'graftwork';

export const PLUGINS = fileURLToPath(new URL('plugins', import.meta.url));
const OWN_LIST = fileURLToPath(new URL('lists/own.txt', import.meta.url));
const LIBRARY = '@ghostery/adblocker';

const textsOf = async (files: readonly string[]): Promise<string> => {
  const texts = files.map((file) =>
    readFile(file, 'utf8').catch((cause: unknown) => {
      throw new GraftError('GRAFT_BAD_OPTION', `GRAFTWORK_LISTS: ${file} cannot be read`, { cause });
    }),
  );
  return (await Promise.all(texts)).join('\n');
};

/** The files that `GRAFTWORK_LISTS` names; none: the project's own small list. */
export const listFiles = (named: string | undefined): string[] =>
  named === undefined || named.trim() === '' ? [OWN_LIST] : named.split(',').map((file) => file.trim());

/** The serialised engine of lists, from the folder where it is kept, else made and kept there. */
export const engineOf = async (files: readonly string[], folder: string): Promise<Uint8Array> => {
  const text = await textsOf(files);
  const digest = createHash('sha256').update(`${ENGINE_VERSION}\n${text}`).digest('hex').slice(0, 32);
  const kept = join(folder, `${digest}.engine`);
  const before = await readFile(kept).catch(() => null);
  if (before !== null) return before;
  const made = FiltersEngine.parse(text).serialize();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${kept}.part`, made);
  await rename(`${kept}.part`, kept);
  return made;
};

interface Dependent {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The folders of a package and of all that it needs, by the places that they have below `node_modules`. */
const foldersOf = async (
  name: string,
  from: string,
  into = new Map<string, string>(),
): Promise<Map<string, string>> => {
  const manifest = findPackageJSON(name, from);
  if (manifest === undefined) throw new GraftError('GRAFT_BAD_OPTION', `${name} is not installed: run npm ci`);
  const folder = dirname(manifest);
  const place = folder.slice(folder.indexOf(`${sep}node_modules${sep}`) + 1);
  if (into.has(place)) return into;
  into.set(place, folder);
  const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as Dependent;
  for (const one of Object.keys(dependencies)) await foldersOf(one, manifest, into);
  return into;
};

/** Whether the folder of the list blocker holds this source and this engine. */
export const isListBlocker = async (folder: string, engine: Uint8Array): Promise<boolean> => {
  const source = await readFile(join(PLUGINS, 'list-blocker', 'main.ts'));
  const made = await Promise.all(
    ['main.ts', 'engine.bin'].map((file) => readFile(join(folder, file)).catch(() => null)),
  );
  return made[0]?.equals(source) === true && made[1]?.equals(engine) === true;
};

/** Makes the folder of the list blocker anew, to be installed from. */
export const makeListBlocker = async (folder: string, engine: Uint8Array): Promise<string> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const file of ['package.json', 'main.ts']) await cp(join(PLUGINS, 'list-blocker', file), join(folder, file));
  for (const [place, from] of await foldersOf(LIBRARY, import.meta.url))
    await cp(from, join(folder, place), {
      recursive: true,
      filter: (path) => !path.slice(from.length).includes('node_modules'),
    });
  await writeFile(join(folder, 'engine.bin'), engine);
  return folder;
};
