export { quickJsMaker } from './quickjs.ts';
export { vmMaker } from './vm.ts';
export { wasmMaker } from './wasm.ts';
export { WorkerMaker, type WorkerOptions } from './worker/worker.ts';

import type { CompartmentKind } from '../../src/plugins/index.ts';

/** Engines that are there to be measured against, behind the interface of a compartment. */
export type RivalKind = 'vm' | 'quickjs' | 'wasm' | 'worker';
/** Every kind of compartment that is measured and tested here. */
export type AnyKind = CompartmentKind | RivalKind;
