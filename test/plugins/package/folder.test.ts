import { execFileSync } from 'node:child_process';
import * as disk from 'node:fs';
import * as promises from 'node:fs/promises';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { readFolder } from '../../../src/plugins/package/folder.ts';
import { readPackage } from '../../../src/plugins/package/index.ts';
import { expectRefusal, FILES, npmPack } from './archives.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'graftwork-package-'));
});
afterEach(() => rm(root, { recursive: true }));

const write = async (path: string, text: string | Uint8Array): Promise<void> => {
  await mkdir(join(root, path, '..'), { recursive: true });
  await writeFile(join(root, path), text);
};
const writePlugin = async (): Promise<void> => {
  for (const [path, text] of Object.entries(FILES)) await write(path, text);
};

describe('a folder', () => {
  test('is the same package as its archive and as the object of its files', async () => {
    await writePlugin();
    const fromFolder = await readPackage(root);
    const bytes = await npmPack(FILES);
    expect(await readPackage(bytes)).toEqual(fromFolder);
    expect(await readPackage({ manifest: JSON.parse(FILES['package.json']!), files: FILES })).toEqual(fromFolder);
    await write('plugin.tgz', bytes);
    expect(await readPackage(join(root, 'plugin.tgz'))).toEqual(fromFolder);
  });

  test('is read whole, but for .git', async () => {
    await write('a.txt', 'a');
    await write('.npmrc', '');
    await write('node_modules/x/index.js', '1');
    await write('.git/config', 'secret');
    await mkdir(join(root, 'empty'));
    const entries = (await readFolder(root)).map(({ path, bytes }) => [path, bytes && Buffer.from(bytes).toString()]);
    expect(new Map(entries as [string, string | null][])).toEqual(
      new Map([
        ['.npmrc', ''],
        ['a.txt', 'a'],
        ['empty', null],
        ['node_modules', null],
        ['node_modules/x', null],
        ['node_modules/x/index.js', '1'],
      ]),
    );
  });

  test('may be reached through a link', async () => {
    await write('real/package.json', FILES['package.json']!);
    await write('real/index.ts', FILES['index.ts']!);
    await symlink(join(root, 'real'), join(root, 'link'));
    expect((await readPackage(join(root, 'link'))).name).toBe('fair-price');
  });
});

describe('a folder refused', () => {
  test('GRAFT_PACKAGE_ENTRY: a link, to a file, to a folder, to nothing', async () => {
    for (const target of ['package.json', '.', '/etc/passwd', '/nowhere']) {
      await rm(root, { recursive: true });
      await writePlugin();
      await symlink(target, join(root, 'lib'));
      await expectRefusal('GRAFT_PACKAGE_ENTRY', '"lib" is neither a file nor a folder', () => readPackage(root));
    }
  });

  test('GRAFT_PACKAGE_ENTRY: a fifo, without waiting for its writer', async () => {
    await writePlugin();
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"pipe" is neither', () => readPackage(root));
    await expectRefusal('GRAFT_BAD_PACKAGE', 'neither a folder nor an archive', () => readPackage(join(root, 'pipe')));
  });

  test('GRAFT_PACKAGE_LIMIT: a file too large, unread', async () => {
    await write('big.bin', '');
    await truncate(join(root, 'big.bin'), 2 ** 40);
    await expectRefusal('GRAFT_PACKAGE_LIMIT', '"big.bin" is larger', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_LIMIT: files too large together', async () => {
    for (let i = 0; i < 5; i++) {
      await write(`big${i}.bin`, '');
      await truncate(join(root, `big${i}.bin`), 8_388_608);
    }
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'larger than 33554432 bytes together', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_LIMIT: too many files', async () => {
    for (let i = 0; i < 2_001; i++) await writeFile(join(root, `f${i}`), '');
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'more than 2000', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_LIMIT: an archive file too large, unread', async () => {
    await write('x.tgz', '');
    await truncate(join(root, 'x.tgz'), 2 ** 40);
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'the archive is larger', () => readPackage(join(root, 'x.tgz')));
  });

  test('GRAFT_BAD_PACKAGE: nothing there, or a name no file can have', async () => {
    await expectRefusal('GRAFT_BAD_PACKAGE', 'cannot be read: ENOENT', () => readPackage(join(root, 'nowhere')));
    await expectRefusal('GRAFT_BAD_PACKAGE', 'cannot be read: ENOENT', () => readPackage(''));
    await expectRefusal('GRAFT_BAD_PACKAGE', 'cannot be read: ERR_INVALID_ARG_VALUE', () => readPackage('a\0b'));
  });
});

describe('a folder in whose place there is a link by the time its files are opened', () => {
  /** readFolder where the folder `sub` is swapped just before the first path that ends so is opened. */
  const swapping = async (ending: string, hasDescriptors: boolean): Promise<typeof readFolder> => {
    let swapped = false;
    jest.resetModules();
    jest.unstable_mockModule('node:fs', () => ({ ...disk, existsSync: () => hasDescriptors }));
    jest.unstable_mockModule('node:fs/promises', () => ({
      ...promises,
      open: async (path: string, flags: number) => {
        if (path.endsWith(ending) && !swapped) {
          swapped = true;
          await rename(join(root, 'plugin/sub'), join(root, 'real'));
          await symlink(join(root, 'outside'), join(root, 'plugin/sub'));
        }
        return promises.open(path, flags);
      },
    }));
    return (await import('../../../src/plugins/package/folder.ts')).readFolder;
  };

  beforeEach(async () => {
    await write('plugin/sub/deep/data.json', 'of the package');
    await write('outside/deep/data.json', 'OUTSIDE');
  });
  afterEach(() => {
    jest.resetModules();
  });

  test.each(['/data.json', '/deep'])('(at %s) reads what was there, by the handle', async (ending) => {
    const read = await swapping(ending, true);
    const [file] = (await read(join(root, 'plugin'))).filter(({ bytes }) => bytes !== null);
    expect([file?.path, String(file?.bytes)]).toEqual(['sub/deep/data.json', 'of the package']);
  });

  test.each(['/data.json', '/deep', '/sub'])('(at %s) is refused where there are no handles', async (ending) => {
    const read = await swapping(ending, false);
    await expect(read(join(root, 'plugin'))).rejects.toMatchObject({
      message: expect.stringMatching(/changed|neither/),
    });
  });

  test('(at /sub) is refused as the link that it is', async () => {
    const read = await swapping('/sub', true);
    await expect(read(join(root, 'plugin'))).rejects.toMatchObject({ code: 'GRAFT_PACKAGE_ENTRY' });
  });

  test('and where nothing is swapped all is read without handles as with them', async () => {
    const read = await swapping('/nothing', false);
    expect(await read(join(root, 'plugin'))).toEqual(await readFolder(join(root, 'plugin')));
  });
});

test('GRAFT_PACKAGE_LIMIT: folders too deep, before all of them are open', async () => {
  await mkdir(join(root, Array(40).fill('d').join('/')), { recursive: true });
  await expectRefusal('GRAFT_PACKAGE_LIMIT', 'deeper than 16 segments', () => readPackage(root));
});
