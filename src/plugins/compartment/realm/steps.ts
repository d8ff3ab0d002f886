// How the child drives a realm: one function, called with a step, always under a time-out. See realm.ts.

/** Evaluate the plugin's code, which is the text. */
export const STEP_LOAD = 0;
/** Run a graft; the text is its input. */
export const STEP_START = 1;
/** Say what the promise came to that START's graft returned. */
export const STEP_FINISH = 2;

/** The answer is the empty text (ask again by FINISH), or a letter and JSON: R an answer, N a refusal, F a failure. */
export type Step = (step: number, graft: number, text: string) => string;
