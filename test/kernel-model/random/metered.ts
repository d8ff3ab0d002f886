// Random grafts in metered compartments: texts that loop, are preempted at their fuel's ticks, hoard locks and run out
// of fuel. Their realm is locked down.

import type { Tick } from '../../../src/kernel-model/kernel/index.ts';
import { FUEL_QUANTUM } from '../../../src/kernel-model/limits.ts';
import { MeteredMaker } from '../../../src/plugins/compartment/index.ts';
import type { CompartmentMaker } from '../../../src/plugins/index.ts';
import { watched } from './grafts.ts';
import type { PluginPlan } from './plan.ts';
import type { World } from './world.ts';

/** What a graft does in one call: up to four things, drawn by a generator of its own (Park and Miller's). */
const textOf = ({ seat, malice }: PluginPlan, seed: number): string => `var exported = { run: (function () {
  let state = ${1 + seed};
  const below = (bound) => { state = (state * 16807) % 2147483647; return state % bound; };
  const loop = (turns) => { let sum = 0; for (let i = 0; i < turns; i++) sum += i % 7; return sum; };
  const act = (api, what) => {
    if (what === 0) loop(below(20000));
    else if (what === 1) api.lock(['red', 'blue', 'green'][below(3)]);
    else if (what === 2) api.shared.get(['a', 'b', 'c'][below(3)]);
    else if (what === 3) api.shared.set(['a', 'b', 'c'][below(3)], below(1000));
    else if (what === 4) api.threads.lock();
    else if (what === 5) loop(below(300000));
    else api.log('a line');
  };
  return (input, api) => {
    const hostile = below(1000) < ${malice * 1000};
    for (let left = below(5); left > 0; left--) {
      try { act(api, below(7)); } catch (error) { if (!hostile) throw error; }
    }
    if (hostile && below(3) === 0) for (;;) loop(100);
    if (hostile && below(2) === 0) throw new Error('on purpose');
    if (hostile) return 'nonsense';
    return ${seat === 'file' ? '0' : 'input'};
  };
})() };
exported`;

const KEY = new Uint8Array(32).fill(7);

/** Makes the compartments of a plan's plugins. */
export const meteredFor = (
  tick: Tick,
  seed: number,
  plugins: readonly PluginPlan[],
  worldOf: () => World,
): CompartmentMaker => {
  const inner = new MeteredMaker({ tick, quantum: FUEL_QUANTUM, key: KEY });
  return {
    kind: 'metered',
    waits: false,
    close: () => inner.close(),
    async load(source) {
      const index = Number(source.plugin.slice(1));
      const code = textOf(plugins[index] as PluginPlan, seed * 31 + index);
      return watched(worldOf(), await inner.load({ ...source, code }));
    },
  };
};
