export { GraftError, type Limits, type Outcome } from '../plugins/index.ts';
export {
  type CallOptions,
  createHost,
  Host,
  type HostEvent,
  type HostOptions,
  type HostPoint,
  type HostTable,
  type PluginInfo,
  type PointInfo,
} from './host.ts';
export type { HostTransaction } from './host-transaction.ts';
export type { AbortRecord } from './records.ts';
export { HostCell, HostCounter, HostList, HostMap, type StateSpec } from './state.ts';
export type { TableGrant } from './store/index.ts';
