// The kinds of compartments that ship, for a program that chooses one: `graftwork/compartments`.
//
//   const host = await createHost({ compartment: isolateMaker({ spares: 1 }) });
//
// docs/compartments.md says what each kind keeps out. `sesMaker` and `meteredMaker` need `lockdownRealm` first, which a
// program with a database cannot do.

import type { CompartmentMaker } from './compartment.ts';
import { scriptDirect } from './in-realm/direct.ts';
import type { MeteredOptions } from './in-realm/metered.ts';
import { MeteredMaker } from './in-realm/rewriting.ts';
import { sesMaker as makeSes } from './in-realm/ses.ts';
import { IsolateMaker, type IsolateOptions } from './isolate/isolate.ts';
import { ProcessMaker, type ProcessOptions } from './process/process.ts';

export type { Transaction } from '../../txn/index.ts';
export type { ColumnMemory } from '../columns.ts';
export type { Failure } from '../protocol.ts';
export type {
  Compartment,
  CompartmentCall,
  CompartmentKind,
  CompartmentMaker,
  CompartmentSource,
  Ending,
  GraftSource,
} from './compartment.ts';
export type { Tick } from './in-realm/meter/meter.ts';
export type { MeteredOptions } from './in-realm/metered.ts';
export type { IsolateOptions } from './isolate/isolate.ts';
export { isLockedDown, lockdownRealm } from './lockdown.ts';
export type { Clocks } from './own-clock.ts';
export type { ProcessOptions, Walls } from './process/process.ts';
export type { GroupLimits } from './process/process-group.ts';

/** A process for each plugin: third-party code. Throws GRAFT_NO_WALLS where walls are required and do not stand. */
export const processMaker = (options?: ProcessOptions): CompartmentMaker => new ProcessMaker(options);

/** An isolate for each plugin, in the host's thread: low latency, semi-trusted code. */
export const isolateMaker = (options?: IsolateOptions): CompartmentMaker => new IsolateMaker(options);

/**
 * A SES Compartment of the locked-down realm for each plugin: reviewed code. `now_ms`: the clock of the own time in
 * reports, which limits nothing.
 */
export const sesMaker = (now_ms?: () => number): CompartmentMaker => makeSes(now_ms);

/** The locked-down realm, with fuel for each call: policies of a kernel. Throws GRAFT_BAD_OPTION. */
export const meteredMaker = (options?: MeteredOptions): CompartmentMaker => new MeteredMaker(options);

/** The host's own realm, which isolates nothing: one's own code. `now_ms` as for `sesMaker`. */
export const directMaker = (now_ms?: () => number): CompartmentMaker => scriptDirect(now_ms);
