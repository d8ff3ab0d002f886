// The source maps that a package brings along: followed where they can be, never read from outside, never a reason to
// refuse it.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { transform } from 'esbuild';
import { originalPosition, type Position, readPackage } from '../../../src/plugins/package/index.ts';

const AUTHORS = `// What the author wrote.
interface Order { list: number }

export const fail = (order: Order): never => {
  throw new Error(\`no price for \${order.list}\`);
};
`;
const AT = { line: 5, column: 9 };

type Texts = Readonly<Record<string, string>>;

const bundled = (files: Texts, main: string) =>
  readPackage({ manifest: { name: 'x', main: `./${main}`, graftwork: { api: 1, grafts: [] } }, files });

/** Where the author's line is said to be that throws. */
const thrownAt = async (files: Texts, main = 'dist/main.js'): Promise<Position | null> => {
  const { code, sourceMap } = await bundled(files, main);
  const { fail } = runInNewContext(code, {}, { filename: 'plugin.js' }) as { fail: (order: object) => never };
  try {
    return fail({ list: 3 });
  } catch (error) {
    const [, line, column] = /plugin\.js:(\d+):(\d+)/.exec((error as Error).stack ?? '') ?? [];
    return originalPosition(sourceMap, Number(line), Number(column));
  }
};

interface RawMap {
  version: number;
  sources: (string | null)[];
  mappings: string;
  [key: string]: unknown;
}

/** The compiled script without a comment, and its map, of which the sources are these. */
const compiled = async (...sources: (string | null)[]): Promise<{ script: string; map: RawMap }> => {
  const { code, map } = await transform(AUTHORS, {
    loader: 'ts',
    sourcemap: 'external',
    sourcefile: 'a.ts',
    minifyWhitespace: true,
  });
  return { script: code, map: { ...(JSON.parse(map) as RawMap), sources } };
};
const inline = (map: unknown): string =>
  `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}\n`;

describe("an author's line is named", () => {
  test.each([
    ['beside the script', '//# sourceMappingURL=main.js.map', 'dist/main.js.map'],
    ['elsewhere in the package', '//# sourceMappingURL=../maps/a%20b.map', 'maps/a b.map'],
    ['in a block comment, with the old sign', '/*@ sourceMappingURL=./main.js.map */', 'dist/main.js.map'],
  ])('by a map %s', async (_, comment, path) => {
    const { script, map } = await compiled('../src/price.ts');
    const files = { 'dist/main.js': `${script}${comment}`, [path]: JSON.stringify(map), 'other.js': '' };
    expect(await thrownAt(files)).toEqual({ file: 'src/price.ts', ...AT });
  });

  test('by a map in the comment, base64 or not', async () => {
    const { script, map } = await compiled('../src/price.ts');
    const text = encodeURIComponent(JSON.stringify(map));
    const plain = `\n//# sourceMappingURL=data:application/json;charset=utf-8,${text}`;
    for (const comment of [inline(map), plain, `${inline({ ...map, sources: ['wrong.ts'] })}${inline(map)}`])
      expect(await thrownAt({ 'dist/main.js': `\ufeff${script}${comment}`, 'other.js': '' })).toEqual({
        file: 'src/price.ts',
        ...AT,
      });
  });

  test('through what a bundler made of several files, the type of a module and a dependency', async () => {
    const { script, map } = await compiled('webpack://shop/./src/price.ts?1a2b');
    const files = {
      'package.json': '{"type":"module"}',
      'dist/main.js': "export { fail } from 'dep';",
      'node_modules/dep/package.json': '{"type":"module","exports":"./index.js"}',
      'node_modules/dep/index.js': script + inline({ ...map, sourceRoot: 'ignored/' }),
    };
    expect(await thrownAt(files)).toEqual({ file: 'src/price.ts', ...AT });
  });

  test.each([
    ['/home/author/shop/src/price.ts', '', 'home/author/shop/src/price.ts'],
    ['file:///home/author/price.ts', '', 'home/author/price.ts'],
    ['../../../../../../etc/passwd', '', 'etc/passwd'],
    ['price.ts', '../src', 'src/price.ts'],
    ['./größe 1#?.ts', '', 'dist/größe 1#?.ts'],
    ['a\n\u202eb.ts', '', 'dist/a\\u{a}\\u{202e}b.ts'],
    ['\ud800.ts', '', 'dist/\\u{d800}.ts'],
    [null, '', 'dist/main.js'],
    ['..', '', 'dist/main.js'],
    [`${'x'.repeat(300)}.ts`, '', `${'x'.repeat(252)}.ts`],
  ])('where its name is %j, as a path of the package and printable', async (source, sourceRoot, file) => {
    const { script, map } = await compiled(source);
    const found = await thrownAt({ 'dist/main.js': script + inline({ ...map, sourceRoot }), 'other.js': '' });
    expect(found).toEqual({ file, ...AT });
  });
});

describe('a map that is not followed: the line of the script is named', () => {
  const ofScript = async (comment: string, more: Texts = {}): Promise<void> => {
    const { script } = await compiled('x');
    expect(await thrownAt({ 'dist/main.js': script + comment, 'other.js': '', ...more })).toMatchObject({
      file: 'dist/main.js',
      line: 1,
    });
  };

  test('one that is none', async () => {
    const { map } = await compiled('../src/price.ts');
    for (const wrong of [
      null,
      [],
      { ...map, version: 2 },
      { ...map, mappings: '!!!!' },
      { ...map, mappings: 7 },
      { ...map, sources: {} },
      { ...map, sources: [] },
      { version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] },
    ])
      await ofScript(inline(wrong));
    await ofScript('\n//# sourceMappingURL=data:application/json;base64,e30', {});
    await ofScript('\n//# sourceMappingURL=main.js.map', { 'dist/main.js.map': '{' });
    await ofScript('\n//# sourceMappingURL=%', {});
  });

  test('one that is not in the package, wherever it is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maps-'));
    const file = join(folder, 'x.map');
    const { map } = await compiled('FROM-DISK.ts');
    await writeFile(file, JSON.stringify(map));
    for (const url of [
      file,
      `file://${file}`,
      `../../../../../../../..${file}`,
      `https://x.example${file}`,
      `//${file}`,
      'none.map',
      '..',
      '',
    ])
      await ofScript(`\n//# sourceMappingURL=${url}`);
    await rm(folder, { recursive: true });
  });

  test('one beyond the bound, and others of the package still are', async () => {
    const { script, map } = await compiled('../src/price.ts');
    const large = JSON.stringify({ ...map, sourcesContent: ['x'.repeat(8_000_000)] });
    const files: Record<string, string> = {
      'dist/c.js': `${script}//# sourceMappingURL=a.map`,
      'dist/a.map': large,
      'dist/b.map': large,
    };
    files['dist/a.js'] = `export const a = 1;\n//# sourceMappingURL=a.map`;
    files['dist/b.js'] = `export const b = 1;\n//# sourceMappingURL=b.map`;
    files['dist/main.js'] =
      "export * from './a.js'; export * from './b.js'; export * from './c.js'; export * from './d.js';";
    files['dist/d.js'] =
      `export const small = () => { throw new Error(); };${inline({ ...map, sources: ['small.ts'] })}`;
    expect(await thrownAt(files)).toMatchObject({ file: 'dist/c.js' });
    expect((await bundled(files, 'dist/main.js')).sourceMap).toContain('small.ts');
  });

  test('one that was nested and large, quickly', async () => {
    await ofScript(`\n//# sourceMappingURL=data:application/json,${'['.repeat(100_000)}`);
    await ofScript(
      inline({ version: 3, sources: Array(100_000).fill('a'), names: [], mappings: 'A'.repeat(1_000_000) }),
    );
  });
});
