// What a plugin's author imports: `import { refuse } from 'graftwork-sdk'`, or from `graftwork/sdk`, which is the same.
// The bundler puts the text of this module into the plugin, whether the package is installed beside it or not: so what
// a plugin has of it is always its host's own. The types are those of what a graft finds under `api`; an author puts
// them together as the graft point's documentation says.

/** A graft: an ordinary function, `async` or not. `Api` is what the plugin's `needs` name. */
export type Graft<Input = unknown, Api = unknown, Answer = unknown> = (
  input: Input,
  api: Api,
) => Answer | Promise<Answer>;

/** What crosses between a graft and its host, both ways; also bytes (`Uint8Array`), where a schema says so. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

/** A map of the host's, as `readable()` offers it. */
export interface ReadableMap<V> {
  /** Null: there is no such key. */
  get(key: string): V | null;
  has(key: string): boolean;
  keys(): string[];
}

/** A map of the host's, as `writable()` offers it; and `api.storage`, the plugin's own. */
export interface WritableMap<V> extends ReadableMap<V> {
  set(key: string, value: V): void;
  delete(key: string): void;
}

export interface ReadableCell<V> {
  get(): V;
}

export interface WritableCell<V> extends ReadableCell<V> {
  set(value: V): void;
}

export interface ReadableCounter {
  get(): number;
}

export interface WritableCounter extends ReadableCounter {
  add(amount: number): void;
}

export interface ReadableList<V> {
  /** Null: there is no such index. */
  get(index: number): V | null;
  length(): number;
}

export interface WritableList<V> extends ReadableList<V> {
  push(value: V): void;
  /** The last value, taken out; null: the list is empty. */
  pop(): V | null;
}

/** `api.log`: a line of text, kept with the record of the call. */
export type Log = (text: string) => void;

/** A refusal where there is no host: in an author's own tests. In a host, `refuse` throws what the host alone knows. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Refused';
    this.code = code;
  }
}

interface Realm {
  readonly __graftwork_refuse?: (code: string, message: string) => never;
}

/**
 * Says no on purpose: the call is undone, the caller gets `code` and `message`, and it never counts against the graft.
 */
export const refuse = (code: string, message: string): never => {
  const refused = (globalThis as Realm).__graftwork_refuse;
  if (refused === undefined) throw new Refused(code, message);
  return refused(code, message);
};

/** A data type for columns of a host's database. What it throws ends the host's call. */
export interface DataTypeOf<Value> {
  /** At least three texts of values: the type is tried on them before it is installed. */
  readonly examples: readonly string[];
  /** The value of a text; null: it is none. */
  parse(text: string): Value | null;
  /** The text of a value, which is read as that value, and as itself. */
  format(value: Value): string;
  /** Below 0, 0 or above: a total order. */
  compare(a: Value, b: Value): number;
  /** A text of printable ASCII, at most 500: keys are in the order of the values, and those of equal values equal. */
  key(value: Value): string;
  /** Functions of values by name, which give plain data. */
  readonly operators?: Readonly<Record<string, (...values: Value[]) => Plain>>;
}

export interface TypeQuestions {
  readonly read: readonly string[];
  readonly compare: readonly (readonly [string, string])[];
  readonly apply: readonly (readonly [string, ...string[]])[];
  readonly examples: boolean;
}

/** The graft that brings a data type, for a point `db/type/NAME`. */
export const dataType = <Value>(type: DataTypeOf<Value>): Graft<TypeQuestions> => {
  const applied = ([name, ...texts]: readonly [string, ...string[]]): Plain => {
    const operators = type.operators ?? {};
    const values = texts.map((text) => type.parse(text));
    return Object.hasOwn(operators, name) && values.every((value) => value !== null)
      ? ((operators[name] as (...values: Value[]) => Plain)(...(values as Value[])) ?? null)
      : null;
  };
  return ({ read, compare, apply, examples }) => {
    const parsed = new Map<string, Value | null>();
    const parsedOf = (text: string): Value | null => {
      const known = parsed.get(text);
      if (known !== undefined) return known;
      const value = type.parse(text);
      parsed.set(text, value);
      return value;
    };
    return {
      read: read.map((text) => {
        const value = type.parse(text);
        return value === null ? null : { text: type.format(value), key: type.key(value) };
      }),
      compare: compare.map(([a, b]) => {
        const [one, other] = [parsedOf(a), parsedOf(b)];
        return one === null || other === null ? null : type.compare(one, other);
      }),
      apply: apply.map(applied),
      examples: examples ? [...type.examples] : [],
    };
  };
};
