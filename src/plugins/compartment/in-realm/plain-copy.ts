// A copy of a graft's own value, checked as it is made: what the host gets is what was looked at, each property once.

import { faultOf, PLAIN_BOUNDS, type PlainFault, PlainWalk } from '../../plain.ts';
import { isProxy } from './proxies.ts';

type PlainContainer = unknown[] | Record<string, unknown>;

const put = (made: PlainContainer, key: string, value: unknown): void => {
  // A frozen property of Object.prototype cannot be assigned over.
  if (key in Object.prototype)
    Object.defineProperty(made, key, { value, writable: true, enumerable: true, configurable: true });
  else (made as Record<string, unknown>)[key] = value;
};

class CopyingWalk extends PlainWalk {
  /** The copy of what was walked last. */
  made: unknown;
  /** The copy of the object or array that is being walked. */
  #around: PlainContainer | null = null;

  override value(value: unknown, depth: number): boolean {
    this.made = value;
    return super.value(value, depth);
  }

  override object(value: object, depth: number): boolean {
    const outer = this.#around;
    this.#around = null;
    if (!super.object(value, depth)) return false;
    this.made = this.#around ?? (Array.isArray(value) ? [] : {});
    this.#around = outer;
    return true;
  }

  override property(value: object, key: string, depth: number): boolean {
    this.#around ??= {};
    this.made = undefined;
    if (!super.property(value, key, depth)) return false;
    if (this.made !== undefined) put(this.#around, key, this.made);
    return true;
  }

  override element(array: unknown[], index: number, depth: number): boolean {
    this.#around ??= [];
    if (!super.element(array, index, depth)) return false;
    (this.#around as unknown[]).push(this.made);
    return true;
  }
}

/** A copy of `value`, or where it stops being plain data. `omits`: without properties whose value is undefined. */
export const plainCopy = (
  value: unknown,
  omits = false,
): { readonly copy: unknown; readonly fault: PlainFault | null } => {
  const walk = new CopyingWalk(PLAIN_BOUNDS, isProxy, omits);
  const fault = faultOf(walk, value);
  return { copy: walk.made, fault };
};
