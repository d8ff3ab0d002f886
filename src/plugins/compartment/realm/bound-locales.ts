// Bounds on lists of locales, which may be any object with a length, and on the list of keys that JSON.stringify takes.
// The engine also walks objects without such elements, and checks no interrupt meanwhile.
//
// A constructor of Intl is shown through a proxy, so that its statics, its prototype and classes that extend it stay
// the same.

import { ARGUMENTS_MAX, type Lengths } from './bound-lengths.ts';
import type { Body, BoundMethods } from './bounds.ts';
import {
  apply,
  defineProperty,
  getOwnPropertyDescriptor,
  hasOwn,
  isArray,
  localeBaseName,
  NativeObject,
  ownKeys,
  reflectConstruct,
} from './natives.ts';

const LOCALES_MAX = 1000;

type LocaleConstructor = new (...args: unknown[]) => object;

const isLocale = (value: object): boolean => {
  if (localeBaseName === null) return false;
  try {
    localeBaseName(value);
    return true;
  } catch {
    return false;
  }
};

const isList = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null && !isLocale(value)) || typeof value === 'function';

/** Bounds the argument at `index`, which is a list of locales, a locale or nothing. */
const localesAt =
  (index: number, { shown }: Lengths): Body =>
  (native, self, args) => {
    if (isList(args[index])) args[index] = shown(args[index], LOCALES_MAX);
    return apply(native, self, args);
  };

const stringify =
  ({ pinned }: Lengths): Body =>
  (native, self, args) => {
    if (isArray(args[1])) args[1] = pinned(args[1], ARGUMENTS_MAX);
    return apply(native, self, args);
  };

const constructorNames = (): string[] =>
  (ownKeys(Intl) as string[]).filter((name) => {
    const value: unknown = getOwnPropertyDescriptor(Intl, name)?.value;
    return typeof value === 'function' && hasOwn(value, 'supportedLocalesOf');
  });

/** Puts a bounded constructor in the place of each one of Intl that takes locales; gives the native ones. */
const boundConstructors = ({ shown }: Lengths): object[] => {
  const KnownProxy = Proxy;
  const bounded = (args: unknown[]): unknown[] => {
    if (isList(args[0])) args[0] = shown(args[0], LOCALES_MAX);
    return args;
  };
  return constructorNames().map((name) => {
    const own = getOwnPropertyDescriptor(Intl, name) as PropertyDescriptor;
    const native = own.value as LocaleConstructor;
    const made = new KnownProxy(native, {
      __proto__: null,
      apply: (target: LocaleConstructor, self: unknown, args: unknown[]): unknown =>
        apply(target as never, self, bounded(args)),
      construct: (target: LocaleConstructor, args: unknown[], newTarget: LocaleConstructor): object =>
        reflectConstruct(target, bounded(args), newTarget),
    } as ProxyHandler<LocaleConstructor>);
    defineProperty(Intl, name, { ...own, value: made });
    const prototype = NativeObject(native.prototype) as object;
    defineProperty(prototype, 'constructor', { ...getOwnPropertyDescriptor(prototype, 'constructor'), value: made });
    return native;
  });
};

export const localeMethods = (lengths: Lengths): BoundMethods[] => {
  const first = localesAt(0, lengths);
  const intl: BoundMethods[] =
    localeBaseName === null
      ? []
      : [
          ...boundConstructors(lengths).map((native): BoundMethods => [native, ['supportedLocalesOf'], first]),
          [Intl, ['getCanonicalLocales'], first],
        ];
  return [
    ...intl,
    [Number.prototype, ['toLocaleString'], first],
    [BigInt.prototype, ['toLocaleString'], first],
    [Date.prototype, ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'], first],
    [String.prototype, ['toLocaleLowerCase', 'toLocaleUpperCase'], first],
    [String.prototype, ['localeCompare'], localesAt(1, lengths)],
    [JSON, ['stringify'], stringify(lengths)],
  ];
};
