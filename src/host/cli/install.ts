// `graftwork install PATH` and `graftwork remove NAME`. A folder is packed as npm packs one, and sent as an archive.
// The server checks all of it; only links and special files are checked here, since an archive would not show them.

import type { Stats } from 'node:fs';
import { lstat, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { GraftError } from '../../plugins/index.ts';
import { missingText } from '../../plugins/package/index.ts';
import type { PluginInfo, PointInfo } from '../index.ts';
import { ARCHIVE_TYPES, BODY_MAX } from '../server/index.ts';
import { ask, type ServerFlags } from './client.ts';
import { describePlugins, describePoints, printAnswer } from './lists.ts';

export interface RemoveFlags extends ServerFlags {
  readonly now?: boolean;
  readonly dismiss?: boolean;
}

export interface DismissFlags extends ServerFlags {
  readonly graft?: string;
}

/** Files of a folder, unpacked; far above what a server takes. */
const FOLDER_BYTES_MAX = 64 * 1_048_576;

const filesOf = async (root: string): Promise<readonly { path: string; stats: Stats }[]> => {
  const files: { path: string; stats: Stats }[] = [];
  for (const path of (await readdir(root, { recursive: true })).sort()) {
    if (/^\.git([\\/]|$)/.test(path)) continue;
    const stats = await lstat(join(root, path));
    if (stats.isFile()) files.push({ path: path.replaceAll('\\', '/'), stats });
    else if (!stats.isDirectory()) throw new GraftError('GRAFT_PACKAGE_ENTRY', `${path} is a link or a special file`);
  }
  return files;
};

/**
 * Packs a folder as a .tgz. Throws GRAFT_PACKAGE_ENTRY for a link or a special file, GRAFT_PACKAGE_LIMIT if it is far
 * too large.
 */
export const packFolder = async (root: string): Promise<Buffer<ArrayBuffer>> => {
  const files = await filesOf(root);
  if (files.reduce((total, { stats }) => total + stats.size, 0) > FOLDER_BYTES_MAX) {
    throw new GraftError('GRAFT_PACKAGE_LIMIT', `the files of ${root} are larger than ${FOLDER_BYTES_MAX} bytes`);
  }
  const archive = pack();
  const packed = buffer(archive.pipe(createGzip()));
  for (const { path } of files) archive.entry({ name: `package/${path}` }, await readFile(join(root, path)));
  archive.finalize();
  return packed;
};

const readPlugin = async (path: string): Promise<Buffer<ArrayBuffer>> => {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return await packFolder(path);
    if (stats.isFile() && stats.size <= BODY_MAX.package_bytes) return await readFile(path);
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    throw new GraftError('GRAFT_BAD_PACKAGE', `${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, {
      cause,
    });
  }
  throw new GraftError(
    'GRAFT_BAD_PACKAGE',
    `${path} is neither a folder nor an archive of at most ${BODY_MAX.package_bytes} bytes`,
  );
};

/** What the plugin names and does not find, a line each. */
const missingLines = ({ missing }: PluginInfo): string => missing.map((one) => `\n${missingText(one)}`).join('');

const describe = (verb: string) => (body: Readonly<Record<string, unknown>>) =>
  `${verb}\n${describePlugins([body.plugin as PluginInfo])}${missingLines(body.plugin as PluginInfo)}`;

/** Installs a plugin from a folder or a .tgz. Gives the exit code. */
export const install = async (path: string, flags: ServerFlags): Promise<number> => {
  const body = await readPlugin(path);
  return printAnswer(
    await ask(flags, { method: 'POST', path: 'api/plugins', type: ARCHIVE_TYPES[0], body }),
    flags,
    describe('installed'),
  );
};

/**
 * Removes a plugin; `now` aborts its calls in flight, `dismiss` lets points that it guarded go on without it. Gives the
 * exit code.
 */
export const remove = async (name: string, flags: RemoveFlags): Promise<number> => {
  const query = new URLSearchParams({
    ...(flags.now ? { now: 'true' } : {}),
    ...(flags.dismiss ? { dismiss: 'true' } : {}),
  });
  const path = `api/plugins/${encodeURIComponent(name)}${query.size > 0 ? `?${query}` : ''}`;
  return printAnswer(await ask(flags, { method: 'DELETE', path }), flags, describe('removed'));
};

/** Lets a point go on without guards that are missing there. Gives the exit code. */
export const dismiss = async (point: string, flags: DismissFlags): Promise<number> => {
  const query = flags.graft === undefined ? '' : `?${new URLSearchParams({ graft: flags.graft })}`;
  const path = `api/points/${encodeURIComponent(point)}/dismiss${query}`;
  return printAnswer(
    await ask(flags, { method: 'POST', path }),
    flags,
    (body) => `dismissed\n${describePoints([body.point as PointInfo])}`,
  );
};
