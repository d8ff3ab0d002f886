// What a thrown object says: its message, or where it has none its properties; the errors that it stands for; and what
// caused it. Like failure.ts, this runs inside the realm and inside the clock: getters of the object may run, proxies
// are not touched, and what is made is bounded before it grows.

import {
  bigintText,
  getOwnPropertyDescriptor,
  hasOwn,
  isArray,
  ownKeys,
  slice,
  stringify,
  symbolText,
} from './natives.ts';

type IsProxy = (value: object) => boolean;

/** Errors told of an AggregateError, properties of an object, and causes of causes. */
const ERRORS_MAX = 5;
const PROPERTIES_MAX = 10;
const CAUSES_MAX = 4;
const TEXT_MAX = 1000;
const PROPERTY_MAX = 100;

const cut = (text: string, length: number): string => (text.length > length ? `${slice(text, 0, length)}…` : text);

export const primitiveText = (value: unknown): string => {
  if (typeof value === 'symbol') return symbolText(value);
  if (typeof value === 'bigint') return `${bigintText(value)}n`;
  return typeof value === 'string' ? value : `${value as number | boolean | null | undefined}`;
};

const property = (thrown: object, key: string): unknown => {
  try {
    return (thrown as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
};

/** A property of a thrown object that is a text; '' for any other, and for one whose getter throws. */
export const textProperty = (thrown: object, key: 'name' | 'message' | 'stack'): string => {
  const value = property(thrown, key);
  return typeof value === 'string' ? value : '';
};

const shown = (value: unknown): string => {
  if (typeof value === 'string') return stringify(cut(value, PROPERTY_MAX));
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return isArray(value) ? '[…]' : '{…}';
  return cut(primitiveText(value), PROPERTY_MAX);
};

/** The own data of an object that has no message. */
const properties = (thrown: object): string => {
  const keys = ownKeys(thrown);
  let text = '';
  for (let i = 0; i < keys.length && i < PROPERTIES_MAX; i++) {
    const key = keys[i] as string | symbol;
    const descriptor = typeof key === 'symbol' ? undefined : getOwnPropertyDescriptor(thrown, key);
    if (descriptor === undefined || !hasOwn(descriptor, 'value') || !descriptor.enumerable) continue;
    text += `${text === '' ? '' : ', '}${cut(key as string, PROPERTY_MAX)}: ${shown(descriptor.value)}`;
  }
  return text === '' ? '' : `{ ${text} }`;
};

/** The errors of an AggregateError. */
const errorsText = (thrown: object, isProxy: IsProxy, depth: number): string => {
  const errors = property(thrown, 'errors');
  if (typeof errors !== 'object' || errors === null || isProxy(errors) || !isArray(errors)) return '';
  let text = '';
  for (let i = 0; i < errors.length && i < ERRORS_MAX && text.length < TEXT_MAX; i++)
    text += `${text === '' ? '' : '; '}${entirely(property(errors, `${i}`), isProxy, depth + 1)}`;
  if (errors.length > ERRORS_MAX) text += `; and ${errors.length - ERRORS_MAX} more`;
  return text === '' ? '' : ` [${text}]`;
};

/** A thrown value with its name. */
const entirely = (thrown: unknown, isProxy: IsProxy, depth: number): string => {
  if (typeof thrown === 'function') return 'a function';
  if (typeof thrown !== 'object' || thrown === null) return cut(primitiveText(thrown), TEXT_MAX);
  if (isProxy(thrown)) return 'a proxy';
  const [name, text] = [cut(textProperty(thrown, 'name'), PROPERTY_MAX), thrownText(thrown, isProxy, depth)];
  return name === '' || text === '' ? `${name}${text}` : `${name}: ${text}`;
};

/** What a thrown object says, without its name: text of any form, of a few thousand UTF-16 units at most. */
export const thrownText = (thrown: object, isProxy: IsProxy, depth = 0): string => {
  const message = cut(textProperty(thrown, 'message'), TEXT_MAX);
  const own = message === '' && typeof property(thrown, 'stack') !== 'string' ? properties(thrown) : message;
  if (depth >= CAUSES_MAX) return own;
  const errors = errorsText(thrown, isProxy, depth);
  const cause = property(thrown, 'cause');
  const because = cause === undefined ? '' : `, caused by ${entirely(cause, isProxy, depth + 1)}`;
  return `${own}${errors}${because}`;
};
