// Headers, as the Fetch standard has them; there is no fetch that takes them.

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const EDGES = /^[\t\n\r ]+|[\t\n\r ]+$/g;
const UNFIT = /[\0\r\n]|[^\0-\xff]/;
const COOKIE = 'set-cookie';

const nameOf = (name: unknown): string => {
  const text = `${name}`;
  if (!NAME.test(text)) throw new TypeError(`Headers: ${JSON.stringify(text)} is no name of a header`);
  return text.toLowerCase();
};

const checkedValue = (value: unknown): string => {
  const text = `${value}`.replace(EDGES, '');
  if (UNFIT.test(text)) throw new TypeError('Headers: the value has units that no header takes');
  return text;
};

const pairOf = (pair: unknown): [unknown, unknown] => {
  const list = [...(pair as Iterable<unknown>)];
  if (list.length !== 2) throw new TypeError('Headers: each header is a list of a name and a value');
  return list as [unknown, unknown];
};

const pairsOf = (init: unknown): (readonly [unknown, unknown])[] => {
  if (init === undefined) return [];
  if ((typeof init !== 'object' && typeof init !== 'function') || init === null)
    throw new TypeError('Headers: neither an object nor a list of headers');
  const iterates = (init as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  if (iterates === undefined || iterates === null) return Object.entries(init);
  return [...(init as Iterable<unknown>)].map(pairOf);
};

export class Headers {
  readonly #values = new Map<string, string[]>();

  constructor(init?: unknown) {
    for (const [name, value] of pairsOf(init)) this.append(name, value);
  }

  append(name: unknown, value: unknown): void {
    const key = nameOf(name);
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [checkedValue(value)]);
    else values.push(checkedValue(value));
  }

  delete(name: unknown): void {
    this.#values.delete(nameOf(name));
  }

  get(name: unknown): string | null {
    return this.#values.get(nameOf(name))?.join(', ') ?? null;
  }

  getSetCookie(): string[] {
    return [...(this.#values.get(COOKIE) ?? [])];
  }

  has(name: unknown): boolean {
    return this.#values.has(nameOf(name));
  }

  set(name: unknown, value: unknown): void {
    this.#values.set(nameOf(name), [checkedValue(value)]);
  }

  /** In the order of their names; each cookie is one of its own. */
  #sorted(): [string, string][] {
    const names = [...this.#values.keys()].sort();
    return names.flatMap((name): [string, string][] => {
      const values = this.#values.get(name) ?? [];
      return name === COOKIE ? values.map((value) => [name, value]) : [[name, values.join(', ')]];
    });
  }

  entries(): IterableIterator<[string, string]> {
    return this.#sorted().values();
  }

  keys(): IterableIterator<string> {
    return this.#sorted()
      .map(([name]) => name)
      .values();
  }

  values(): IterableIterator<string> {
    return this.#sorted()
      .map(([, value]) => value)
      .values();
  }

  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.#sorted()) each.call(self, value, name, this);
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }
}
