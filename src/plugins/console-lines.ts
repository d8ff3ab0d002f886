// Lines of a plugin's console: what somebody who runs the host reads of it. They are an observation and no part of the
// call's work, so they are told at once, and stay when the call is undone. They are bounded, and what goes beyond is
// dropped; it ends no call.

/** By their number. */
export const CONSOLE_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type ConsoleLevel = (typeof CONSOLE_LEVELS)[number];

export interface ConsoleLine {
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** UTF-16 units of one line. */
export const CONSOLE_TEXT_MAX = 4000;
/** Of one call, or one evaluation of a module: lines, and the UTF-16 units of all of them together. */
export const CONSOLE_LINES_MAX = 200;
const UNITS_MAX = 16_384;

/** What one call may still say. */
export class ConsoleBudget {
  #lines = 0;
  #units = 0;

  /** Whether a line is kept; `full`: it is the first that is not. */
  take(text: string): 'kept' | 'full' | 'dropped' {
    if (this.#lines > CONSOLE_LINES_MAX) return 'dropped';
    this.#lines++;
    this.#units += text.length;
    if (this.#lines <= CONSOLE_LINES_MAX && this.#units <= UNITS_MAX) return 'kept';
    this.#lines = CONSOLE_LINES_MAX + 1;
    return 'full';
  }
}

const MORE: ConsoleLine = { level: 'warn', text: 'more lines of this call are dropped' };

/**
 * Tells a line that came, checked, within what its call may say. Where whoever hears it fails, the line is lost, and
 * the call goes on.
 */
export const tellLine = (
  budget: ConsoleBudget,
  level: number,
  text: string,
  told: (line: ConsoleLine) => void,
): void => {
  const taken = budget.take(text);
  if (taken === 'dropped') return;
  try {
    told(taken === 'kept' ? { level: CONSOLE_LEVELS[level] as ConsoleLevel, text } : MORE);
  } catch {}
};
