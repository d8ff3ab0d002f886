// What runs statements of grafts: a process for each plugin (sqlite/), or a connection that may read what was granted
// and no more (postgres/).

/** A parameter: bytes are Base64. */
export type SqlParameter = null | boolean | number | string | { readonly base64: string };

/** What a statement answers: names of columns, and rows as lists of cells in their order. Plain data. */
export interface SqlAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** How many rows were changed: none, since SQL reads. */
  readonly changes: number;
}

/** One statement of a graft, checked as far as its text needs no database for it. */
export interface SqlStatement {
  readonly text: string;
  readonly parameters: readonly SqlParameter[];
  /** On whose behalf rows are filtered. */
  readonly caller: SqlCaller;
  /** When it is aborted nobody waits for the answer any more: what runs is ended. */
  readonly signal: AbortSignal;
}

/** Who runs a statement. */
export interface SqlCaller {
  readonly plugin: string;
  readonly installer: string;
  readonly principal: string;
}

/** How a statement ended. `failed`: the host's side is to blame. `abandoned`: nobody waits for it any more. */
export type SqlEnd =
  | { readonly is: 'answered'; readonly answer: SqlAnswer }
  | { readonly is: 'refused'; readonly why: string }
  | { readonly is: 'exhausted'; readonly what: 'time' | 'memory' }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'abandoned' };

export interface SqlEngine {
  run(statement: SqlStatement): Promise<SqlEnd>;
}

/** Whose statements run one after the other. */
export const tenantOf = ({ installer, plugin }: SqlCaller): string => JSON.stringify([installer, plugin]);
