// What a realm asks of the program around it, beside host calls: texts of its own, randomness, a line in the log. One
// function, of plain texts and numbers, which answers at once with a text. Whatever asks for what it may not have gets
// an empty one.

import { CONSOLE_LEVELS, CONSOLE_TEXT_MAX } from '../../console-lines.ts';

/** The text of a part of the web's API, by its name. */
export const PART = 0;
/** Random bytes, by their number, as hexadecimal digits. */
export const RANDOM = 1;
/** Notes a line in the log, by its level and text. */
export const TELL = 2;

export const RANDOM_BYTES_MAX = 65_536;

export type Outside = (what: number, which: number | string, text?: string) => string;

/** Takes a line of the console. */
export type Tell = (level: number, text: string) => void;

/** Checked as what a plugin says. */
export const isConsoleLine = (level: unknown, text: unknown): boolean =>
  CONSOLE_LEVELS[level as number] !== undefined && typeof text === 'string' && text.length <= CONSOLE_TEXT_MAX;

export const hexadecimal = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
};

const random = (count: unknown): string =>
  Number.isInteger(count) && (count as number) > 0 && (count as number) <= RANDOM_BYTES_MAX
    ? hexadecimal(crypto.getRandomValues(new Uint8Array(count as number)))
    : '';

let isWarm = false;

/** Node loads its randomness when first asked, and ends the process where a plugin's stack ends meanwhile. */
const warm = (): void => {
  if (!isWarm) random(1);
  isWarm = true;
};

/** Serves a realm; `part` gives the text of a part, or an empty one. No plugin code may run yet. */
export const outsideOf = (part: (name: string) => string, tell: Tell): Outside => {
  warm();
  return (what, which, text) => {
    if (what === PART && typeof which === 'string') return part(which);
    if (what === RANDOM) return random(which);
    if (what === TELL && isConsoleLine(which, text)) tell(which as number, text as string);
    return '';
  };
};
