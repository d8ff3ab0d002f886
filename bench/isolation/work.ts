// The workloads that kinds are compared on: three functions, each with its inputs in turn, its graft's source with
// columns and without, and its answer as a number. Equal seeds give equal inputs, so every kind and every floor must
// compute the same answers.

import type { Column, ColumnOptions, PointOptions } from 'graftwork/plugins';
import { direct, type Source } from './source.ts';

type Columns = Readonly<Record<string, Column>>;

/** One workload, in its state: it goes from turn to turn by itself. */
export interface Work {
  /** The next input: small if columns carry the rest, else everything. */
  input(): unknown;
  /** The graft. */
  readonly source: Source;
  value(answer: unknown): number;
  /** Further options of its graft point. */
  readonly point: Pick<PointOptions, 'columns' | 'fill' | 'check'>;
}

/** Makes a workload; `columns` says whether host and graft share memory. */
export type MakeWork = (seed: number, columns: boolean) => Work;

const asNumber = (answer: unknown): number => {
  if (typeof answer !== 'number') throw new Error(`a graft answered ${String(answer).slice(0, 100)}`);
  return answer;
};

/** The next number. */
export const ADD: Source = { js: '(n) => n + 1', wat: direct('(f64.add (local.get $n) (f64.const 1))') };

const add: MakeWork = (seed) => {
  let turn = seed & 1023;
  return {
    input: () => (turn = (turn + 7) & 1023),
    source: ADD,
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

  /** Uses one page, and writes another. */
  step(): number {
    this.#turn = (this.#turn + 1) & 1023;
    this.age[this.#random() & (PAGES - 1)] = this.#random() & 1023;
    this.dirty[this.#turn & (PAGES - 1)] = this.#turn & 1;
    return this.#turn;
  }

  rows(): { id: number; age: number; dirty: boolean }[] {
    const rows: { id: number; age: number; dirty: boolean }[] = [];
    for (let i = 0; i < PAGES; i++)
      rows.push({ id: this.id[i] as number, age: this.age[i] as number, dirty: this.dirty[i] === 1 });
    return rows;
  }

  fill({ id, age, dirty }: Columns): void {
    (id as Int32Array).set(this.id);
    (age as Int32Array).set(this.age);
    (dirty as Uint8Array).set(this.dirty);
  }
}

/** The policy's decision: the oldest page that is clean, or else the oldest. */
export const COLUMN_POLICY = `(id, age, dirty) => {
  let best = 0;
  for (let i = 1; i < id.length; i++)
    if (dirty[i] < dirty[best] || (dirty[i] === dirty[best] && age[i] > age[best])) best = i;
  return id[best];
}`;

/** The same; columns lie at 1024, 2048 and 4096. */
const WASM_POLICY = `
  (global (export "column_id") i32 (i32.const 1024))
  (global (export "column_age") i32 (i32.const 2048))
  (global (export "column_dirty") i32 (i32.const 4096))
  ${direct(`
    (local $i i32) (local $best i32) (local $here i32) (local $there i32)
    (loop $next
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (local.set $here (i32.load8_u offset=4096 (local.get $i)))
      (local.set $there (i32.load8_u offset=4096 (local.get $best)))
      (if (i32.or
            (i32.lt_u (local.get $here) (local.get $there))
            (i32.and
              (i32.eq (local.get $here) (local.get $there))
              (i32.gt_s
                (i32.load offset=2048 (i32.shl (local.get $i) (i32.const 2)))
                (i32.load offset=2048 (i32.shl (local.get $best) (i32.const 2))))))
        (then (local.set $best (local.get $i))))
      (br_if $next (i32.lt_s (local.get $i) (i32.const ${PAGES - 1}))))
    (f64.convert_i32_s (i32.load offset=1024 (i32.shl (local.get $best) (i32.const 2))))`)}`;

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
      source: { js: ROW_POLICY },
      value: asNumber,
      point: { check: isPage },
    };
  return {
    input: () => pages.step(),
    source: {
      js: `((choose) => (turn, api) => choose(api.columns.id, api.columns.age, api.columns.dirty))(${COLUMN_POLICY})`,
      wat: WASM_POLICY,
    },
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

/** The same in the JSON text, which has the same words: four bytes at a time. Its one text lies at 65536. */
const WASM_FILTER = `
  (func (export "alloc") (param i32) (result i32) (i32.const 65536))
  (func (export "graft_graft") (param $at i32) (param $length i32) (result i64)
    (local $i i32) (local $end i32)
    (local.set $i (local.get $at))
    (local.set $end (i32.sub (i32.add (local.get $at) (local.get $length)) (i32.const 4)))
    (loop $next
      (if (i32.eq (i32.load align=1 (local.get $i)) (i32.const 0x6e726164))
        (then (i32.store align=1 (local.get $i) (i32.const 0x2a2a2a2a))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $i) (local.get $end))))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $length))))`;

const filter: MakeWork = (seed) => {
  const texts = textsOf(seed);
  let turn = 0;
  return {
    input() {
      turn = (turn + 1) & 7;
      return texts[turn];
    },
    source: { js: FILTER, wat: WASM_FILTER },
    value: (answer) => (answer as string).length + (answer as string).indexOf('*'),
    point: { check: (answer) => typeof answer === 'string' && answer.length === TEXT_LENGTH },
  };
};

/** The workloads, in the order of the report. */
export const WORK: Readonly<Record<string, MakeWork>> = { add, policy, filter };

export const WORK_WORDS: Readonly<Record<string, string>> = {
  add: 'adds one to a number',
  policy: `chooses among ${PAGES} page descriptors: columns in shared memory where the kind has them, else copied rows`,
  filter: 'replaces a word in a text of 2 KB',
};
