// The built-ins that the realm's own code uses after plugin code has run, captured before it.
//
// A plugin may replace any method of any prototype. So nothing here is looked up when it is used: methods are called
// through bound copies of `Function.prototype.call`, property descriptors and option bags have no prototype, and the
// realm's code uses no iteration, spread or destructuring of arrays, no regular expressions, and no assignment to a
// property that a prototype could intercept.

const { call } = Function.prototype;

/** `method` as a function of its receiver: `uncurry(f)(self, …)` is `self.f(…)` without looking anything up. */
const uncurry = Function.prototype.bind.bind(call) as unknown as <This, Args extends unknown[], Result>(
  method: (this: This, ...args: Args) => Result,
) => (self: This, ...args: Args) => Result;

export const { parse, stringify } = JSON;
export const { apply, ownKeys, defineProperty, deleteProperty, getOwnPropertyDescriptor } = Reflect;
export const { create, freeze, getPrototypeOf, hasOwn } = Object;
export const { isArray } = Array;
export const objectPrototype: object = Object.prototype;
export const arrayPrototype: object = Array.prototype;
export const promisePrototype: object = Promise.prototype;
export const NativeError: ErrorConstructor = Error;
export const NativeTypeError: TypeErrorConstructor = TypeError;
export const NativeRangeError: RangeErrorConstructor = RangeError;
export const NativeObject: ObjectConstructor = Object;
export const NativeUint8Array: Uint8ArrayConstructor = Uint8Array;
export const NativeInt32Array: Int32ArrayConstructor = Int32Array;
export const NativeFloat64Array: Float64ArrayConstructor = Float64Array;
export const NativeRegExp: RegExpConstructor = RegExp;
export const NativeSet: SetConstructor = Set;
export const NativeWeakMap: WeakMapConstructor = WeakMap;
export const NativeWeakSet: WeakSetConstructor = WeakSet;
/**
 * Plugin code is evaluated by a step of its realm, so that parsing it and carrying its errors out are under the clock.
 */
export const { eval: indirectEval } = globalThis;

export const charCodeAt: (text: string, index: number) => number = uncurry(String.prototype.charCodeAt);
export const slice: (text: string, from: number, to?: number) => string = uncurry(String.prototype.slice);
export const indexOf: (text: string, part: string, from?: number) => number = uncurry(String.prototype.indexOf);
export const trimEnd: (text: string) => string = uncurry(String.prototype.trimEnd);
export const toWellFormed: (text: string) => string = uncurry(String.prototype.toWellFormed);
export const symbolText: (symbol: symbol) => string = uncurry(Symbol.prototype.toString);
export const { trunc } = Math;
export const { now } = Date;
export const { isNaN: isNotANumber } = Number;
export const { iterator: symbolIterator, isConcatSpreadable: symbolIsConcatSpreadable } = Symbol;
export const { construct: reflectConstruct } = Reflect;
/** What all typed arrays are classes of. */
export const typedArray = Object.getPrototypeOf(Uint8Array) as object;
export const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const typedArrayGetter = (key: PropertyKey): ((self: object) => unknown) =>
  uncurry(Object.getOwnPropertyDescriptor(typedArrayPrototype, key)?.get as (this: object) => unknown);
/** `Uint8Array` and so on; undefined for any other object. */
export const typedArrayName = typedArrayGetter(Symbol.toStringTag) as (self: object) => string | undefined;
/** Throws for any object but a typed array. */
export const typedArrayLength = typedArrayGetter('length') as (self: object) => number;
/** Some engines do not have it. */
const localeBase =
  globalThis.Intl === undefined ? undefined : Object.getOwnPropertyDescriptor(Intl.Locale.prototype, 'baseName')?.get;
/** Throws for any object but an Intl.Locale; null: the engine has none. */
export const localeBaseName = localeBase === undefined ? null : uncurry(localeBase as (this: object) => string);
export const reflectGet: (target: object, key: PropertyKey) => unknown = Reflect.get;
export const { has: reflectHas, setPrototypeOf: reflectSetPrototypeOf } = Reflect;
export const reflectSet: (target: object, key: PropertyKey, value: unknown) => boolean = Reflect.set;
export const bigintText: (value: bigint) => string = uncurry(BigInt.prototype.toString) as (value: bigint) => string;
export const execRegExp: (pattern: RegExp, text: string) => unknown = uncurry(RegExp.prototype.exec);
const sizeOf = (prototype: object): ((self: object) => number) =>
  uncurry(Object.getOwnPropertyDescriptor(prototype, 'size')?.get as (this: object) => number);
export const mapSize: (map: object) => number = sizeOf(Map.prototype);
export const mapHas = uncurry(Map.prototype.has) as (map: object, key: unknown) => boolean;
export const setSize: (set: object) => number = sizeOf(Set.prototype);
export const setHas = uncurry(Set.prototype.has) as (set: object, value: unknown) => boolean;
export const setAdd = uncurry(Set.prototype.add) as (set: object, value: unknown) => unknown;
export const setDelete = uncurry(Set.prototype.delete) as (set: object, value: unknown) => boolean;
export const setForEach = uncurry(Set.prototype.forEach) as (set: object, each: (value: unknown) => void) => void;
/** Makes a rejected promise that nobody else holds. */
export const rejectPromise: (reason: unknown) => unknown = Promise.reject.bind(Promise);
export const promiseThen = uncurry(Promise.prototype.then) as (
  promise: Promise<unknown>,
  fulfilled: (value: unknown) => void,
  rejected: (reason: unknown) => void,
) => unknown;
export const weakGet = uncurry(WeakMap.prototype.get) as <T>(map: WeakMap<object, T>, key: object) => T | undefined;
export const weakPut = uncurry(WeakMap.prototype.set) as <T>(map: WeakMap<object, T>, key: object, value: T) => unknown;
export const weakHas = uncurry(WeakSet.prototype.has) as (set: WeakSet<object>, key: object) => boolean;
export const weakAdd = uncurry(WeakSet.prototype.add) as (set: WeakSet<object>, key: object) => unknown;

/** Gives `target` an own property that plugin code can neither change, remove nor see in an enumeration. */
export function pin(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, {
    __proto__: null,
    value,
    writable: false,
    enumerable: false,
    configurable: false,
  } as PropertyDescriptor);
}

/** Gives `target` an own, enumerable, fixed property. Never runs a setter that a prototype may carry. */
export function put(target: object, key: PropertyKey, value: unknown): void {
  defineProperty(target, key, {
    __proto__: null,
    value,
    writable: false,
    enumerable: true,
    configurable: false,
  } as PropertyDescriptor);
}

/** Gives `target` an ordinary own property; throws if it takes none. */
export function createProperty(target: object, key: PropertyKey, value: unknown): void {
  const descriptor = {
    __proto__: null,
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  } as PropertyDescriptor;
  if (!defineProperty(target, key, descriptor)) throw new NativeTypeError('the property cannot be defined');
}
