export { type Clause, whereClause } from './clauses.ts';
export { quoted } from './column.ts';
export { Connection } from './connection.ts';
export { isDataSource } from './data-source.ts';
export { replaceMarks, type SqlValue } from './dialect.ts';
export { NodeSqlite, type SqliteDatabase, type SqliteLibrary, type SqliteResult } from './node-sqlite.ts';
export type { EntityClass } from './open.ts';
export { isPostgres } from './postgres/open.ts';
export { openPostgres } from './postgres/postgres-store.ts';
export type { PgClient, PgLibrary } from './postgres/wire.ts';
export { openRegistry } from './registry.ts';
export type { StoreAnswer } from './rows.ts';
export { type ConnectionRole, openStore, type StoreOptions } from './sqlite-store.ts';
export type {
  CellValue,
  CommitStep,
  Comparison,
  FindOptions,
  Handler,
  OutgoingChannel,
  PostgresPlace,
  Row,
  Scalar,
  SqliteStore,
  SqlPlace,
  Store,
  StoredMap,
  TableAccess,
  TableGrant,
  Where,
} from './store.ts';
export type { EntityTarget, Table } from './table.ts';
