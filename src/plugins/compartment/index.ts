export type {
  Compartment,
  CompartmentCall,
  CompartmentKind,
  CompartmentMaker,
  CompartmentSource,
  Ending,
} from './compartment.ts';
export { directMaker, refuseDirect } from './direct.ts';
export { IsolateMaker, type IsolateOptions } from './isolate/isolate.ts';
export { isLockedDown, lockdownRealm } from './lockdown.ts';
export { type Rewritten, stored } from './meter/sign.ts';
export { MeteredMaker, type MeteredOptions } from './metered.ts';
export { type ChildFacts, childCommand } from './process/command.ts';
export { ProcessMaker, type ProcessOptions } from './process/process.ts';
export { quickJsMaker } from './quickjs.ts';
export { sesMaker } from './ses.ts';
export { vmMaker } from './vm.ts';
export { wasmMaker } from './wasm.ts';
export { WorkerMaker, type WorkerOptions } from './worker/worker.ts';
