import { describe, expect, test } from '@jest/globals';
import { checkFiles } from '../../../src/plugins/package/files.ts';
import { readPackage } from '../../../src/plugins/package/index.ts';
import { foldPath, joinPath, printable, shown } from '../../../src/plugins/package/path.ts';
import { expectRefusal, MANIFEST, tgzWith } from './archives.ts';

const entry = (path: string, text: string | Uint8Array = '') => ({ path, bytes: Buffer.from(text) });
const check = (...paths: string[]) => checkFiles(paths.map((path) => entry(path)));

describe('GRAFT_PACKAGE_PATH', () => {
  test.each([
    ['', 'no name'],
    ['/etc/passwd', 'an absolute path'],
    ['../../../../tmp/pwned.js', 'the segment ..'],
    ['lib/../../x.js', 'the segment ..'],
    ['./main.js', 'the segment .'],
    ['lib//x.js', 'an empty segment'],
    ['lib/', 'an empty segment'],
    ['lib\\x.js', 'a backslash or a colon'],
    ['C:/x.js', 'a backslash or a colon'],
    ['x.js:stream', 'a backslash or a colon'],
    ['a\0.js', 'a control character'],
    ['a\n.js', 'a control character'],
    ['a\u202ejs.js', 'a control character'],
    ['a\u200b.js', 'a control character'],
    ['a\ufffd.js', 'bytes that are not UTF-8'],
    ['lib./x.js', 'ends with a dot or a space'],
    ['x.js ', 'ends with a dot or a space'],
    ['con', 'a Windows device'],
    ['lib/NUL.txt', 'a Windows device'],
    ['Com1.js', 'a Windows device'],
    ['COM¹', 'a Windows device'],
    ['．．/x.js', 'the segment ..'],
    ['lib／．．／x', 'the segment ..'],
  ])('%j', (path, why) => expectRefusal('GRAFT_PACKAGE_PATH', `has .*${why}`, () => check('main.js', path)));

  test.each([
    ['main.js', 'MAIN.js'],
    ['caf\u00e9', 'cafe\u0301'],
    ['collision_ss', 'collision_\u00df'],
    ['ﬁle.ts', 'file.ts'],
    ['Kelvin.ts', '\u212aelvin.ts'],
    ['Lib/a.ts', 'lib/b.ts'],
  ])('%j and %j fold together', (one, other) =>
    expectRefusal('GRAFT_PACKAGE_PATH', 'fold together', () => check(one, other)),
  );

  test('a path twice', () =>
    expectRefusal('GRAFT_PACKAGE_PATH', '"a.js" stands in the package twice', () => check('a.js', 'a.js')));

  test('a file that is also the folder of another, either way round', async () => {
    await expectRefusal('GRAFT_PACKAGE_PATH', '"lib" is both a file and a folder', () => check('lib', 'lib/x.js'));
    await expectRefusal('GRAFT_PACKAGE_PATH', '"lib" is both a file and a folder', () => check('lib/x.js', 'lib'));
    await expectRefusal('GRAFT_PACKAGE_PATH', 'both', () => checkFiles([entry('lib'), { path: 'lib', bytes: null }]));
  });

  test('the same rules hold for an archive and for an object', async () => {
    const outside = { name: '../../../../tmp/pwned.js', data: 'x' };
    await expectRefusal('GRAFT_PACKAGE_PATH', 'the segment ..', async () => readPackage(await tgzWith(outside)));
    const files = { 'a.ts': '', 'A.ts': '' };
    await expectRefusal('GRAFT_PACKAGE_PATH', 'fold together', () =>
      readPackage({ manifest: { name: 'x', ...MANIFEST }, files }),
    );
  });

  test('honest names pass', () => {
    const paths = [
      'a.ts',
      'lib/b.test.ts',
      '.npmignore',
      'node_modules/@scope/x/index.js',
      'icons/größe 2.txt',
      'control.ts',
      'console/com.ts',
    ];
    expect([...check(...paths).keys()]).toEqual(paths);
    expect(checkFiles([{ path: 'lib', bytes: null }, entry('lib/x.ts'), { path: 'lib', bytes: null }]).size).toBe(1);
  });
});

describe('GRAFT_PACKAGE_LIMIT', () => {
  test('a path longer than 255 bytes, counted in UTF-8', async () => {
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'longer than 255 bytes', () => check('ü'.repeat(128)));
    expect(check(`${'ü'.repeat(127)}x`).size).toBe(1);
  });

  test('a path deeper than 16 segments', async () => {
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'deeper than 16 segments', () => check(Array(17).fill('d').join('/')));
    expect(check(Array(16).fill('d').join('/')).size).toBe(1);
  });

  test('a file larger than 8 MB', () =>
    expectRefusal('GRAFT_PACKAGE_LIMIT', '"x" is larger than 8388608 bytes', () =>
      checkFiles([entry('x', Buffer.alloc(8_388_609))]),
    ));

  test('files larger than 32 MB together', () => {
    const part = Buffer.alloc(8_388_608, ' ');
    const entries = Array.from({ length: 4 }, (_, i) => ({ path: `x${i}`, bytes: part }));
    expect(checkFiles(entries).size).toBe(4);
    return expectRefusal('GRAFT_PACKAGE_LIMIT', 'larger than 33554432 bytes together', () =>
      checkFiles([...entries, entry('y', '1')]),
    );
  });

  test('more than 2,000 files', () =>
    expectRefusal('GRAFT_PACKAGE_LIMIT', 'more than 2000', () =>
      check(...Array.from({ length: 2_001 }, (_, i) => `f${i}`)),
    ));
});

describe('GRAFT_PACKAGE_NATIVE', () => {
  test.each([
    ['ELF', '7f454c460201'],
    ['wasm', '0061736d01000000'],
    ['Mach-O, 64 bits', 'cffaedfe07000001'],
    ['Mach-O, other byte order', 'feedface00000012'],
    ['a universal binary', 'cafebabe00000002'],
    ['PE', '4d5a90000300000004'],
  ])('%s', (_, magic) =>
    expectRefusal('GRAFT_PACKAGE_NATIVE', '"tool" is a native', () =>
      checkFiles([entry('tool', Buffer.from(magic, 'hex'))]),
    ),
  );

  test('any .node file', () => expectRefusal('GRAFT_PACKAGE_NATIVE', '"lib/x.NODE"', () => check('lib/x.NODE')));

  test('a text that begins with MZ passes', () => expect(checkFiles([entry('a.txt', 'MZ is a prefix')]).size).toBe(1));
});

describe('GRAFT_PACKAGE_ENTRY', () => {
  test.each([
    ['gzip', '1f8b080000000000'],
    ['zip', '504b030414000000'],
    ['xz', 'fd377a585a000004'],
    ['bzip2', '425a6839314159265359'],
    ['zstd', '28b52ffd04586100'],
    ['7z', '377abcaf271c0004'],
  ])('an archive in the package: %s', (_, magic) =>
    expectRefusal('GRAFT_PACKAGE_ENTRY', '"inner" is an archive in the package', () =>
      checkFiles([entry('inner', Buffer.from(magic, 'hex'))]),
    ),
  );

  test('an archive in the package: tar', () =>
    expectRefusal('GRAFT_PACKAGE_ENTRY', '"inner"', () =>
      checkFiles([entry('inner', `${'\0'.repeat(257)}ustar${'\0'.repeat(250)}`)]),
    ));
});

describe('GRAFT_PACKAGE_SIGNED', () => {
  test.each(['SIGNATURE', 'signature.json', 'plugin.sig', 'x.tgz.asc', 'a.P7S'])('%s', (path) =>
    expectRefusal('GRAFT_PACKAGE_SIGNED', 'is a signature', () => check('main.js', path)),
  );

  test('source about signatures passes, and files below the top', () =>
    expect(check('signature.ts', 'test/a.sig').size).toBe(2));
});

describe('GRAFT_BAD_PACKAGE', () => {
  test.each(['main.js', 'a.mts', 'b.tsx', 'package.json', 'data.txt'])('%s that is not UTF-8', (path) =>
    expectRefusal('GRAFT_BAD_PACKAGE', 'not valid UTF-8', () =>
      checkFiles([entry(path, Buffer.from([0x61, 0xc3, 0x28]))]),
    ),
  );

  test('a picture need not be UTF-8', () =>
    expect(checkFiles([entry('icon.png', Buffer.from([0x89, 0x50, 0xff]))]).size).toBe(1));
});

describe('paths', () => {
  test('join within the package and not beyond it', () => {
    expect(joinPath('lib/a', '../b.ts')).toBe('lib/b.ts');
    expect(joinPath('', './x.ts')).toBe('x.ts');
    expect(joinPath('lib', '../../x.ts')).toBeNull();
  });

  test('folding twice is folding once', () => {
    for (const path of ['Straße', 'ﬁ', 'İstanbul', '\u212a', 'ǅ', 'ΑΣ'])
      expect(foldPath(foldPath(path))).toBe(foldPath(path));
  });

  test('in a message are on one line, and cut', () => {
    expect(printable('a\n\u202eb')).toBe('a\\u{a}\\u{202e}b');
    expect(shown('x'.repeat(500))).toBe(`"${'x'.repeat(100)}…"`);
  });
});
