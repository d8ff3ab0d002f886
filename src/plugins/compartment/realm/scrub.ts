// Scrubs a bare realm: removes what can spoil a call, and pins what the realm's own code relies on. It runs once,
// before any plugin code.
//
// Removed: everything that holds memory which the isolate's limit does not count, runs code outside a call's clock, or
// sees the garbage collector. Replaced: Proxy, so that the realm knows every proxy: to the checks of plain data a proxy
// looks like the object it poses as. Pinned: Error.prepareStackTrace and stackTraceLimit, which run or allocate while
// an error is carried out, and the properties that decide whether `then` of a native promise calls into the plugin.

import {
  apply,
  defineProperty,
  deleteProperty,
  NativeTypeError,
  NativeWeakSet,
  pin,
  weakAdd,
  weakHas,
} from './natives.ts';

const STACK_FRAMES_MAX = 20;
const GLOBALS = [
  'WebAssembly',
  'SharedArrayBuffer',
  'Atomics',
  'FinalizationRegistry',
  'WeakRef',
  'ShadowRealm',
  'AsyncContext',
];
/** A column's buffer is in a graft's reach: it must not make or grow shared memory. */
const SHARED_METHODS = ['constructor', 'grow', 'slice'];
const BUFFER_METHODS = ['resize', 'transfer', 'transferToFixedLength'];
/** Makes an object that JSON.stringify prints raw; to the checks of plain data it looks like an ordinary one. */
const JSON_METHODS = ['rawJSON', 'isRawJSON'];

const remove = (target: object, keys: readonly string[]): void => {
  for (const key of keys) deleteProperty(target, key);
};

/** Replaces Proxy by one that remembers its proxies. Gives the test of whether a value is one of them. */
const rememberProxies = (): ((value: object) => boolean) => {
  const known = new NativeWeakSet();
  const Native = Proxy;
  const nativeRevocable = Proxy.revocable;
  const remembering = function (target: object, handler: ProxyHandler<object>): object {
    if (new.target === undefined) throw new NativeTypeError("Constructor Proxy requires 'new'");
    const proxy = new Native(target, handler);
    weakAdd(known, proxy);
    return proxy;
  };
  const revocable = (target: object, handler: ProxyHandler<object>): { proxy: object; revoke: () => void } => {
    const made = apply(nativeRevocable, Native, [target, handler]);
    weakAdd(known, made.proxy);
    return made;
  };
  pin(remembering, 'name', 'Proxy');
  pin(remembering, 'prototype', undefined);
  defineProperty(remembering, 'revocable', { value: revocable, writable: true, enumerable: false, configurable: true });
  defineProperty(globalThis, 'Proxy', { value: remembering, writable: true, enumerable: false, configurable: true });
  return (value) => weakHas(known, value);
};

/** Scrubs the realm that this code runs in. Gives the test that tells a proxy from any other object. */
export function scrub(): (value: object) => boolean {
  remove(SharedArrayBuffer.prototype, SHARED_METHODS);
  remove(globalThis, GLOBALS);
  remove(ArrayBuffer.prototype, BUFFER_METHODS);
  remove(JSON, JSON_METHODS);
  pin(Error, 'prepareStackTrace', undefined);
  pin(Error, 'stackTraceLimit', STACK_FRAMES_MAX);
  pin(Promise.prototype, 'constructor', Promise);
  defineProperty(Promise, Symbol.species, { configurable: false });
  return rememberProxies();
}
