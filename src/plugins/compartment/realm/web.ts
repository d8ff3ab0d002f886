// The web's API in a realm. Each global is there from the start, as an accessor that evaluates its part (web/) when it
// is first read and becomes an ordinary property then. So a realm that does not use the web's API holds none of it.

import {
  create,
  createProperty,
  defineProperty,
  freeze,
  indirectEval,
  NativeError,
  ownKeys,
  reflectGet,
} from './natives.ts';
import { type Outside, PART, RANDOM, type Tell } from './outside.ts';
import { PART_NAMES, PARTS, type PartName } from './web/parts.ts';
import type { World } from './web/world.ts';

type PartExports = Record<string, unknown>;

/** What a part finds beside the globals. */
type Own = Pick<World, 'idna' | 'multiByte' | 'random' | 'tell' | 'isProxy' | 'isOfWeb'>;

export interface Surroundings {
  readonly outside: Outside;
  readonly isProxy: (value: object) => boolean;
  readonly tell: Tell;
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
  readonly #outside: Outside;
  readonly #world: object;
  readonly #loaded = create(null) as Record<string, PartExports>;
  readonly #classes: (new () => object)[] = [];

  constructor({ outside, isProxy, tell }: Surroundings) {
    this.#outside = outside;
    const own: Own = {
      idna: () => this.#part('idna') as unknown as ReturnType<World['idna']>,
      multiByte: () => this.#part('multi-byte') as unknown as ReturnType<World['multiByte']>,
      random: (count) => askOutside(outside, RANDOM, count),
      tell,
      isProxy,
      isOfWeb: (value) => this.#isOfWeb(value),
    };
    const world = create(null) as object;
    for (const key of ownKeys(own)) createProperty(world, key, reflectGet(own, key));
    for (const part of PART_NAMES)
      for (const name of PARTS[part].gives)
        defineProperty(world, name, { __proto__: null, get: () => this.global(part, name) } as PropertyDescriptor);
    this.#world = freeze(world);
  }

  #part(name: PartName): PartExports {
    const known = this.#loaded[name];
    if (known !== undefined) return known;
    const evaluate = indirectEval(askOutside(this.#outside, PART, name)) as (world: object) => PartExports;
    const made = evaluate(this.#world);
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

/** Gives the realm that this code runs in the web's API. */
export function defineWeb(surroundings: Surroundings): void {
  const web = new Web(surroundings);
  for (const part of PART_NAMES)
    for (const name of PARTS[part].gives) {
      const become = (value: unknown): void =>
        void defineProperty(globalThis, name, {
          __proto__: null,
          value,
          writable: true,
          enumerable: false,
          configurable: true,
        } as PropertyDescriptor);
      const get = (): unknown => {
        const value = web.global(part, name);
        become(value);
        return value;
      };
      const whole = { __proto__: null, get, set: become, enumerable: false, configurable: true };
      defineProperty(globalThis, name, whole as PropertyDescriptor);
    }
}
