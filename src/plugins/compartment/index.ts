export type {
  Compartment,
  CompartmentCall,
  CompartmentKind,
  CompartmentMaker,
  CompartmentSource,
  Ending,
  GraftSource,
} from './compartment.ts';
// The parts of a further kind: see heap-compartment.ts.
export { endingOf, Fault, failedWith, INVALID, installFailed, LOST, parseJson, toldRefusal } from './ending.ts';
export { type Heap, HeapMaker } from './heap-compartment.ts';
export { HEAPS_MAX, HeapPool, type Pooled } from './heap-pool.ts';
export { errorText, seen, valueText } from './host-call.ts';
export { directMaker, refuseDirect, scriptDirect } from './in-realm/direct.ts';
export type { Tick } from './in-realm/meter/meter.ts';
export { type Rewritten, stored } from './in-realm/meter/sign.ts';
export type { MeteredOptions } from './in-realm/metered.ts';
export { MeteredMaker } from './in-realm/rewriting.ts';
export { sesMaker } from './in-realm/ses.ts';
export { IsolateMaker, type IsolateOptions } from './isolate/isolate.ts';
export { isLockedDown, lockdownRealm } from './lockdown.ts';
export type { ChildFacts } from './process/command.ts';
export { ProcessMaker, type ProcessOptions, type Walls } from './process/process.ts';
export { wallsText } from './process/walls/standing.ts';
export {
  type Bridge,
  crossing,
  type Direct,
  engineFailure,
  graftNumber,
  LONG,
  lateFailure,
  memoryFailure,
  memoryOf,
  plainFailure,
  REALM_FILENAME,
  RealmRunner,
  type RealmSetup,
  STEP_FINISH,
  STEP_LOAD,
  STEP_START,
  STEP_TEXT,
  type Step,
  setupOf,
} from './realm/index.ts';
export { isConsoleLine } from './realm/outside.ts';
export { entryAt, realmScript, scriptAt } from './realm/script.ts';
export { webParts } from './realm/web-parts.ts';
export { loaded, RealmHeap } from './realm-heap.ts';
