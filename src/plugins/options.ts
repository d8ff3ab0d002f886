// Options: what a public function takes besides its arguments. An option that is unknown, or whose value is not
// allowed, is a coded error, never ignored.

import { GraftError } from './errors.ts';
import { shown } from './shown.ts';
import { isBoolean, isFunction, isObject, isString } from './type-guards.ts';
import { unknownName } from './unknown-name.ts';

/** What a value must be: in words, as they follow "expected", and by a test. */
export type Expected = readonly [words: string, isAllowed: (value: unknown) => boolean];

/** For each option there is, what it must be. One that is `undefined` counts as not given. */
export type OptionChecks = Readonly<Record<string, Expected>>;

export const A_TEXT: Expected = ['a text', isString];
export const A_FUNCTION: Expected = ['a function', isFunction];
export const AN_OBJECT: Expected = ['an object', isObject];
export const A_BOOLEAN: Expected = ['true or false', isBoolean];
export const A_LIST: Expected = ['a list', Array.isArray];
export const A_WHOLE: Expected = [
  'a whole number above 0',
  (value) => Number.isInteger(value) && (value as number) > 0,
];
/** Checked elsewhere. */
export const ANYTHING: Expected = ['anything', () => true];

/** One of these texts. */
export const oneOf = (...texts: readonly string[]): Expected => [
  texts.map((text) => JSON.stringify(text)).join(' or '),
  (value) => texts.includes(value as string),
];

/** Throws GRAFT_BAD_OPTION for an option that is unknown or whose value is not allowed. `what` takes the options. */
export const checkOptions = (options: object, allowed: OptionChecks, what: string): void => {
  if (!isObject(options))
    throw new GraftError('GRAFT_BAD_OPTION', `${what}: expected an object of options, got ${shown(options)}`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(allowed, name))
      throw new GraftError('GRAFT_BAD_OPTION', `${what}: ${unknownName('option', name, Object.keys(allowed))}`);
    const [words, isAllowed] = allowed[name] as Expected;
    if (value !== undefined && !isAllowed(value))
      throw new GraftError('GRAFT_BAD_OPTION', `${what}: option ${name}: expected ${words}, got ${shown(value)}`);
  }
};
