// Entering a realm, for kinds in other folders: nothing here needs more than the engine that it runs in.

export type { Bridge } from './api.ts';
export { lateFailure, memoryFailure, plainFailure, REALM_FILENAME } from './failure.ts';
export type { Outside } from './outside.ts';
export { engineFailure, RealmRunner } from './runner.ts';
export { crossing, graftNumber, memoryOf, setupOf } from './setup.ts';
export {
  type Direct,
  LONG,
  type RealmSetup,
  STEP_FINISH,
  STEP_LOAD,
  STEP_START,
  STEP_TEXT,
  type Step,
} from './steps.ts';
