// `graftwork install PATH`, `remove NAME`, `enable NAME` and `dismiss POINT`. Of a folder, which may be as npm left it,
// what the plugin's imports reach is sent as an archive. The server checks all of it.

import { readFile, stat } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { GraftError } from '../../plugins/index.ts';
import { missingText, reachedEntries } from '../../plugins/package/index.ts';
import type { PluginInfo, PointInfo } from '../index.ts';
import { ARCHIVE_TYPES, BODY_MAX } from '../server/index.ts';
import { ask, type ServerFlags } from './client.ts';
import { describePlugins, describePoints, printAnswer } from './lists.ts';
import { visible } from './text.ts';

export interface RemoveFlags extends ServerFlags {
  readonly now?: boolean;
  readonly dismiss?: boolean;
  readonly forget?: boolean;
}

export interface DismissFlags extends ServerFlags {
  readonly graft?: string;
}

/**
 * Packs what of a folder its plugin is made of as a .tgz. It is bundled here once, to learn what its imports reach;
 * throws what the server would refuse it for.
 */
const packFolder = async (root: string): Promise<Buffer<ArrayBuffer>> => {
  const archive = pack();
  const packed = buffer(archive.pipe(createGzip()));
  for (const { path, bytes, link } of await reachedEntries(root)) {
    const name = `package/${path}`;
    if (link !== undefined) archive.entry({ name, type: 'symlink', linkname: link });
    else archive.entry({ name }, Buffer.from(bytes ?? []));
  }
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

/** What each graft may call, and what its plugin needs in vain there. */
const grantLines = ({ grafts }: PluginInfo): string =>
  grafts
    .map(({ export: name, point, granted, passedOver }) => {
      const inVain = passedOver.length === 0 ? '' : `; passed over, not offered there: ${passedOver.join(' ')}`;
      return `\n${visible(`granted to ${name} at ${point}: ${granted.join(' ') || '-'}${inVain}`)}`;
    })
    .join('');

const describe =
  (verb: string, more: (plugin: PluginInfo) => string = () => '') =>
  (body: Readonly<Record<string, unknown>>) => {
    const plugin = body.plugin as PluginInfo;
    return `${verb}\n${describePlugins([plugin])}${more(plugin)}${missingLines(plugin)}`;
  };

/** Installs a plugin from a folder or a .tgz. Gives the exit code. */
export const install = async (path: string, flags: ServerFlags): Promise<number> => {
  const body = await readPlugin(path);
  return printAnswer(
    await ask(flags, { method: 'POST', path: 'api/plugins', type: ARCHIVE_TYPES[0], body }),
    flags,
    describe('installed', grantLines),
  );
};

/**
 * Removes a plugin; `now` aborts its calls in flight, `dismiss` lets points that it guarded go on without it,
 * `forget` deletes what it has in its storage. Gives the exit code.
 */
export const remove = async (name: string, flags: RemoveFlags): Promise<number> => {
  const query = new URLSearchParams({
    ...(flags.now ? { now: 'true' } : {}),
    ...(flags.dismiss ? { dismiss: 'true' } : {}),
    ...(flags.forget ? { forget: 'true' } : {}),
  });
  const path = `api/plugins/${encodeURIComponent(name)}${query.size > 0 ? `?${query}` : ''}`;
  return printAnswer(await ask(flags, { method: 'DELETE', path }), flags, describe('removed'));
};

/** Installs a removed plugin again. Gives the exit code. */
export const enable = async (name: string, flags: ServerFlags): Promise<number> => {
  const path = `api/plugins/${encodeURIComponent(name)}/enable`;
  return printAnswer(await ask(flags, { method: 'POST', path }), flags, describe('enabled', grantLines));
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
