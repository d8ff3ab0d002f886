import { randomBytes } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GraftError } from '../../../src/plugins/errors.ts';
import { unpack } from '../../../src/plugins/package/archive.ts';
import { checkFiles } from '../../../src/plugins/package/files.ts';
import { readPackage } from '../../../src/plugins/package/index.ts';
import { expectRefusal, FILES, header, npmPack, PACKAGE, tar, tgz, tgzWith } from './archives.ts';

const unpackFiles = async (bytes: Uint8Array): Promise<ReadonlyMap<string, Uint8Array>> =>
  checkFiles(await unpack(bytes));
const textsOf = (files: ReadonlyMap<string, Uint8Array>) =>
  Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));

describe('an honest archive', () => {
  test('loses the one folder that everything lies in', async () => {
    expect(textsOf(await unpackFiles(await npmPack(FILES)))).toEqual(FILES);
    expect(textsOf(await unpackFiles(await npmPack(FILES, 'fair-price-1.2.3/')))).toEqual(FILES);
  });

  test('keeps its folders where package.json stands at the top', async () => {
    expect(textsOf(await unpackFiles(await npmPack({ 'package.json': '{}', 'lib/a.ts': '' }, '')))).toEqual({
      'package.json': '{}',
      'lib/a.ts': '',
    });
  });

  test('may name its folders, and have paths longer than a tar header holds', async () => {
    const long = `lib/${'a'.repeat(60)}/${'b'.repeat(60)}/ü.ts`;
    const bytes = await tgz([
      { name: 'package/', type: 'directory' },
      { name: 'package/lib/', type: 'directory' },
      { name: 'package/package.json', data: '{}' },
      { name: `package/${long}`, data: 'x' },
    ]);
    expect(textsOf(await unpackFiles(bytes))).toEqual({ 'package.json': '{}', [long]: 'x' });
  });

  test('may be compressed as one would not expect: short and repetitive', async () => {
    const files = await unpackFiles(await npmPack({ 'package.json': '{}', 'blank.txt': ' '.repeat(900_000) }));
    expect(files.get('blank.txt')?.length).toBe(900_000);
  });

  test('of random files of safe names comes back as it was (seed 16)', async () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,11}$/);
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => `d/${parts.join('/')}.txt`);
    const files = fc.dictionary(path, fc.string({ unit: 'grapheme', maxLength: 400 }), {
      maxKeys: 12,
      noNullPrototype: true,
    });
    const roundTrip = fc.asyncProperty(files, async (given) => {
      const whole = { ...given, 'package.json': '{}' };
      expect(textsOf(await unpackFiles(await npmPack(whole)))).toEqual(whole);
    });
    await fc.assert(roundTrip, { seed: 16, numRuns: 60, examples: [[{}]] });
  });
});

test('links of an archive are followed, as pnpm has them', async () => {
  const store = 'node_modules/.pnpm';
  // Longer than a header has room for.
  const long = `${'n'.repeat(100)}/y`;
  const files = {
    'package.json': PACKAGE,
    'index.ts': "import { y } from 'x'; import again from './again/index.js'; export const price = () => [y, again.y];",
    [`${store}/x@1/node_modules/x/index.js`]: "exports.y = require('y');",
    [`${store}/y@1/node_modules/${long}/index.js`]: 'module.exports = 7;',
  };
  const bytes = await tgz([
    ...Object.entries(files).map(([name, data]) => ({ name: `package/${name}`, data })),
    { name: 'package/node_modules/x', type: 'symlink', linkname: '.pnpm/x@1/node_modules/x' },
    { name: `package/${store}/x@1/node_modules/y`, type: 'symlink', linkname: `../../y@1/node_modules/${long}` },
    { name: 'package/again', type: 'symlink', linkname: './node_modules/x' },
    { name: 'package/node_modules/.bin/nothing', type: 'symlink', linkname: '../nowhere' },
  ]);
  const { price } = runInNewContext((await readPackage(bytes)).code) as { price: () => number[] };
  expect([...price()]).toEqual([7, 7]);
});

describe('GRAFT_PACKAGE_LIMIT', () => {
  test('more compressed bytes than an archive may have', () =>
    expectRefusal('GRAFT_PACKAGE_LIMIT', 'larger than 8388608 bytes', () => unpack(new Uint8Array(8_388_609))));

  test('a bomb: zeros without end', () =>
    expectRefusal('GRAFT_PACKAGE_LIMIT', 'more than 200 times its size', () =>
      unpack(gzipSync(Buffer.alloc(16_777_216))),
    ));

  test('more unpacked bytes than a package may have, at an ordinary ratio', async () => {
    const noise = randomBytes(262_144);
    const bytes = gzipSync(
      Buffer.concat(
        Array.from({ length: 150 }, (_, i) => Buffer.concat([noise.subarray(0, 40_000), Buffer.alloc(190_000, i)])),
      ),
    );
    expect(bytes.length).toBeLessThan(8_388_608);
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'unpacks to more than 33554432 bytes', () => unpack(bytes));
  });

  test('an entry larger than one may be, by its header alone', async () => {
    const first = await tar([{ name: 'main.js', data: 'x' }]);
    const lie = header(first, 124, Buffer.from('80000000001fffffffffffff', 'hex'));
    await expectRefusal('GRAFT_PACKAGE_LIMIT', '"main.js" is larger than 8388608 bytes', () => unpack(gzipSync(lie)));
  });

  test('a name longer than any path', async () => {
    const entry = { name: 'x', pax: { comment: 'c'.repeat(9_000) } };
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'a name longer than 8192 bytes', async () => unpack(await tgz([entry])));
  });

  /** Stored as they are: compressed, so many blocks that are all the same would be a bomb. */
  const manyTimes = (block: Buffer, count: number) =>
    gzipSync(Buffer.concat([...Array(count).fill(block), Buffer.alloc(1_024)]), { level: 0 });

  test('a file larger than one may be, but not in node_modules where nobody reaches it', async () => {
    const large = { name: 'package/node_modules/x/large.js', data: randomBytes(6_500_000).toString('hex') };
    const files = Object.entries(FILES).map(([name, data]) => ({ name: `package/${name}`, data }));
    expect((await readPackage(await tgz([...files, large]))).name).toBe('fair-price');
    const reaching = [...files, { name: 'package/index.js', data: "import 'x/large.js';" }, large];
    const named = { ...JSON.parse(PACKAGE), main: 'index.js' };
    reaching[0] = { name: 'package/package.json', data: JSON.stringify(named) };
    const what = 'index.js:1:8: "node_modules/x/large.js" is larger';
    await expectRefusal('GRAFT_PACKAGE_LIMIT', what, async () => readPackage(await tgz(reaching)));
  });

  test('more notes on entries than an archive may carry entries', async () => {
    const note = (await tar([{ name: 'a', pax: { comment: 'c' } }])).subarray(0, 1_024);
    const empty = header(header(note.subarray(0, 512), 156, 'g'), 124, '00000000000\0');
    await expectRefusal('GRAFT_PACKAGE_LIMIT', 'carries more than 12000', () => unpack(manyTimes(empty, 12_001)));
  });

  test('more entries than an archive may carry, folders counted', async () => {
    const folder = (await tar([{ name: 'd/e/', type: 'directory' }])).subarray(0, 512);
    const what = 'carries more than 12000 files and folders';
    await expectRefusal('GRAFT_PACKAGE_LIMIT', what, () => unpack(manyTimes(folder, 12_001)));
    expect(unpack(manyTimes(folder, 12_000)).length).toBe(12_000);
  });
});

describe('GRAFT_PACKAGE_ENTRY', () => {
  test.each([
    ['link', 'link'],
    ['character-device', 'character device'],
    ['block-device', 'block device'],
    ['fifo', 'fifo'],
    ['contiguous-file', 'special file'],
  ] as const)('a %s', async (type, what) => {
    await expectRefusal('GRAFT_PACKAGE_ENTRY', `"lib" is a ${what}`, async () =>
      unpack(await tgzWith({ name: 'lib', type, linkname: '/tmp' })),
    );
  });

  test.each(['/tmp', '..', '../lib', 'a/../../x', 'C:/x', 'a\\..\\..\\x', 'x'.repeat(256), '../'.repeat(40)])(
    'a link to %j',
    async (linkname) => {
      await expectRefusal('GRAFT_PACKAGE_ENTRY', '"lib" is a link that leaves the package', async () =>
        checkFiles(unpack(await tgzWith({ name: 'lib', type: 'symlink', linkname }))),
      );
    },
  );

  test('a link that leaves the package through another one, where an import reaches it', async () => {
    const links = [
      { name: 'lib/out', type: 'symlink', linkname: '..' },
      { name: 'far/x/y', type: 'symlink', linkname: '../../lib/out' },
      { name: 'x.js', type: 'symlink', linkname: 'far/x/y/../../etc/passwd' },
    ] as const;
    const files = { ...FILES, 'index.ts': "import './x.js';" };
    const bytes = await tgz([...Object.entries(files).map(([name, data]) => ({ name, data })), ...links]);
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"x.js" is a link that leaves the package', () => readPackage(bytes));
  });

  test('a sparse file', async () => {
    const entry = { name: 'x', data: 'x', pax: { 'GNU.sparse.major': '1' } };
    await expectRefusal('GRAFT_PACKAGE_ENTRY', 'is a sparse file', async () => unpack(await tgzWith(entry)));
  });

  test('an entry of a kind that has no name', async () => {
    const block = header(await tar([{ name: 'x' }]), 156, 'M');
    await expectRefusal('GRAFT_PACKAGE_ENTRY', '"x" is a special file', () => unpack(gzipSync(block)));
  });
});

describe('GRAFT_BAD_PACKAGE', () => {
  const refused = (what: string | RegExp, bytes: Uint8Array) =>
    expectRefusal('GRAFT_BAD_PACKAGE', what, () => unpack(bytes));

  test('no bytes, and bytes that are no gzip', async () => {
    await refused('not a whole gzip stream', new Uint8Array());
    await refused('not a whole gzip stream', Buffer.from('PK\x03\x04 not this'));
  });

  test('a gzip stream cut off anywhere', async () => {
    const bytes = await npmPack(FILES);
    for (let length = 0; length < bytes.length; length += 7)
      await refused('not a whole gzip stream', bytes.subarray(0, length));
  });

  test('bytes behind the gzip stream, whatever they are', async () => {
    const bytes = await npmPack(FILES);
    await refused('behind the end of its gzip stream', Buffer.concat([bytes, Buffer.alloc(4)]));
    await refused(/gzip stream/, Buffer.concat([bytes, Buffer.from('garbage')]));
  });

  test('a tar stream cut off anywhere', async () => {
    const whole = await tar([{ name: 'package.json', data: '{}' }]);
    for (let length = 0; length < whole.length; length += 256)
      await refused(/tar stream|cut off/, gzipSync(whole.subarray(0, length)));
  });

  test('a header whose sum is wrong, and one of a negative size', async () => {
    const whole = await tar([{ name: 'package.json', data: '{}' }]);
    await refused('the sum of a header is wrong', gzipSync(Buffer.concat([Buffer.from('x'), whole.subarray(1)])));
    await refused('the size of an entry is no number', gzipSync(header(whole, 124, Buffer.alloc(12, 0xff))));
    await refused('the size of an entry is no number', gzipSync(header(whole, 124, '-0000000001\0')));
    await refused('an entry has no header', gzipSync(header(whole, 257, 'rats\0')));
  });

  test('bytes behind the end, and an entry behind the end', async () => {
    const whole = await tar([{ name: 'package.json', data: '{}' }]);
    await refused('bytes behind its end', gzipSync(Buffer.concat([whole, Buffer.alloc(512, 'x')])));
    await refused(
      'bytes behind its end',
      gzipSync(Buffer.concat([whole, await tar([{ name: 'late.js', data: '1' }])])),
    );
  });

  test('a note without its entry, or with two names, or for the whole archive', async () => {
    const named = await tar([{ name: 'a', pax: { comment: 'b' } }]);
    const [note, rest] = [named.subarray(0, 1_024), named.subarray(1_024)];
    expect(textsOf(await unpackFiles(gzipSync(named)))).toEqual({ a: '' });
    await refused('its last entry is missing', gzipSync(Buffer.concat([note, Buffer.alloc(1_024)])));
    await refused('an entry is named twice: "a" and "a"', gzipSync(Buffer.concat([note, note, rest])));
    await refused(
      'a remark on the whole archive names its entries',
      gzipSync(Buffer.concat([header(note, 156, 'g'), rest])),
    );
  });

  test.each(['8 path=b\n', '010 path=b\n', '99 path=b\n', '10 path=bx', '0 x', 'path=b\n', '8 path=\n'])(
    'a pax record %j',
    async (record) => {
      const named = await tar([{ name: 'a', pax: { path: 'b' } }]);
      const note = header(
        Buffer.concat([named.subarray(0, 512), Buffer.from(record.padEnd(512, '\0'))]),
        124,
        `${record.length.toString(8).padStart(11, '0')}\0`,
      );
      await expectRefusal(
        record === '8 path=\n' ? 'GRAFT_PACKAGE_PATH' : 'GRAFT_BAD_PACKAGE',
        /malformed|no name/,
        () => unpackFiles(gzipSync(Buffer.concat([note, named.subarray(1_024)]))),
      );
    },
  );

  test('a folder with bytes of its own', async () => {
    const folder = header(await tar([{ name: 'd/', type: 'directory' }]), 124, '00000001000\0');
    await refused('"d/", which is no file, has bytes of its own', gzipSync(folder));
  });
});

describe('a damaged archive never does more than be refused', () => {
  const flip = (bytes: Buffer, at: readonly number[]): Buffer => {
    const damaged = Buffer.from(bytes);
    for (const bit of at) damaged[(bit >> 3) % damaged.length]! ^= 1 << (bit & 7);
    return damaged;
  };
  const settles = async (run: Promise<unknown>): Promise<void> => {
    const error = await run.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error !== null) expect(error).toBeInstanceOf(GraftError);
  };
  const bits = fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 4 });

  test('bits flipped in the .tgz (seed 7)', async () => {
    const bytes = await npmPack(FILES);
    await fc.assert(
      fc.asyncProperty(bits, async (at) => settles(readPackage(flip(bytes, at)))),
      { seed: 7, numRuns: 200 },
    );
  });

  test('bits flipped in the tar stream, where no checksum of gzip hides them (seed 8)', async () => {
    const long = { name: `package/${'n'.repeat(120)}/ü.txt`, data: 'long' };
    const whole = await tar([
      ...Object.entries(FILES).map(([name, data]) => ({ name: `package/${name}`, data })),
      long,
    ]);
    await fc.assert(
      fc.asyncProperty(bits, async (at) => settles(readPackage(gzipSync(flip(whole, at))))),
      { seed: 8, numRuns: 300 },
    );
  });

  test('any byte of a tar header set to anything, its sum made right (seed 9)', async () => {
    const whole = await tar([
      { name: 'package.json', data: FILES['package.json']! },
      { name: 'index.ts', data: FILES['index.ts']! },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.nat(511), fc.uint8Array({ minLength: 1, maxLength: 12 }), async (offset, value) => {
        await settles(readPackage(gzipSync(header(whole, Math.min(offset, 500), value))));
      }),
      { seed: 9, numRuns: 500 },
    );
  });
});
