// The part of `bench metered` that runs in a worker, since its realm is locked down, which cannot be undone. Each
// workload is a graft, called through its compartment.

import { parentPort, workerData } from 'node:worker_threads';
import type { Compartment, CompartmentCall, CompartmentMaker } from 'graftwork/plugins';
import { lockdownRealm, MeteredMaker, sesMaker } from '../src/plugins/compartment/index.ts';
import { type Contender, compare, type Row } from './measure.ts';

/** Functions of `n`, each with its `n`. */
const WORKLOADS: Readonly<Record<string, readonly [number, string]>> = {
  'nested loops': [
    2000,
    '(n) => { let s = 0; for (let i = 0; i < n; i++) for (let j = 0; j < 100; j++) s = (s + i * j) | 0; return s; }',
  ],
  'recursive fib': [22, '(n) => { const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2)); return fib(n); }'],
  'Map and strings': [
    10_000,
    `(n) => { const m = new Map(); let s = 0;
      for (let i = 0; i < n; i++) { const k = 'k' + (i & 255); m.set(k, (m.get(k) ?? 0) + 1); s += k.length; }
      return s + m.size; }`,
  ],
  'array call-backs': [
    500,
    `(n) => { const a = []; for (let i = 0; i < 64; i++) a.push(i); let t = 0;
      for (let i = 0; i < n; i++) t += a.map((x) => x * 2).filter((x) => (x & 4) === 0).reduce((s, x) => s + x, 0);
      return t; }`,
  ],
  'page policy': [
    1000,
    `(n) => { const pages = [];
      for (let i = 0; i < 64; i++) pages.push({ id: i, age: (i * 7) % 64, dirty: i % 3 === 0 });
      let sum = 0;
      for (let i = 0; i < n; i++) { let best = pages[0];
        for (const page of pages) if (page.age > best.age || (page.age === best.age && !page.dirty)) best = page;
        best.age = i % 64; sum += best.id; }
      return sum; }`,
  ],
};

const call = (input: number): CompartmentCall => {
  const made = {
    index: 0,
    input,
    own_ms: 50_000,
    ignoresAnswer: false,
    at: null,
    txn: { state: 'active', doomed: null, parent: null },
  };
  return made as unknown as CompartmentCall;
};

const load = (maker: CompartmentMaker, body: string): Promise<Compartment> =>
  maker.load({
    plugin: 'work',
    code: `(() => ({ graft: ${body} }))()`,
    memory_mb: 32,
    load_ms: 1000,
    grafts: [{ export: 'graft', callable: [], columns: [] }],
  });

const contender = (name: string, compartment: Compartment, input: number): Contender => {
  const one = call(input);
  return {
    name,
    round(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        one.at = null; // A call that had run before would be a retry.
        const ending = compartment.run?.(one);
        if (ending?.kind !== 'value') throw new Error(`${name}: ${JSON.stringify(ending)}`);
        sum += ending.value as number;
      }
      return sum;
    },
  };
};

const small = workerData as boolean;
await lockdownRealm();
const makers = { ses: sesMaker(() => 0), metered: new MeteredMaker() };
const tables: Record<string, readonly Row[]> = {};
for (const [title, [input, body]] of Object.entries({ ...WORKLOADS, 'one tiny call': [1, '(n) => n + 1'] as const })) {
  const contenders: Contender[] = [];
  for (const [name, maker] of Object.entries(makers)) contenders.push(contender(name, await load(maker, body), input));
  const count = title === 'one tiny call' ? 100_000 : 10;
  tables[title] = await compare(contenders, {
    rounds: small ? 3 : 60,
    count: small ? 2 : count,
    warmup: small ? 1 : 20,
  });
}
parentPort?.postMessage(tables);
