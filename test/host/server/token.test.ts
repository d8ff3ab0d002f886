// The token: given, made once, kept for its owner alone.

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { makeDataFolder, readToken } from '../../../src/host/server/index.ts';
import { chooseToken } from '../../../src/host/server/token.ts';

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'graftwork-'));
});

afterEach(() => rm(data, { recursive: true }));

const GIVEN = 'sixteen-letters!';
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
const badOption = (message: RegExp) =>
  expect.objectContaining({ code: 'GRAFT_BAD_OPTION', message: expect.stringMatching(message) });

describe('a token that is given', () => {
  test('is taken, and none is kept', async () => {
    expect(await chooseToken(data, GIVEN)).toEqual({ token: GIVEN, isNew: false });
    expect(await readdir(data)).toEqual([]);
  });

  test.each(['', GIVEN.slice(1), `${GIVEN} `, `${GIVEN}é`, `${GIVEN}\n`, 'x'.repeat(1025)])(
    'GRAFT_BAD_OPTION: %j',
    async (token) => {
      await expect(chooseToken(data, token)).rejects.toEqual(
        badOption(/^GRAFTWORK_TOKEN must have 16 to 1024 visible/),
      );
    },
  );
});

describe('a token that is made', () => {
  test('has 256 bits, is kept for its owner alone, and is the same the next time', async () => {
    const first = await chooseToken(data, undefined);
    expect(first).toEqual({ token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/), isNew: true });
    expect(await readFile(join(data, 'token'), 'utf8')).toBe(`${first.token}\n`);
    expect(await modeOf(join(data, 'token'))).toBe(0o600);
    expect(await chooseToken(data, undefined)).toEqual({ token: first.token, isNew: false });
    expect(await readToken(data)).toBe(first.token);
    expect(await readdir(data)).toEqual(['token']);
  });

  test('is another one in another folder', async () => {
    const other = join(data, 'other');
    await makeDataFolder(other);
    expect((await chooseToken(data, undefined)).token).not.toBe((await chooseToken(other, undefined)).token);
  });

  test('by many at once is one, new to one of them', async () => {
    const chosen = await Promise.all(Array.from({ length: 20 }, () => chooseToken(data, undefined)));
    expect(new Set(chosen.map(({ token }) => token)).size).toBe(1);
    expect(chosen.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await readdir(data)).toEqual(['token']);
  });

  test('GRAFT_BAD_OPTION: a folder that is not there', async () => {
    await expect(chooseToken(join(data, 'none'), undefined)).rejects.toEqual(
      badOption(/ENOENT\); set GRAFTWORK_TOKEN$/),
    );
  });
});

describe('a token file', () => {
  const path = () => join(data, 'token');

  test('that is not there is null', async () => {
    expect(await readToken(data)).toBeNull();
  });

  test('may end with blank lines, or with nothing', async () => {
    for (const end of ['', '\n', '\r\n\n']) {
      await writeFile(path(), GIVEN + end, { mode: 0o600 });
      expect(await readToken(data)).toBe(GIVEN);
    }
  });

  test.each([0o640, 0o604, 0o620, 0o602, 0o610, 0o666])(
    'GRAFT_BAD_OPTION: others may use it (mode %o)',
    async (mode) => {
      await writeFile(path(), GIVEN);
      await chmod(path(), mode);
      await expect(readToken(data)).rejects.toEqual(badOption(/can be used by others.*chmod 600/));
      await expect(chooseToken(data, undefined)).rejects.toEqual(badOption(/can be used by others/));
    },
  );

  test('GRAFT_BAD_OPTION: a short one, and the message does not hold it', async () => {
    await writeFile(path(), 'short-secret', { mode: 0o600 });
    await expect(readToken(data)).rejects.toEqual(badOption(/^(?!.*short-secret).*16 to 1024/));
  });

  test('GRAFT_BAD_OPTION: an empty one, as a start that was cut short never leaves it', async () => {
    await writeFile(path(), '', { mode: 0o600 });
    await expect(readToken(data)).rejects.toEqual(badOption(/16 to 1024/));
  });

  test('GRAFT_BAD_OPTION: a link', async () => {
    await writeFile(join(data, 'elsewhere'), GIVEN, { mode: 0o600 });
    await symlink(join(data, 'elsewhere'), path());
    await expect(readToken(data)).rejects.toEqual(badOption(/cannot be read: ELOOP/));
  });

  test('GRAFT_BAD_OPTION: a folder', async () => {
    await mkdir(path(), { mode: 0o700 });
    await expect(readToken(data)).rejects.toEqual(badOption(/is not a token file/));
  });

  test('GRAFT_BAD_OPTION: a large file', async () => {
    await writeFile(path(), 'x'.repeat(5000), { mode: 0o600 });
    await expect(readToken(data)).rejects.toEqual(badOption(/is not a token file/));
  });
});

describe('the data folder', () => {
  test('is made for its owner alone, with what lies above it', async () => {
    const path = join(data, 'a', 'b');
    await makeDataFolder(path);
    expect(await modeOf(path)).toBe(0o700);
    await makeDataFolder(path);
  });

  test('GRAFT_BAD_OPTION: a file stands there', async () => {
    await writeFile(join(data, 'file'), '');
    await expect(makeDataFolder(join(data, 'file'))).rejects.toEqual(badOption(/cannot be made: EEXIST/));
  });
});
