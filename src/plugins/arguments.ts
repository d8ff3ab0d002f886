// Arguments of a host call that crossed as JSON text. A graft's realm checks them before it sends them; but a realm may
// be turned, a process taken over, and an engine need not be ours. So the host reads them as if nobody had: the text is
// bounded before it is parsed, and all that is in it is checked before an accessor sees any.
//
// What JSON.parse has made is nobody else's and has no getters, holes or classes. So only texts, numbers, keys and
// sizes are looked at, which takes a fraction of what a walk over a graft's own objects does.

import { GraftError } from './errors.ts';
import { faultOf, isPlainAtom, PLAIN_BOUNDS, PlainWalk } from './plain.ts';
import { ANSWER_BYTES_MAX } from './protocol.ts';

const { isArray } = Array;
const NONE: readonly unknown[] = Object.freeze([]);
const noProxies = (): boolean => false;

/** A walk over what JSON.parse has made. */
class ParsedWalk extends PlainWalk {
  /** Whether no text can be ill formed or hold NUL: then only lengths are looked at. */
  readonly #isClean: boolean;

  constructor(isClean: boolean) {
    super(PLAIN_BOUNDS, noProxies);
    this.#isClean = isClean;
  }

  override text(text: string): boolean {
    return this.#isClean ? this.measure(text) : super.text(text);
  }

  override object(value: object, depth: number): boolean {
    if (depth > this.bounds.depth) return this.tooDeep();
    return isArray(value) ? this.array(value, depth) : this.record(value as Record<string, unknown>, depth);
  }

  override array(value: unknown[], depth: number): boolean {
    for (let i = 0; i < value.length; i++) if (!this.value(value[i], depth)) return this.under(`[${i}]`);
    return true;
  }

  /** What JSON.parse has made has nothing enumerable but keys of its own. */
  record(value: Record<string, unknown>, depth: number): boolean {
    let count = 0;
    for (const key in value) {
      if (++count > this.bounds.keys) return this.exceeds(`more than ${this.bounds.keys} keys`);
      if (!this.key(key) || !this.value(value[key], depth)) return this.under(`.${key}`);
    }
    return true;
  }
}

/** Whether all strings in a JSON text are well formed and without NUL, as far as one look at the text can tell. */
const isClean = (json: string): boolean => json.isWellFormed() && !json.includes('\\u');

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json);
  } catch {
    throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are not JSON');
  }
};

/** Many arguments; most calls have two or three. */
const MANY = 100;

/** Whether they are atoms and texts alone, of which none is too long: they need no walk, which counts. */
const isFlat = (args: readonly unknown[], json: string): boolean => {
  if (args.length > MANY || json.length > PLAIN_BOUNDS.bytes) return false;
  for (let i = 0; i < args.length; i++) if (typeof args[i] !== 'string' && !isPlainAtom(args[i])) return false;
  return isClean(json);
};

/** The arguments in a text, `''` for none. Throws GRAFT_BAD_ARGUMENT; `exceeded` is told where they are too large. */
export const argumentsOf = (json: string, exceeded: (what: string) => void): readonly unknown[] => {
  if (json === '') return NONE;
  if (json.length > ANSWER_BYTES_MAX) {
    const what = `arguments of more than ${ANSWER_BYTES_MAX} units of text`;
    exceeded(what);
    throw new GraftError('GRAFT_BAD_ARGUMENT', what);
  }
  const args = parsed(json);
  if (!isArray(args)) throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are no list');
  if (isFlat(args, json)) return args;
  const fault = faultOf(new ParsedWalk(isClean(json)), args);
  if (fault === null) return args;
  const what = `arguments${fault.path}: ${fault.why}`;
  if (fault.beyond) exceeded(what);
  throw new GraftError('GRAFT_BAD_ARGUMENT', what);
};
