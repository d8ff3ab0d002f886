// The `direct` compartment as measurements use it: it runs the very bundle that the other kinds run, as a plain script.

import { runInThisContext } from 'node:vm';
import { directMaker } from '../src/plugins/compartment/index.ts';
import type { CompartmentMaker } from '../src/plugins/index.ts';

/** Hosts a plugin's script directly. `now_ms` is the clock of what is reported as own time. */
export const scriptDirect = (now_ms: () => number): CompartmentMaker => ({
  kind: 'direct',
  waits: false,
  load(source) {
    const exports: unknown = runInThisContext(source.code, { filename: 'plugin.js' });
    return directMaker(new Map([[source.plugin, exports as Readonly<Record<string, unknown>>]]), now_ms).load(source);
  },
});
