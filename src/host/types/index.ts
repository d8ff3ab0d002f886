export { type DataTypes, dataTypes, type TypedColumns } from './data-types.ts';
export type { TypedTable } from './typed-table.ts';
