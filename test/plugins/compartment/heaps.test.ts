// One heap a principal, in the kinds that keep theirs by principal: random calls against a list of at most sixteen
// counters.

import { afterAll, describe, expect, test } from '@jest/globals';
import type { AnyKind } from '../../../bench/rivals/index.ts';
import { HEAPS_MAX } from '../../../src/plugins/compartment/heap-pool.ts';
import type { Compartment, CompartmentCall, Ending } from '../../../src/plugins/index.ts';
import { claimsOf } from '../../support/claims.ts';
import { makerOf } from '../../support/makers.ts';
import { Random } from '../../support/random.ts';
import { assembled } from '../../support/webassembly.ts';

const SCRIPT = '(() => { let n = 0; return { graft: (bad) => { n++; if (bad) throw 1; return n } } })()';
const MODULE = `(module
  (import "graftwork" "memory" (memory 1))
  (global $n (mut f64) (f64.const 0))
  (func (export "direct_graft") (param f64) (result f64)
    (global.set $n (f64.add (global.get $n) (f64.const 1)))
    (if (f64.ne (local.get 0) (f64.const 0)) (then unreachable))
    (global.get $n)))`;

const opened: Compartment[] = [];
afterAll(() => {
  for (const compartment of opened) compartment.dispose();
});

const load = async (kind: AnyKind): Promise<Compartment> => {
  const code = claimsOf(kind).takes === 'wasm' ? await assembled(MODULE) : SCRIPT;
  const grafts = [{ export: 'graft', callable: [], columns: [] }];
  const compartment = await makerOf(kind, new Map()).load({ plugin: 'a', code, memory_mb: 16, load_ms: 5000, grafts });
  opened.push(compartment);
  return compartment;
};

const run = (compartment: Compartment, principal: string, input: number): Promise<unknown> =>
  new Promise((resolve) => {
    const told = (ending: Ending): void => resolve(ending.kind === 'value' ? ending.value : ending.kind);
    const txn = { tree: { holds: [] }, parent: null };
    const call = {
      index: 0,
      input,
      own_ms: 5000,
      ignoresAnswer: false,
      at: null,
      principal,
      txn,
      ended: told,
    } as unknown as CompartmentCall;
    if (compartment.run === undefined) compartment.start?.(call);
    else told(compartment.run(call));
  });

/** What calls of one plugin count to: the last used stands last. */
class Model {
  readonly counters: { readonly principal: string; n: number }[] = [{ principal: '', n: 0 }];

  count(principal: string): number {
    const at = this.counters.findIndex((counter) => counter.principal === principal);
    const counter = at < 0 ? { principal, n: 0 } : (this.counters.splice(at, 1)[0] as { principal: string; n: number });
    counter.n++;
    this.counters.push(counter);
    if (this.counters.length > HEAPS_MAX) this.counters.shift();
    return counter.n;
  }
}

const KINDS: readonly AnyKind[] = ['vm', 'quickjs', 'wasm', 'worker'];

describe('heaps by principal', () => {
  test.each(KINDS.flatMap((kind) => [1, 2].map((seed) => [kind, seed] as const)))('%s, seed %i', async (kind, seed) => {
    const random = new Random(seed);
    const compartment = await load(kind);
    const model = new Model();
    for (let i = 0; i < 120; i++) {
      const principal = random.below(3) === 0 ? '' : `user ${random.below(HEAPS_MAX + 3)}`;
      expect([i, principal, await run(compartment, principal, 0)]).toEqual([i, principal, model.count(principal)]);
    }
  });

  test.each(['vm', 'quickjs', 'wasm'] as const)(
    '%s: an abort replaces its own principal’s heap, and no other',
    async (kind) => {
      const compartment = await load(kind);
      for (const principal of ['a', 'b']) expect(await run(compartment, principal, 0)).toBe(1);
      expect(await run(compartment, 'a', 1)).toBe('failed');
      expect([await run(compartment, 'a', 0), await run(compartment, 'b', 0)]).toEqual([1, 2]);
    },
  );
});
