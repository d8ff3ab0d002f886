// `graftwork`: the host as an application uses it. It exports each type that another one here names; types for authors
// of compartments, and the core's own, are in `graftwork/compartments`, `graftwork/plugins` and `graftwork/txn`.

export type { CompartmentMaker, ProcessOptions } from '../plugins/compartment/index.ts';
export {
  type Callable,
  type CallableTree,
  type Caller,
  CONSOLE_LEVELS,
  type Column,
  type ColumnOptions,
  type ColumnType,
  type ConsoleLevel,
  type ConsoleLine,
  ERRORS,
  type ErrorCode,
  type FaultPolicy,
  GraftError,
  type GraftReport,
  type Installer,
  type Keeper,
  type KeepersOptions,
  type KeptByPlugin,
  type KeptLimits,
  type Limits,
  type Origin,
  type Outcome,
  type PointKind,
  type PointOptions,
  type Refusal,
  type Spent,
  type StateView,
} from '../plugins/index.ts';
export type { Manifest, ManifestGraft, MissingGlobal, PluginPackage, PluginSource } from '../plugins/package/index.ts';
export type { AbortReason, Account, Ticket, Transaction, Undone } from '../txn/index.ts';
export {
  type Events,
  type Handles,
  type HostCallables,
  type HttpAnswer,
  httpAnswer,
  type Locks,
  type Opened,
  type Opener,
  type ResponseHeaders,
} from './callables/index.ts';
export { createHost } from './create-host.ts';
export type { CloseOptions } from './draining.ts';
export type { Host } from './host.ts';
export type { HostEvent, HostEventKind, HostListener, ReportedEvent } from './host-event.ts';
export type { EarlierStart, PluginInstallOptions, PluginRemoveOptions } from './host-plugins.ts';
export type { CallOptions, HostPoint, HostPointOptions } from './host-point.ts';
export type { CellOf, FindOf, HostTable, RowOf, WhereOf } from './host-table.ts';
export type { HostTransaction } from './host-transaction.ts';
export type { GraftInfo, InUse, PluginInfo, PointInfo } from './information.ts';
export type { HostOptions } from './options.ts';
export type { Access } from './own-callables.ts';
export type { AbortRecord, About, Installed, KeptGraft, KeptPlugin, MissingGuard, Removal } from './registry.ts';
export type { SqlAnswer, SqlCaller, SqlGrant, SqlOptions } from './sql/index.ts';
export type { HostCell, HostCounter, HostList, HostMap, MapSpec, StateSpec } from './state.ts';
export type {
  CellValue,
  Comparison,
  EntityClass,
  EntityTarget,
  FindOptions,
  Row,
  Scalar,
  TableGrant,
  Where,
} from './store/index.ts';
export { type DataTypes, dataTypes, type TypedColumns, type TypedTable } from './types/index.ts';
