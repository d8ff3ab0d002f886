import { execFileSync } from 'node:child_process';
import * as disk from 'node:fs';
import { existsSync } from 'node:fs';
import * as promises from 'node:fs/promises';
import { mkdir, mkdtemp, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { PackageFolder } from '../../../src/plugins/package/folder.ts';
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

const readInOrder = async (path: string, files: readonly string[]): Promise<string[]> => {
  const folder = await PackageFolder.at(path);
  const read = await Promise.all(files.map(async (file) => String(await folder.file(file))));
  await folder.close();
  return read;
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

  test('is read where its imports lead, and nowhere else', async () => {
    await writePlugin();
    await write('index.ts', "import './lib/a.js'; import 'x'; export const price = 1;");
    await write('lib/a.ts', '');
    await write('node_modules/x/package.json', '{"main":"m.js"}');
    await write('node_modules/x/m.js', '');
    // Nothing of this is looked at.
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await symlink('/etc/passwd', join(root, 'out'));
    await write('big.bin', '');
    await truncate(join(root, 'big.bin'), 2 ** 40);
    await write('lib/tool.node', '\x7fELF');
    await write('node_modules/y/broken.js', Uint8Array.of(0xc3, 0x28));
    await mkdir(join(root, Array(40).fill('d').join('/')), { recursive: true });
    for (let i = 0; i < 2_001; i++) await writeFile(join(root, 'node_modules', `f${i}`), '');
    expect((await readPackage(root)).name).toBe('fair-price');
    expect(await readInOrder(root, ['package.json', 'index.ts', 'lib/a.ts'])).toEqual([
      FILES['package.json'],
      "import './lib/a.js'; import 'x'; export const price = 1;",
      '',
    ]);
  });

  test('has no .git, and in node_modules no .bin', async () => {
    await write('.git/config', 'SECRET');
    await write('sub/.git/config', 'SECRET');
    await write('node_modules/.bin/x.js', 'SECRET');
    await write('sub/.bin/x.js', '');
    const folder = await PackageFolder.at(root);
    expect(await Promise.all(['', 'node_modules', 'sub'].map((path) => folder.list(path)))).toEqual([
      expect.arrayContaining([
        ['node_modules', 'folder'],
        ['sub', 'folder'],
      ]),
      [],
      [['.bin', 'folder']],
    ]);
    expect((await folder.list('')).length).toBe(2);
    for (const path of ['.git/config', 'sub/.git/config', 'node_modules/.bin/x.js'])
      await expectRefusal('GRAFT_PACKAGE_ENTRY', 'neither a file nor a folder', () => folder.file(path));
    expect(await folder.follow('node_modules/.bin/x.js')).toBeNull();
    await folder.close();
    await write('index.js', "import './node_modules/.bin/x.js';");
    await write('package.json', FILES['package.json']!);
    await expectRefusal('GRAFT_BUNDLE', 'is not in the package', () => readPackage(root));
  });

  test('may be reached through a link', async () => {
    await write('real/package.json', FILES['package.json']!);
    await write('real/index.ts', FILES['index.ts']!);
    await symlink(join(root, 'real'), join(root, 'link'));
    expect((await readPackage(join(root, 'link'))).name).toBe('fair-price');
  });
});

/** A plugin whose module is this text. */
const writeModule = async (text: string): Promise<void> => {
  await writePlugin();
  await write('index.ts', text);
};

describe('a link in a folder', () => {
  test('is followed where it stays there: what it leads to is one file, as Node has it', async () => {
    await writeModule(`
      import one from 'x'; import other from './near/index.js'; import { y } from 'y'; import z from './z';
      export const price = () => [one === other, y, z];`);
    const store = 'node_modules/.pnpm';
    await write(`${store}/x@1.0.0/node_modules/x/index.js`, 'export default {};');
    await write(`${store}/y@1.0.0/node_modules/y/index.js`, "exports.y = require('z');");
    await write(`${store}/z@1.0.0/node_modules/z/index.js`, "module.exports = 'z';");
    await symlink('.pnpm/x@1.0.0/node_modules/x', join(root, 'node_modules/x'));
    await symlink('.pnpm/y@1.0.0/node_modules/y', join(root, 'node_modules/y'));
    await symlink('../../z@1.0.0/node_modules/z', join(root, store, 'y@1.0.0/node_modules/z'));
    await symlink('node_modules/x', join(root, 'near'));
    // By an absolute path, and through another link.
    await write('lib/real.ts', "export default 'real';");
    await symlink(join(root, 'lib'), join(root, 'other'));
    await symlink('./other/../lib/./real.ts', join(root, 'z.ts'));
    const { code } = await readPackage(root);
    const { price } = runInNewContext(code) as { price: () => unknown[] };
    expect([...price()]).toEqual([true, 'z', 'real']);
  });

  test.each([
    ['to a file outside', '/etc/passwd', './out.txt'],
    ['to a folder outside', '/etc', './out.txt/passwd'],
    ['up and out', '../../../../../../../../etc/passwd', './out.txt'],
    ['to a folder that has the same beginning', 'ROOT2/x.txt', './out.txt'],
    ['out and back', '../NAME/x.txt', './out.txt'],
    ['through another that leads out', 'sub/out/passwd', './out.txt'],
    ['to the folder around', '..', './out.txt/x'],
  ])('GRAFT_PACKAGE_ENTRY: one %s', async (_, target, specifier) => {
    await writeModule(`import x from '${specifier}'; export const price = x;`);
    await write('x.txt', '');
    await mkdir(join(root, 'sub'));
    await symlink('/etc', join(root, 'sub/out'));
    await symlink(target.replace('ROOT', root).replace('NAME', basename(root)), join(root, 'out.txt'));
    await expectRefusal('GRAFT_PACKAGE_ENTRY', /"(out.txt|sub\/out)" is a link that leaves the package/, () =>
      readPackage(root),
    );
  });

  test('GRAFT_PACKAGE_ENTRY: one that goes in circles, or through too many', async () => {
    await writeModule("import './a0.js';");
    for (let i = 0; i < 45; i++) await symlink(`a${i + 1}.js`, join(root, `a${i}.js`));
    await write('a45.js', '');
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"a0.js" is a link through more than 40', () => readPackage(root));
    await write('index.ts', "import './a5.js'; export const price = 1;");
    expect((await readPackage(root)).name).toBe('fair-price');
    await rm(join(root, 'a45.js'));
    await symlink('a0.js', join(root, 'a45.js'));
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"a5.js" is a link through more than 40', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_ENTRY: one that says thousands of names, again and again, holds nobody up', async () => {
    await writeModule("import './a0.js';");
    await write('x/y.js', '');
    // A path of the system has at most 4,095 bytes.
    for (let i = 0; i < 39; i++) await symlink(`${'x/../'.repeat(800)}a${i + 1}.js`, join(root, `a${i}.js`));
    await symlink(`${'./'.repeat(2_000)}x/y.js`, join(root, 'a39.js'));
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"a0.js" is a link through more than', () => readPackage(root));
  });

  test('to nothing, to a folder with nothing, or through a file, is nothing', async () => {
    for (const target of ['nowhere', 'index.ts/x', 'index.ts/..', 'empty', '.git/config']) {
      await writeModule("import './a';");
      await write('.git/config', '');
      await mkdir(join(root, 'empty'), { recursive: true });
      await rm(join(root, 'a'), { force: true });
      await symlink(target, join(root, 'a'));
      await expectRefusal('GRAFT_BUNDLE', '"./a" is not in the package', () => readPackage(root));
    }
  });

  test('is never followed by whoever names a path through it', async () => {
    await write('lib/x.txt', 'x');
    await symlink('lib', join(root, 'link'));
    const folder = await PackageFolder.at(root);
    for (const ask of [() => folder.file('link/x.txt'), () => folder.list('link'), () => folder.file('link')])
      await expectRefusal('GRAFT_PACKAGE_ENTRY', 'neither a file nor a folder', ask);
    expect(await folder.follow('link/x.txt')).toEqual({ path: 'lib/x.txt', kind: 'file' });
    expect(String(await folder.file('lib/x.txt'))).toBe('x');
    await folder.close();
  });
});

describe('a folder refused', () => {
  test('GRAFT_PACKAGE_PATH, GRAFT_PACKAGE_LIMIT: whoever asks for what is no path of a package', async () => {
    const folder = await PackageFolder.at(root);
    for (const path of ['..', '../x', 'a/../../x', '/etc/passwd', 'a//b', './a', 'a\0b', 'C:/x', 'a\\b', '.'])
      for (const ask of [() => folder.file(path), () => folder.list(path), () => folder.follow(path)])
        await expectRefusal('GRAFT_PACKAGE_PATH', 'the path', ask);
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'longer than 255', () => folder.file('a'.repeat(256)));
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'deeper than 16', () => folder.list(Array(17).fill('d').join('/')));
    await folder.close();
  });

  test('a fifo, without waiting for its writer', async () => {
    await writeModule("import './pipe.txt';");
    execFileSync('mkfifo', [join(root, 'pipe.txt')]);
    await expectRefusal('GRAFT_BUNDLE', 'is not in the package', () => readPackage(root));
    const folder = await PackageFolder.at(root);
    await expectRefusal('GRAFT_PACKAGE_ENTRY', 'neither', () => folder.file('pipe.txt'));
    await folder.close();
    await expectRefusal('GRAFT_BAD_PACKAGE', 'neither a folder nor an archive', () =>
      readPackage(join(root, 'pipe.txt')),
    );
  });

  test('GRAFT_PACKAGE_LIMIT: a file too large, unread', async () => {
    await writeModule("import './big.bin';");
    await write('big.bin', '');
    await truncate(join(root, 'big.bin'), 2 ** 40);
    await expectRefusal('GRAFT_PACKAGE_LIMIT', '"big.bin" is larger', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_LIMIT: files too large together, for each bundler that asks', async () => {
    for (let i = 0; i < 5; i++) {
      await write(`big${i}.bin`, '');
      await truncate(join(root, `big${i}.bin`), 8_388_608);
    }
    const folder = await PackageFolder.at(root);
    for (let time = 0; time < 2; time++) {
      folder.begin();
      for (const i of [0, 1, 2, 3]) await folder.file(`big${i}.bin`);
    }
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'larger than 33554432 bytes together', () => folder.file('big4.bin'));
    await folder.close();
  });

  test('GRAFT_PACKAGE_LIMIT: too many files that imports reach', async () => {
    await writeModule(Array.from({ length: 2_000 }, (_, i) => `import './f${i}.js';`).join('\n'));
    for (let i = 0; i < 2_000; i++) await writeFile(join(root, `f${i}.js`), '');
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'more than 2000', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_LIMIT: too many names in the folders on the way', async () => {
    await writeModule("import './sub/x.js';");
    await mkdir(join(root, 'sub'));
    execFileSync('sh', ['-c', 'seq 12000 | xargs touch'], { cwd: join(root, 'sub') });
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'more than 12000', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_LIMIT: too many questions', async () => {
    const folder = await PackageFolder.at(root);
    const asked = Promise.allSettled(Array.from({ length: 12_001 }, () => folder.follow('nothing')));
    const refused = (await asked).filter(({ status }) => status === 'rejected');
    expect(refused).toMatchObject([{ reason: { code: 'GRAFT_PACKAGE_LIMIT' } }]);
    await folder.close();
  });

  test('GRAFT_PACKAGE_SIGNED, GRAFT_PACKAGE_PATH, GRAFT_PACKAGE_NATIVE: as an archive is', async () => {
    await writeModule("import './A.js'; import './a.js';");
    await write('a.js', '');
    await write('A.js', '');
    await expectRefusal('GRAFT_PACKAGE_PATH', 'fold together', () => readPackage(root));
    await write('index.ts', "import './a.js';");
    await write('a.js', Buffer.from('7f454c460201', 'hex'));
    await expectRefusal('GRAFT_PACKAGE_NATIVE', '"a.js"', () => readPackage(root));
    await write('signature.json', '{}');
    await expectRefusal('GRAFT_PACKAGE_SIGNED', '"signature.json"', () => readPackage(root));
  });

  test('GRAFT_PACKAGE_PATH: two names that differ in their form of Unicode alone', async () => {
    const [nfc, nfd] = ['gr\u00fcn', 'gru\u0308n'];
    await writeModule(`import './${nfc}.js'; export const price = 1;`);
    await write(`${nfd}.js`, '');
    expect((await readPackage(root)).name).toBe('fair-price');
    await write(`${nfc}.js`, '');
    await expectRefusal('GRAFT_PACKAGE_PATH', 'fold together', () => readPackage(root));
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

describe('what is swapped for a link by the time it is opened', () => {
  /** The class, where the folder `sub` is swapped just before the first path that ends so is opened. */
  const swapping = async (ending: string, hasDescriptors: boolean, call = 'open'): Promise<typeof PackageFolder> => {
    let swapped = false;
    const swap = async (path: string): Promise<void> => {
      if (!path.endsWith(ending) || swapped) return;
      swapped = true;
      await rename(join(root, 'plugin/sub'), join(root, 'real'));
      await symlink(join(root, 'outside'), join(root, 'plugin/sub'));
    };
    const swapFirst =
      <R>(name: string, real: (path: string, flags?: number) => Promise<R>) =>
      async (path: string, flags?: number): Promise<R> => {
        if (name === call) await swap(path);
        return real(path, flags);
      };
    jest.resetModules();
    jest.unstable_mockModule('node:fs', () => ({ ...disk, existsSync: () => hasDescriptors }));
    jest.unstable_mockModule('node:fs/promises', () => ({
      ...promises,
      open: swapFirst('open', promises.open),
      lstat: swapFirst('lstat', (path) => promises.lstat(path)),
      readlink: swapFirst('readlink', (path) => promises.readlink(path)),
    }));
    return (await import('../../../src/plugins/package/folder.ts')).PackageFolder;
  };
  /** What is at a path of the plugin's; or the code of why not. */
  const seen = async (Folder: typeof PackageFolder, path: string): Promise<string> => {
    const folder = await Folder.at(join(root, 'plugin'));
    try {
      const place = await folder.follow(path);
      return place === null ? 'nothing' : String(await folder.file(place.path));
    } catch (error) {
      return (error as { code: string }).code;
    } finally {
      await folder.close();
    }
  };

  beforeEach(async () => {
    await write('plugin/sub/deep/data.json', 'of the package');
    await write('outside/deep/data.json', 'OUTSIDE');
    await symlink('deep/data.json', join(root, 'plugin/sub/link'));
    await symlink('../outside', join(root, 'outside/deep/link'));
    await symlink('sub/link', join(root, 'plugin/far'));
  });
  afterEach(() => {
    jest.resetModules();
  });

  test.each(['open', 'lstat', 'readlink'])('is what was there, or refused (at %s)', async (call) => {
    for (const hasDescriptors of [true, false])
      for (const ending of ['/data.json', '/deep', '/sub', '/link', '/far'])
        for (const path of ['sub/deep/data.json', 'sub/link', 'far']) {
          const what = await seen(await swapping(ending, hasDescriptors, call), path);
          expect(['of the package', 'nothing', 'GRAFT_PACKAGE_ENTRY', 'GRAFT_BAD_PACKAGE']).toContain(what);
          if (!existsSync(join(root, 'real'))) continue;
          await rm(join(root, 'plugin/sub'));
          await rename(join(root, 'real'), join(root, 'plugin/sub'));
        }
  });

  test('is read by its handle where there are handles', async () => {
    const Folder = await swapping('/data.json', true);
    const folder = await Folder.at(join(root, 'plugin'));
    expect(String(await folder.file('sub/deep/data.json'))).toBe('of the package');
    // From then on the path is another's.
    await folder.list('');
    await expect(folder.list('sub')).rejects.toMatchObject({ code: 'GRAFT_PACKAGE_ENTRY' });
    await folder.close();
  });

  test('and where nothing is swapped all is read without handles as with them', async () => {
    const Folder = await swapping('/nothing', false);
    for (const path of ['sub/deep/data.json', 'sub/link', 'far'])
      expect([await seen(Folder, path), await seen(PackageFolder, path)]).toEqual(['of the package', 'of the package']);
  });
});
