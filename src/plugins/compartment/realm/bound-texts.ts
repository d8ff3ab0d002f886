// Bounds on walks over a text, and on arrays and texts made of one. A text is converted once; the native function gets
// the text that was checked.
//
// The methods of RegExp.prototype stay as they are: with any of them replaced, the engine leaves its fast path for
// every regular expression.

import type { Lengths } from './bound-lengths.ts';
import type { Body, BoundMethods } from './bounds.ts';
import { apply, execRegExp, NativeObject, NativeRangeError, NativeRegExp, reflectGet } from './natives.ts';

/** Composing sorts runs of combining marks in quadratic time. */
const MARKS_MAX = 256;

const WALKS = [
  'localeCompare',
  'match',
  'matchAll',
  'replace',
  'replaceAll',
  'search',
  'split',
  'toLocaleLowerCase',
  'toLocaleUpperCase',
];
const MORE = ['toLowerCase', 'toUpperCase', 'toWellFormed'];
const ENCODERS = ['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape'];

export const textMethods = (most: number, lengths: Lengths): BoundMethods[] => {
  const marks = new NativeRegExp(`\\p{M}{${MARKS_MAX}}`, 'u');
  const textOf = (value: unknown): string => {
    const text = `${value as string}`;
    if (text.length > most) throw new NativeRangeError(`a text of more than ${most} units`);
    return text;
  };
  const receiver: Body = (native, self, args) =>
    apply(native, self === null || self === undefined ? self : textOf(self), args);
  const first: Body = (native, self, args) => {
    if (args.length > 0) args[0] = textOf(args[0]);
    return apply(native, self, args);
  };
  const normalize: Body = (native, self, args) => {
    if (self === null || self === undefined) return apply(native, self, args);
    const text = textOf(self);
    if (execRegExp(marks, text) !== null)
      throw new NativeRangeError(`a text with ${MARKS_MAX} combining marks in a row`);
    return apply(native, text, args);
  };
  const raw: Body = (native, self, args) => {
    if (args[0] !== null && args[0] !== undefined)
      args[0] = { raw: lengths.pinned(reflectGet(NativeObject(args[0]) as object, 'raw')) };
    return apply(native, self, args);
  };
  return [
    [String.prototype, [...WALKS, ...MORE], receiver],
    [String.prototype, ['normalize'], normalize],
    [String, ['raw'], raw],
    [globalThis, ENCODERS, first],
    [JSON, ['parse'], first],
  ];
};
