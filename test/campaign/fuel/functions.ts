// Every function that metered code can reach in a locked realm, by the way there.

import { GLOBALS } from '../../../src/plugins/compartment/in-realm/meter/globals.ts';
import { meteredConstructors } from '../../../src/plugins/compartment/in-realm/meter/natives.ts';

export interface Functions {
  /** Ways to functions that no table knows, and that are no constructors. */
  readonly unknown: readonly string[];
  /** Methods that can be called: the holder as an expression, and the key. */
  readonly methods: readonly { readonly holder: string; readonly key: string }[];
}

/**
 * In no table, for they are made when the realm is locked down: SES's own, which do nothing or call what is in a table,
 * and accessors that let an inherited name be assigned.
 */
const OF_SES = [
  ...['Math.random', 'Date.now', 'get Error.stackTraceLimit', 'set Error.stackTraceLimit'],
  ...['get Error.prepareStackTrace', 'set Error.prepareStackTrace', 'Error.captureStackTrace'],
  ...['get Error.prototype.name', 'set Error.prototype.name', 'get Object.prototype.toString'],
  ...['set Object.prototype.toString', 'get Function.prototype.toString', 'set Function.prototype.toString'],
  ...['ArrayBuffer.prototype.slice', 'ArrayBuffer.prototype.resize', 'ArrayBuffer.prototype.transfer'],
  ...['ArrayBuffer.prototype.transferToFixedLength', 'get ArrayBuffer.prototype.immutable'],
  ...['ArrayBuffer.prototype.sliceToImmutable', 'ArrayBuffer.prototype.transferToImmutable'],
  ...['DataView.prototype.setFloat16', 'DataView.prototype.setFloat32', 'DataView.prototype.setFloat64'],
  ...['get Iterator.prototype[Symbol.toStringTag]', 'set Iterator.prototype[Symbol.toStringTag]'],
  // Reading a stack is priced where it stands.
  ...["get Object.prototype.__defineGetter__'s prototype.toString", "TypeError's prototype.captureStackTrace"],
  ...["set Object.prototype.__defineGetter__'s prototype.toString"],
  ...['get an error.stack', 'set an error.stack', 'get arguments.callee'],
];

const isHeld = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

export const functions = (isKnown: (built: object) => boolean): Functions => {
  const constructors = meteredConstructors(harden);
  const compartment = new Compartment({ globals: {}, __options__: true }).globalThis as Record<string, unknown>;
  const roots: [string, unknown][] = GLOBALS.map((name) => [name, constructors[name] ?? compartment[name]]);
  const natives = new Set<unknown>(roots.map(([, value]) => (value as { prototype?: object })?.prototype?.constructor));
  const iterated = [[].values(), new Map().keys(), new Set().keys(), ''[Symbol.iterator]()];
  roots.push(
    ['Object.getPrototypeOf(Int8Array)', Object.getPrototypeOf(Int8Array)],
    ['a generator', (function* () {})()],
    ['a mapped iterator', (iterated[0] as unknown as { map(by: unknown): object }).map(() => 0)],
    ['an error', new Error('e')],
    [
      'arguments',
      (function () {
        // biome-ignore lint/complexity/noArguments: it is what is looked at
        return arguments;
      })(),
    ],
    ...iterated.map((one, i) => [`an iterator ${i}`, one] as [string, unknown]),
  );
  const unknown: string[] = [];
  const methods: { holder: string; key: string }[] = [];
  const seen = new Set<unknown>();
  const look = (value: unknown, way: string): void => {
    if (!isHeld(value) || seen.has(value)) return;
    seen.add(value);
    const isMade = natives.has(value) || Object.values(constructors).includes(value) || GLOBALS.includes(way);
    if (
      typeof value === 'function' &&
      !isKnown(value) &&
      !isMade &&
      !OF_SES.includes(way) &&
      value !== Function.prototype
    )
      unknown.push(way);
    for (const key of Reflect.ownKeys(value)) {
      if (key === 'constructor') continue;
      const own = Object.getOwnPropertyDescriptor(value, key) as PropertyDescriptor;
      const next = typeof key === 'symbol' ? `${way}[${key.description}]` : `${way}.${key}`;
      if (typeof own.value === 'function' && /^[A-Z]/.test(way))
        methods.push({ holder: way, key: typeof key === 'symbol' ? `[${key.description}]` : `.${key}` });
      for (const part of ['value', 'get', 'set'] as const) look(own[part], part === 'value' ? next : `${part} ${next}`);
    }
    look(Object.getPrototypeOf(value), `${way}'s prototype`);
  };
  for (const [way, value] of roots) look(value, way);
  return { unknown: unknown.filter((way) => !way.endsWith("'s prototype")), methods };
};
