export type {
  Aborted,
  AbortReason,
  Account,
  Mode,
  Runner,
  Ticket,
  Transaction,
  Transactions,
  Undone,
} from '../txn/index.ts';
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
export { CONSOLE_LEVELS, type ConsoleLevel, type ConsoleLine } from './console-lines.ts';
export { type InvokeOptions, type InvokeSyncOptions, invoke, invokeSync } from './drive.ts';
export { ERRORS, type ErrorCode, GraftError, type Refusal } from './errors.ts';
export { Graft } from './graft.ts';
export type { DefaultAnswer, GraftCall } from './graft-call.ts';
export { GraftPoint, type PointSnapshot } from './graft-point.ts';
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
export {
  A_BOOLEAN,
  A_FUNCTION,
  A_LIST,
  A_TEXT,
  A_WHOLE,
  AN_OBJECT,
  ANYTHING,
  checkOptions,
  type Expected,
  type OptionChecks,
  oneOf,
} from './options.ts';
export type { Origin } from './origin.ts';
export { answerOf, type GraftReport, type Outcome, type Spent } from './outcome.ts';
export type { Manifest, ManifestGraft, MissingGlobal, PluginPackage } from './package/index.ts';
export { type CommitBase, commitTop, type Participant } from './participant.ts';
export type { Placement } from './placement.ts';
export { PLAIN_BOUNDS, type PlainBounds, type PlainFault, plainFault } from './plain.ts';
export { Plugin, type SourceLookup } from './plugin.ts';
export { type InstallSteps, PluginTable, type PluginTableOptions } from './plugin-table.ts';
export type { FaultPolicy, PointKind, PointOptions, StateView } from './point-options.ts';
export { PointTable } from './point-table.ts';
export { ANSWER_BYTES_MAX, type Failure } from './protocol.ts';
export { settled } from './settled.ts';
export { shown } from './shown.ts';
export { treasury, unitsInUse } from './treasury.ts';
export { isBoolean, isFunction, isObject, isRecord, isString } from './type-guards.ts';
export { namesLike, unknownName } from './unknown-name.ts';
