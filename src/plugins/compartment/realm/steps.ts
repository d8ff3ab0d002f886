// The steps of a realm: the outside drives it through one function, called with a step, always with a clock running.
// See realm.ts.

/** Evaluate the plugin's code, which is the input. */
export const STEP_LOAD = 0;
/** Run a graft on the input: a number, a boolean or null as it is, anything else as JSON text. */
export const STEP_START = 1;
/** Give the outcome of the promise that START's graft returned. */
export const STEP_FINISH = 2;
/** Hand out the text for which a step answered LONG, as the only element of an array, which is to be copied. */
export const STEP_TEXT = 3;
/**
 * Hand out the function that runs a graft on a direct value or a text: START with one argument to cross instead of
 * three.
 */
export const STEP_ENTRY = 4;

/** The graft returned a promise: ask again by FINISH. */
export const PENDING = '';
/** The answer is a text too long to cross by itself: ask for it by TEXT. */
export const LONG = 'L';
/** Texts longer than this cross faster as an element of an array: 20,000 units take 61 µs bare and 8 µs so. */
export const BARE_TEXT_MAX = 4000;

/** A value that crosses as it is. */
export type Direct = number | boolean | null;

/**
 * The answer of a START: a direct value; PENDING; LONG; T and a text as it is; or a letter and JSON: R an answer, N a
 * refusal, F a failure.
 */
export type Entry = (input: Direct | string) => Direct | string;

/** A text may come as the only element of a copied array. The answer is as an Entry's, but for TEXT and ENTRY. */
export type Step = (
  step: number,
  graft: number,
  input: Direct | string | [string],
) => Direct | string | [string] | Entry;

/** What a realm is made of. */
export interface RealmSetup {
  readonly memory_mb: number;
  /** Whether a graft's api object serves all its calls; otherwise each call gets one of its own. */
  readonly lasting: boolean;
  readonly grafts: readonly {
    readonly export: string;
    readonly rows: boolean;
    readonly callable: readonly string[];
    /** The memory of each follows the setup, graft by graft, as arguments of `prepare`. */
    readonly columns: readonly { readonly name: string; readonly type: 'u8' | 'i32' | 'f64' }[];
  }[];
}
