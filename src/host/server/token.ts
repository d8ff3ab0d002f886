// The bearer token of a server: given at start, or made at the first start and kept in DATA/token, readable by its
// owner alone.
//
// A new token is written to a file with a name of its own and then linked to its place, which fails if there is one
// already. So two servers that start at the same time end up with the same token, and no reader ever sees half a token.

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { GraftError } from '../../plugins/index.ts';

const CHARACTERS_MIN = 16;
const CHARACTERS_MAX = 1024;
const TOKEN_BYTES = 32;
/** Bits of a file's mode that give access to others than its owner. */
const OTHERS = 0o077;

/**
 * Checks that a token fits into a header and is long enough not to be guessed. Throws GRAFT_BAD_OPTION, which names
 * `what`, never the token.
 */
export const checkToken = (token: string, what: string): string => {
  if (token.length < CHARACTERS_MIN || token.length > CHARACTERS_MAX || !/^[\x21-\x7e]*$/.test(token)) {
    throw new GraftError(
      'GRAFT_BAD_OPTION',
      `${what} must have ${CHARACTERS_MIN} to ${CHARACTERS_MAX} visible ASCII characters; it has ${token.length}` +
        (token.length < CHARACTERS_MIN || token.length > CHARACTERS_MAX ? '' : ', some of another kind'),
    );
  }
  return token;
};

const errno = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Makes the folder of a host's data, for its owner alone. */
export const makeDataFolder = async (data: string): Promise<void> => {
  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new GraftError('GRAFT_BAD_OPTION', `the data folder ${data} cannot be made: ${errno(cause)}`, { cause });
  }
};

/**
 * The token kept in a data folder; null: none. Throws GRAFT_BAD_OPTION for a token file that others than its owner can
 * read.
 */
export const readToken = async (data: string): Promise<string | null> => {
  const path = join(data, 'token');
  const bad = (why: string): GraftError => new GraftError('GRAFT_BAD_OPTION', `the token file ${path} ${why}`);
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
    (error: unknown) => {
      if (errno(error) === 'ENOENT') return null;
      throw bad(`cannot be read: ${errno(error)}`);
    },
  );
  if (file === null) return null;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > 2 * CHARACTERS_MAX) throw bad('is not a token file');
    if (process.platform !== 'win32' && (stats.mode & OTHERS) !== 0) {
      throw bad('can be used by others: take that away with chmod 600, or delete it to get a new token');
    }
    if (process.getuid !== undefined && stats.uid !== process.getuid()) throw bad('belongs to somebody else');
    return checkToken((await file.readFile('latin1')).trim(), `the token file ${path}`);
  } finally {
    await file.close();
  }
};

/** Keeps a token in a data folder, unless there is one. */
const keep = async (data: string, token: string): Promise<boolean> => {
  const draft = join(data, `token.${randomBytes(8).toString('hex')}`);
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${token}\n`);
    await file.sync();
    await link(draft, join(data, 'token'));
    return true;
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    await file.close();
    await unlink(draft);
  }
};

/**
 * The token of a server: `given`, or the one kept in the data folder, or a new one, which is then kept there. `isNew`:
 * show it once.
 */
export const chooseToken = async (
  data: string,
  given: string | undefined,
): Promise<{ readonly token: string; readonly isNew: boolean }> => {
  if (given !== undefined) return { token: checkToken(given, 'GRAFTWORK_TOKEN'), isNew: false };
  const kept = await readToken(data);
  if (kept !== null) return { token: kept, isNew: false };
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const isNew = await keep(data, token).catch((cause: unknown) => {
    throw new GraftError('GRAFT_BAD_OPTION', `no token can be kept in ${data} (${errno(cause)}); set GRAFTWORK_TOKEN`, {
      cause,
    });
  });
  return isNew ? { token, isNew } : chooseToken(data, undefined);
};
