export type { Base } from './base.ts';
export { badArgument, type Callable, type CallableTree, type Caller, unexpected } from './callable.ts';
export { type Column, type ColumnMemory, type ColumnOptions, type ColumnType, columnView } from './columns.ts';
export type {
  Compartment,
  CompartmentCall,
  CompartmentKind,
  CompartmentMaker,
  CompartmentSource,
  Ending,
  GraftSource,
} from './compartment/compartment.ts';
export type { ConsoleLevel, ConsoleLine } from './console-lines.ts';
export { type InvokeOptions, invoke, invokeSync } from './drive.ts';
export { ERRORS, type ErrorCode, GraftError, type Refusal } from './errors.ts';
export { Graft } from './graft.ts';
export { GraftPoint } from './graft-point.ts';
export { HOST_ITSELF, type Installer } from './installer.ts';
export { Keeper, Keepers, type KeepersOptions, type KeptByPlugin } from './keeper.ts';
export {
  HANDLES,
  INSTALLER_KEPT,
  KEPT_BYTES,
  KEPT_ENTRIES,
  type KeptLimits,
  MESSAGES,
  PLUGIN_KEPT,
  SUBSCRIPTIONS,
  TIMERS,
  unitsOf,
} from './kept-limits.ts';
export { CALLS, LIMIT_DEFAULTS, LIMIT_NAMES, type Limits, LOG_BYTES, RESOURCES, WRITES } from './limits.ts';
export { checkOptions, type OptionChecks } from './options.ts';
export type { Origin } from './origin.ts';
export { answerOf, type GraftReport, type Outcome, type Spent } from './outcome.ts';
export { commitTop, type Participant } from './participant.ts';
export { PLAIN_BOUNDS, type PlainBounds, type PlainFault, plainFault } from './plain.ts';
export { Plugin } from './plugin.ts';
export { PluginTable, type PluginTableOptions } from './plugin-table.ts';
export type { FaultPolicy, PointKind, PointOptions, StateView } from './point-options.ts';
export { PointTable } from './point-table.ts';
export { ANSWER_BYTES_MAX, type Failure } from './protocol.ts';
export { settled } from './settled.ts';
export { treasury, unitsInUse } from './treasury.ts';
export { isBoolean, isFunction, isObject, isRecord, isString } from './type-guards.ts';
