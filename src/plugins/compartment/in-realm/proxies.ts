// Whether an object is a proxy. The language does not tell; Node does. In a browser nothing is taken for one: metered
// code has no Proxy there either, and what others give is copied, each property once.

const known = globalThis.process?.getBuiltinModule('node:util').types;

export const isProxy = (value: object): boolean => known?.isProxy(value) ?? false;
