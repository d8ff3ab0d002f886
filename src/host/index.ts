export { GraftError, type Limits, type Outcome } from '../plugins/index.ts';
export { type HostCallables, type HttpAnswer, httpAnswer, type Opened, type Opener } from './callables/index.ts';
export { type CallOptions, createHost, Host, type HostPoint, type HostTable } from './host.ts';
export type { HostTransaction } from './host-transaction.ts';
export type { InUse, PluginInfo, PointInfo } from './information.ts';
export type { HostEvent, HostOptions } from './options.ts';
export type { AbortRecord } from './records.ts';
export { HostCell, HostCounter, HostList, HostMap, type StateSpec } from './state.ts';
export type { TableGrant } from './store/index.ts';
