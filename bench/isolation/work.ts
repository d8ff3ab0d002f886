// What the kinds are compared on: three functions, each with its inputs in turn, what a graft's source is with columns and without, and what the answer
// comes to as a number. Equal seeds give equal inputs, so every kind and every floor must come to the same answers.

import type { Column, ColumnOptions, PointOptions } from '../../src/plugins/index.ts';

type Columns = Readonly<Record<string, Column>>;

/** One workload, in its state: it goes from turn to turn by itself. */
export interface Work {
  /** The next input: small where columns carry the rest, else everything. */
  input(): unknown;
  /** The graft, a function expression of input and api. */
  readonly source: string;
  value(answer: unknown): number;
  /** What its graft point declares besides. */
  readonly point: Pick<PointOptions, 'columns' | 'fill' | 'check'>;
}

/** Makes a workload; `columns` says whether host and graft share memory. */
export type MakeWork = (seed: number, columns: boolean) => Work;

const asNumber = (answer: unknown): number => {
  if (typeof answer !== 'number') throw new Error(`a graft answered ${String(answer).slice(0, 100)}`);
  return answer;
};

const add: MakeWork = (seed) => {
  let turn = seed & 1023;
  return {
    input: () => (turn = (turn + 7) & 1023),
    source: '(n) => n + 1',
    value: asNumber,
    point: { check: (answer, n) => answer === (n as number) + 1 },
  };
};

export const PAGES = 64;

/** Page descriptors as a host keeps them. They age from turn to turn. */
class Pages {
  readonly id = new Int32Array(PAGES);
  readonly age = new Int32Array(PAGES);
  readonly dirty = new Uint8Array(PAGES);
  #state: number;
  #turn = 0;

  constructor(seed: number) {
    this.#state = seed | 1;
    for (let i = 0; i < PAGES; i++) {
      this.id[i] = 1000 + i;
      this.age[i] = this.#random() & 1023;
      this.dirty[i] = this.#random() & 1;
    }
  }

  /** Numerical Recipes' linear congruential generator. */
  #random(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) | 0;
    return this.#state >>> 16;
  }

  /** One page is used, and another written. */
  step(): number {
    this.#turn = (this.#turn + 1) & 1023;
    this.age[this.#random() & (PAGES - 1)] = this.#random() & 1023;
    this.dirty[this.#turn & (PAGES - 1)] = this.#turn & 1;
    return this.#turn;
  }

  rows(): { id: number; age: number; dirty: boolean }[] {
    const rows: { id: number; age: number; dirty: boolean }[] = [];
    for (let i = 0; i < PAGES; i++) rows.push({ id: this.id[i] as number, age: this.age[i] as number, dirty: this.dirty[i] === 1 });
    return rows;
  }

  fill({ id, age, dirty }: Columns): void {
    (id as Int32Array).set(this.id);
    (age as Int32Array).set(this.age);
    (dirty as Uint8Array).set(this.dirty);
  }
}

/** What the policy decides: the oldest page that is clean, or else the oldest. */
export const COLUMN_POLICY = `(id, age, dirty) => {
  let best = 0;
  for (let i = 1; i < id.length; i++)
    if (dirty[i] < dirty[best] || (dirty[i] === dirty[best] && age[i] > age[best])) best = i;
  return id[best];
}`;

const ROW_POLICY = `(rows) => {
  let best = rows[0];
  for (const row of rows)
    if (row.dirty < best.dirty || (row.dirty === best.dirty && row.age > best.age)) best = row;
  return best.id;
}`;

const PAGE_COLUMNS: Readonly<Record<string, ColumnOptions>> = {
  id: { type: 'i32', length: PAGES },
  age: { type: 'i32', length: PAGES },
  dirty: { type: 'u8', length: PAGES },
};

const isPage = (answer: unknown): boolean => (answer as number) >= 1000 && (answer as number) < 1000 + PAGES;

const policy: MakeWork = (seed, columns) => {
  const pages = new Pages(seed);
  if (!columns)
    return {
      input() {
        pages.step();
        return pages.rows();
      },
      source: ROW_POLICY,
      value: asNumber,
      point: { check: isPage },
    };
  return {
    input: () => pages.step(),
    source: `((choose) => (turn, api) => choose(api.columns.id, api.columns.age, api.columns.dirty))(${COLUMN_POLICY})`,
    value: asNumber,
    point: { columns: PAGE_COLUMNS, fill: (_input, shared) => pages.fill(shared), check: isPage },
  };
};

const TEXT_LENGTH = 2048;
const WORDS = ['ledger', 'harbour', 'of', 'the', 'signal', 'darn', 'copper', 'a', 'window', 'north'];

/** Texts of words, all of one length. */
const textsOf = (seed: number): string[] => {
  const texts: string[] = [];
  for (let t = 0; t < 8; t++) {
    let text = '';
    for (let i = seed + t; text.length < TEXT_LENGTH; i += 1 + ((i * i) & 3)) text += `${WORDS[i % WORDS.length]} `;
    texts.push(text.slice(0, TEXT_LENGTH));
  }
  return texts;
};

export const FILTER = `(text) => text.replaceAll('darn', '****')`;

const filter: MakeWork = (seed) => {
  const texts = textsOf(seed);
  let turn = 0;
  return {
    input() {
      turn = (turn + 1) & 7;
      return texts[turn];
    },
    source: FILTER,
    value: (answer) => (answer as string).length + (answer as string).indexOf('*'),
    point: { check: (answer) => typeof answer === 'string' && answer.length === TEXT_LENGTH },
  };
};

/** The workloads, in the order in which they are told. */
export const WORK: Readonly<Record<string, MakeWork>> = { add, policy, filter };

export const WORK_WORDS: Readonly<Record<string, string>> = {
  add: 'adds one to a number',
  policy: `chooses among ${PAGES} page descriptors: columns in shared memory where the kind has them, else copied rows`,
  filter: 'replaces a word in a text of 2 KB',
};
