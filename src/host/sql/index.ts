export type { SqlAnswer, SqlCaller } from './engine.ts';
export type { SqlGrant, SqlOptions } from './grant.ts';
export { HostSql } from './host-sql.ts';
