// Frames of a plugin's stack as places in its author's files.

import { expect, test } from '@jest/globals';
import { framesOf } from '../../src/plugins/stack-frames.ts';
import { openBase } from '../support/base.ts';

const position = (line: number, column: number): string | null => (line === 9 ? null : `a.ts:${line}:${column}`);

test('frames of the plugin alone are told, innermost first, at most ten, with names that may be read', () => {
  const stack = [
    'Error: at plugin.js:5:5',
    '    at inner (plugin.js:1:2)',
    '    at async Promise.all (index 0)',
    '    at /host/secret.ts:3:4',
    '    at unmapped (plugin.js:9:1)',
    '    at \u001b[2J (plugin.js:3:4)',
    '    at plugin.js:4:5',
    ...Array.from({ length: 20 }, (_, n) => `    at f (plugin.js:7:${n})`),
  ].join('\n');
  const frames = framesOf(stack, position);
  expect(frames.slice(0, 4).map(({ text }) => text)).toEqual([
    'inner (a.ts:1:2)',
    '\ufffd[2J (a.ts:3:4)',
    'a.ts:4:5',
    'f (a.ts:7:0)',
  ]);
  expect([frames.length, frames[0]?.at]).toEqual([10, 'a.ts:1:2']);
});

test.each(['process', 'isolate'] as const)(
  'a report tells them, and so does an install that fails, in %s',
  async (kind) => {
    const base = openBase(kind);
    const point = base.point({ name: 'p', kind: 'function', default: () => 0 });
    await base.install(
      'a',
      '{ graft: () => outer() }',
      {},
      'const inner = () => null.x;\nconst outer = () => inner();',
    );
    const { grafts } = await base.invoke(point, null);
    const places = grafts[0]?.stack?.map((frame) => frame.replace(/:\d+\)$/, ')'));
    expect(places).toEqual(['inner (author.ts:1)', 'outer (author.ts:2)', 'graft (author.ts:3)']);
    await expect(base.install('b', '{ graft: () => 1 }', {}, '\nconst f = () => null.x; f();')).rejects.toMatchObject({
      code: 'GRAFT_INSTALL_FAILED',
      message: expect.stringMatching(/^b: thrown: TypeError: .*, at f \(author\.ts:2:\d+\), at /),
    });
    await base.close();
  },
);
