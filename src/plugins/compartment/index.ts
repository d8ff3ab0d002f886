export type { Compartment, CompartmentCall, CompartmentKind, CompartmentMaker, CompartmentSource, Ending } from './compartment.ts';
export { directMaker, refuseDirect } from './direct.ts';
export { type ChildFacts, childCommand } from './process/command.ts';
export { ProcessMaker, type ProcessOptions } from './process/process.ts';
