// Type guards: what kind of value something is. Options, schemas and packages are checked with them.

export const isString = (value: unknown): value is string => typeof value === 'string';
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
export const isFunction = (value: unknown): value is (...args: never[]) => unknown => typeof value === 'function';

/** Anything with properties that is no function: arrays too. */
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** An object that is no array. Its prototype and its properties may be anything. */
export const isRecord = (value: unknown): value is Record<string, unknown> => isObject(value) && !Array.isArray(value);
