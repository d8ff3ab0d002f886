// A value as a message shows it: in a few words, without control characters, cut.

import { cleaned } from './text.ts';

const SHOWN_MAX = 50;

/** What a value is, for people, in a few words. */
export const shown = (value: unknown): string => {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value !== 'string') return String(value);
  const text = cleaned(value);
  return text.length > SHOWN_MAX ? `${JSON.stringify(text.slice(0, SHOWN_MAX))}…` : JSON.stringify(text);
};
