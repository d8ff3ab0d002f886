export { dataTypes, type DataTypes, type TypedColumns } from './data-types.ts';
export type { TypedTable } from './typed-table.ts';
