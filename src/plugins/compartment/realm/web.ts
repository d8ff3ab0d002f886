// The web's API in a realm. Each global is there from the start, as an accessor that evaluates its part (web/) when it
// is first read and becomes an ordinary property then. So a realm that does not use the web's API holds none of it.

import {
  create,
  createProperty,
  defineProperty,
  freeze,
  NativeError,
  NativeTypeError,
  NativeWeakMap,
  ownKeys,
  reflectGet,
  weakGet,
  weakPut,
} from './natives.ts';
import { type Outside, PART, RANDOM, type Tell } from './outside.ts';
import { PART_NAMES, PARTS, type PartName } from './web/parts.ts';
import type { World } from './web/world.ts';

type PartExports = Record<string, unknown>;

/** What a part finds beside the globals. */
type Own = Pick<World, 'idna' | 'multiByte' | 'random' | 'tell' | 'now' | 'isProxy' | 'isOfWeb'>;

export interface WebSetup {
  /** The global object that gets the API. */
  readonly on: object;
  /** Evaluates a text with that global object. */
  readonly evaluate: (text: string) => unknown;
  readonly outside: Outside;
  readonly isProxy: (value: object) => boolean;
  readonly tell: Tell;
  readonly now: () => number;
  /** Makes what a plugin may hold, and others use, unchangeable; default: each realm has its own. */
  readonly harden?: <T>(made: T) => T;
}

/** Asks the program around the realm. An error of that never gets in. */
export const askOutside = (outside: Outside, what: number, which: number | string, text = ''): string => {
  try {
    return outside(what, which, text);
  } catch {
    throw new NativeError('the host could not be reached');
  }
};

class Web {
  readonly #surroundings: WebSetup;
  #world: object | null = null;
  readonly #loaded = create(null) as Record<string, PartExports>;
  readonly #classes: (new () => object)[] = [];

  constructor(surroundings: WebSetup) {
    this.#surroundings = surroundings;
  }

  #makeWorld(): object {
    const { outside, isProxy, tell, now, harden = freeze } = this.#surroundings;
    const own: Own = {
      idna: () => this.#part('idna') as unknown as ReturnType<World['idna']>,
      multiByte: () => this.#part('multi-byte') as unknown as ReturnType<World['multiByte']>,
      random: (count) => askOutside(outside, RANDOM, count),
      tell,
      now,
      isProxy,
      isOfWeb: (value) => this.#isOfWeb(value),
    };
    const world = create(null) as object;
    const keys = ownKeys(own);
    for (let i = 0; i < keys.length; i++) createProperty(world, keys[i] as string, reflectGet(own, keys[i] as string));
    eachGlobal((part, name) => {
      defineProperty(world, name, { __proto__: null, get: () => this.global(part, name) } as PropertyDescriptor);
    });
    return harden(world);
  }

  #part(name: PartName): PartExports {
    const known = this.#loaded[name];
    if (known !== undefined) return known;
    const { outside, evaluate } = this.#surroundings;
    const part = evaluate(askOutside(outside, PART, name)) as (world: object) => PartExports;
    this.#world ??= this.#makeWorld();
    const made = part(this.#world);
    this.#loaded[name] = made;
    const { gives } = PARTS[name];
    for (let i = 0; i < gives.length; i++) {
      const value = reflectGet(made, gives[i] as string) as new () => object;
      if (typeof value === 'function') createProperty(this.#classes, this.#classes.length, value);
    }
    return made;
  }

  #isOfWeb(value: object): boolean {
    for (let i = 0; i < this.#classes.length; i++) if (value instanceof (this.#classes[i] as never)) return true;
    return false;
  }

  global(part: PartName, name: string): unknown {
    return reflectGet(this.#part(part), name);
  }
}

/** Runs after plugin code, too. */
const eachGlobal = (each: (part: PartName, name: string) => void): void => {
  for (let i = 0; i < PART_NAMES.length; i++) {
    const part = PART_NAMES[i] as PartName;
    const { gives } = PARTS[part];
    for (let k = 0; k < gives.length; k++) each(part, gives[k] as string);
  }
};

/** Of each global object that has the API. */
const webs = new NativeWeakMap<object, Web>();

const become = (on: object, name: string, value: unknown): void => {
  const own = { __proto__: null, value, writable: true, enumerable: false, configurable: true };
  defineProperty(on, name, own as PropertyDescriptor);
};

/** The accessor of a global, the same for all global objects of a realm. */
const accessorOf = (part: PartName, name: string, harden: <T>(made: T) => T): PropertyDescriptor => {
  const { get, set } = {
    get(this: object): unknown {
      const web = weakGet(webs, this);
      if (web === undefined) throw new NativeTypeError(`${name}: not a global object`);
      const value = web.global(part, name);
      become(this, name, value);
      return value;
    },
    set(this: object, value: unknown): void {
      if (weakGet(webs, this) === undefined) throw new NativeTypeError(`${name}: not a global object`);
      become(this, name, value);
    },
  };
  const made = { __proto__: null, get: harden(get), set: harden(set), enumerable: false, configurable: true };
  return made as PropertyDescriptor;
};

const accessors = create(null) as Record<string, PropertyDescriptor>;

/** Gives a global object the web's API. */
export function defineWeb(surroundings: WebSetup): void {
  const { on, harden = freeze } = surroundings;
  weakPut(webs, on, new Web(surroundings));
  eachGlobal((part, name) => {
    accessors[name] ??= accessorOf(part, name, harden);
    defineProperty(on, name, accessors[name]);
  });
}
