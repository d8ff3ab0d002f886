// The frames of an error's stack that lie in the plugin, as places in its author's files.

import { cleaned } from './text.ts';

/** A frame: the function's name and place, as people read it, and the place alone (`file:line:column`). */
export interface StackFrame {
  readonly text: string;
  readonly at: string;
}

const FRAMES_MAX = 10;
const NAME_MAX = 100;
const FRAME = /^\s*at (?:(.*?) \()?.*plugin\.js:(\d{1,7}):(\d{1,7})\)?$/;

/** At most ten frames of a stack that a plugin tells, innermost first. `position` finds a place in the bundle. */
export const framesOf = (stack: string, position: (line: number, column: number) => string | null): StackFrame[] => {
  const frames: StackFrame[] = [];
  for (const line of stack.split('\n')) {
    const [, name, row, column] = FRAME.exec(line) ?? [];
    const at = row === undefined ? null : position(Number(row), Number(column));
    if (at === null) continue;
    frames.push({ at, text: name === undefined ? at : `${cleaned(name).slice(0, NAME_MAX)} (${at})` });
    if (frames.length === FRAMES_MAX) break;
  }
  return frames;
};
