// What the host and a process of statements say to one another, in frames. The host sends GRANT where the rights differ
// from those of the statement before, then RUN, and gets one reply.

/** To the process: JSON of a Grant. No reply. */
export const GRANT = 1;
/** To the process: JSON of a Request. */
export const RUN = 2;
/** From the process: its walls, in a byte. */
export const READY = 3;
/** JSON of the answer: `{ columns, rows }`. */
export const ANSWER = 4;
/** The statement is not one that may run, or failed; a text for whoever wrote it. */
export const REFUSED = 5;
/** It took more memory than there is. */
export const EXHAUSTED = 6;
/** The database or the process failed; a text for the host. */
export const FAILED = 7;

export const REQUEST_BYTES_MAX = 8 * 1_048_576;
export const REPLY_BYTES_MAX = 2 * 1_048_576;

/** A table as a graft sees it. */
export interface GrantedView {
  readonly table: string;
  readonly columns: readonly string[];
  /** Columns that the filter looks at. */
  readonly filtered: readonly string[];
  /** `WHERE …`, with its values; empty: all rows. */
  readonly filter: string;
}

export interface Grant {
  readonly views: readonly GrantedView[];
}

/** A parameter: bytes are Base64. */
export type Parameter = null | boolean | number | string | { readonly base64: string };

export interface Request {
  readonly text: string;
  readonly parameters: readonly Parameter[];
  readonly rows_max: number;
}
