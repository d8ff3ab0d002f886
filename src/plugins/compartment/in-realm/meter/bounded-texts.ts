// Built-ins over texts that metered code gets another body of: they convert once, take their price from what they
// found, and hand the native function what can no longer change.

import { asText, type Bounded, madeText, size } from './bounded.ts';
import { charge } from './meter.ts';
import { arrayOf, chargeExtent, chargeSearch, chargeText, isObject, numeric } from './price.ts';

const { search, match, matchAll, replace, split } = Symbol;

const walking: Bounded = (native, self, args) => {
  const text = asText(self);
  charge(1 + size(text) / 8);
  return madeText(native.call(text, ...args));
};

const searching: Bounded = (native, self, [part, ...rest]) => {
  const [text, sought] = [asText(self), part === undefined ? part : `${part as string}`];
  chargeSearch(size(text), size(sought));
  return native.call(text, sought, ...rest.map(numeric));
};

const padding: Bounded = (native, self, [length, filler]) => {
  const [text, wanted] = [asText(self), Number(numeric(length))];
  chargeText(wanted);
  charge(1 + Math.max(0, wanted) / 64);
  return native.call(text, wanted, filler === undefined ? filler : `${filler as string}`);
};

/** Of a text, these would make a regular expression. */
const matching =
  (by: symbol): Bounded =>
  (native, self, [pattern]) => {
    if (isObject(pattern) && by in pattern) return native.call(self, pattern);
    throw new TypeError('metered code has no regular expressions');
  };

/** What `$` in a replacement may put in for each match, at worst: the whole text, for every second unit of it. */
const expansion = (text: string, by: string): number =>
  by.length + (by.includes('$') ? (by.length / 2) * text.length : 0);

const counted = (text: string, part: string): number => {
  if (part === '') return text.length + 1;
  let count = 0;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) count++;
  return count;
};

const replacing =
  (all: boolean): Bounded =>
  (native, self, [pattern, by]) => {
    if (isObject(pattern) && replace in pattern) return native.call(self, pattern, by);
    const [text, sought] = [asText(self), `${pattern as string}`];
    chargeSearch(size(text), size(sought));
    if (typeof by === 'function')
      return madeText(native.call(text, sought, (...args: unknown[]) => madeText(`${by(...args) as string}`)));
    const put = `${by as string}`;
    const made = size(text) + (all ? counted(text as string, sought) : 1) * expansion(text as string, put);
    charge(1 + made / 64);
    chargeText(made);
    return native.call(text, sought, put);
  };

const splitting: Bounded = (native, self, [separator, limit]) => {
  if (isObject(separator) && split in separator) return native.call(self, separator, limit);
  const [text, by] = [asText(self), separator === undefined ? separator : `${separator as string}`];
  charge(1 + size(text) / 4);
  chargeSearch(size(text), size(by));
  return native.call(text, by, numeric(limit));
};

/** Functions of the global object that walk a text. */
export const TEXT_FUNCTIONS = [
  ...['decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape'],
  ...['parseFloat', 'parseInt', 'unescape'],
];

export const ownText: Readonly<Record<string, Bounded>> = {
  ...Object.fromEntries(
    ['endsWith', 'includes', 'indexOf', 'lastIndexOf', 'startsWith'].map((name) => [name, searching]),
  ),
  ...Object.fromEntries(
    ['isWellFormed', 'normalize', 'toLowerCase', 'toUpperCase', 'toWellFormed', 'trim', 'trimLeft', 'trimRight'].map(
      (name) => [name, walking],
    ),
  ),
  ...Object.fromEntries(['trimEnd', 'trimStart'].map((name) => [name, walking])),
  concat: (native, self, args) => madeText(native.call(asText(self), ...args)),
  padEnd: padding,
  padStart: padding,
  repeat(native, self, [count]) {
    const [text, times] = [asText(self), Number(numeric(count))];
    charge(1 + Math.max(0, times * size(text)) / 1024);
    chargeText(times * size(text));
    return native.call(text, times);
  },
  replace: replacing(false),
  replaceAll: replacing(true),
  split: splitting,
  match: matching(match),
  matchAll: matching(matchAll),
  search: matching(search),
  parse: (native, _self, [text]) => {
    const converted = `${text as string}`;
    charge(16 + converted.length / 4);
    return native(converted);
  },
  raw(native, _self, [strings, ...args]) {
    const raw: unknown = (strings as TemplateStringsArray).raw;
    chargeExtent(arrayOf(raw));
    return madeText(native({ raw }, ...args));
  },
  ...Object.fromEntries(
    TEXT_FUNCTIONS.map((name) => [
      name,
      ((native, _self, [text, ...rest]) => {
        const converted = `${text as string}`;
        charge(1 + converted.length / 2);
        return native(converted, ...rest.map(numeric));
      }) satisfies Bounded,
    ]),
  ),
};
