// Where an abort is said to have come from: the author's own line, also of a plugin that was compiled before it was
// packed.

import { expect, test } from '@jest/globals';
import { transformSync } from 'esbuild';
import { createHost } from '../../src/host/index.ts';

const AUTHORS = `interface Order { list: number }

export const price = (order: Order): number => {
  if (order.list > 3)
    throw new Error('too dear');
  return order.list;
};
`;

test("an abort names the author's line, of a compiled plugin too", async () => {
  const { code } = transformSync(AUTHORS, {
    loader: 'ts',
    sourcemap: 'inline',
    sourcefile: '../src/price.ts',
    minify: true,
  });
  const host = await createHost({ store: 'memory' });
  const point = host.graftPoint({ name: 'shop/price', kind: 'function', default: () => 0 });
  const grafts = [{ point: 'shop/price', export: 'price' }];
  for (const [name, main, text] of [
    ['source', 'src/price.ts', AUTHORS],
    ['compiled', 'dist/price.js', code],
  ] as const) {
    await host.install({ manifest: { name, main, api: 1, grafts }, files: { [main]: text } });
    const outcome = await point.invoke({ list: 4 });
    expect(outcome.grafts).toMatchObject([{ status: 'aborted', reason: 'thrown', at: 'src/price.ts:5:11' }]);
  }
  await host.close();
});
