// The contenders of `bench call`, against the floors of raw-calls.ts: a call of a graft in a process, through its graft
// point (transaction, account, checks both ways, commit), with no call-back and with one, on the floors' input.

import { createHost } from 'graftwork';
import type { CallContender } from './measure.ts';
import { INPUT } from './raw-calls.ts';

/** The answer. A removed graft would leave the default's answer, and a fine figure: then it throws. */
const sum = (answer: number): number => {
  if (answer !== INPUT.a + INPUT.b) throw new Error(`a graft answered ${answer}`);
  return answer;
};

const PLUGIN = `export const add = (input) => input.a + input.b;
export const ask = (input, api) => input.a + input.b + 0 * api.price.get('x');`;

/** A graft in a process of its own: alone, and with one call-back. */
export const graftCalls = async (): Promise<{ none: CallContender; one: CallContender }> => {
  const host = await createHost({ store: 'memory' });
  const price = host.map<number>('price');
  await price.set('x', 1);
  const point = (name: string) =>
    host.graftPoint<typeof INPUT, number>({
      name: `bench/${name}`,
      kind: 'function',
      default: () => Number.NaN,
      callable: { price: price.readable() },
    });
  const [add, ask] = [point('add'), point('ask')];
  const grafts = ['add', 'ask'].map((name) => ({ point: `bench/${name}`, export: name }));
  await host.install({
    manifest: { name: 'bench', graftwork: { api: 1, grafts, needs: ['price.get'] } },
    files: { 'index.js': PLUGIN },
  });
  let open = 2;
  const close = async (): Promise<void> => {
    if (--open === 0) await host.close();
  };
  return {
    none: { name: 'graft call, process', call: async () => sum(await add.call(INPUT)), close },
    one: { name: 'graft call with one call-back', call: async () => sum(await ask.call(INPUT)), close },
  };
};
