// What a plugin's process says beside host calls and ends: that it wants a part of the web's API, or a line of a
// console. What does not fit is the end of the process.

import { CONSOLE_LINES_MAX } from '../../console-lines.ts';
import { isConsoleLine } from '../realm/outside.ts';
import { webPart } from '../realm/web-parts.ts';
import type { FrameReader } from './frames.ts';
import type { Item } from './plugin-process.ts';

/** The text that a WANT asks for; null: there is none, or the process has it, and asks all the same. */
export const wantedPart = (given: Set<string>, name: string): string | null => {
  const text = given.has(name) ? '' : webPart(name);
  given.add(name);
  return text === '' ? null : text;
};

/**
 * Passes the line in a TELL on to whoever listens to what runs. False where it does not fit: a realm lets one line
 * through beyond the bound, so that the bound is seen to be reached.
 */
export const passLine = (item: Item | undefined, reader: FrameReader): boolean => {
  if (item === undefined || item.number !== reader.call || reader.size < 1) return false;
  if (item.lines++ > CONSOLE_LINES_MAX) return false;
  const [level, text] = [reader.buffer[reader.from] as number, reader.text(1)];
  if (!isConsoleLine(level, text)) return false;
  if (item.kind === 'load') item.tell?.(level, text);
  else item.call?.tell(level, text);
  return true;
};
