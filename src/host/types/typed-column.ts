// A column whose values are of a data type, and the column beside it that holds their keys. Rows are put in order, and
// looked up, by the key; what is read is the value.
//
// Keys are trusted when all rows have been looked at once, at the first use after a start: others may have written.

import { GraftError } from '../../plugins/index.ts';
import type { Host } from '../host.ts';
import type { HostTable } from '../host-table.ts';
import type { Row, Scalar } from '../store/index.ts';
import { BATCH_TEXTS_MAX, type TypedValue } from './batch.ts';
import type { DataType } from './data-type.ts';

/** Pages of rows that are all looked at when another version of a type comes; of those after them, one in so many. */
const PAGES_CHECKED_MAX = 100;
const PAGES_STEP = 10;
/** Values of each column that a type is tried on with its examples. */
const TRIED = 50;

export interface ColumnNames {
  readonly table: string;
  /** The only primary column. */
  readonly primary: string;
  readonly column: string;
  readonly key: string;
}

type Read = (texts: readonly string[]) => Promise<readonly (TypedValue | null)[]>;

interface TypedCell {
  readonly id: Scalar;
  readonly text: string;
  readonly key: string | null;
}

export class TypedColumn {
  readonly type: DataType;
  readonly names: ColumnNames;
  readonly #host: Host;
  #state: 'unknown' | 'good' | 'stale' = 'unknown';
  #why = '';
  #checking: Promise<void> | null = null;
  /** Whether every value had a key when somebody looked. */
  #isKeyed = false;

  constructor(host: Host, type: DataType, names: ColumnNames) {
    this.#host = host;
    this.type = type;
    this.names = names;
  }

  get #name(): string {
    return `${this.names.table}.${this.names.column}`;
  }

  get #table(): HostTable {
    return this.#host.table(this.names.table);
  }

  #pageAfter(last: Scalar): object {
    const { primary, column, key } = this.names;
    return {
      columns: [primary, column, key],
      where: { [column]: { op: '!=', value: null }, ...(last === null ? {} : { [primary]: { op: '>', value: last } }) },
      orderBy: [{ column: primary }],
      limit: BATCH_TEXTS_MAX,
    };
  }

  /** The last committed rows. */
  #read(options: object): Promise<Row[]> {
    return this.#table.read(options as never) as Promise<Row[]>;
  }

  #cells(rows: readonly Row[]): TypedCell[] {
    const { primary, column, key } = this.names;
    return rows.map((row) => ({
      id: row[primary] as Scalar,
      text: String(row[column]),
      key: row[key] as string | null,
    }));
  }

  /** Committed cells that are not null, page by page. */
  async *#pages(): AsyncGenerator<readonly TypedCell[]> {
    for (let last: Scalar = null; ; ) {
      const cells = this.#cells(await this.#read(this.#pageAfter(last)));
      if (cells.length === 0) return;
      yield cells;
      last = (cells.at(-1) as TypedCell).id;
    }
  }

  /** Values that a new type is tried on. */
  async some(): Promise<string[]> {
    const { column } = this.names;
    const options = { columns: [column], where: { [column]: { op: '!=', value: null } }, limit: TRIED };
    const rows = await this.#read(options);
    return rows.map((row) => String(row[column]));
  }

  /** Throws GRAFT_TRIAL where `read` gives other keys than those that are stored. Rows without a key do not count. */
  async agree(read: Read): Promise<void> {
    if (this.#state === 'stale') return;
    let page = 0;
    for await (const cells of this.#pages()) {
      if (page++ >= PAGES_CHECKED_MAX && page % PAGES_STEP !== 0) continue;
      const keyed = cells.filter(({ key }) => key !== null);
      const wrong = await firstWrong(keyed, read);
      if (wrong !== null)
        throw new GraftError(
          'GRAFT_TRIAL',
          `type ${this.type.name}: ${this.#name} holds ${wrong}, by another key: index it anew (reindex)`,
        );
    }
  }

  /** The type is another one now: what was found stale may be good. */
  tried(): void {
    if (this.#state === 'stale') this.#state = 'unknown';
  }

  /** Refuses until it is indexed anew. */
  makeStale(why: string): void {
    this.#state = 'stale';
    this.#why = why;
  }

  /**
   * Throws GRAFT_TYPE_STALE where keys are not those of the values. Where no plugin brings the type, the stored keys
   * count.
   */
  async ready(): Promise<void> {
    if (this.#state === 'unknown') {
      this.#checking ??= this.#check().finally(() => {
        this.#checking = null;
      });
      await this.#checking;
    }
    if (this.#state === 'stale') throw new GraftError('GRAFT_TYPE_STALE', `${this.#name}: ${this.#why}`);
  }

  async #check(): Promise<void> {
    const { column, key } = this.names;
    if (!this.#isKeyed) {
      const where = { [column]: { op: '!=', value: null }, [key]: null };
      const bare = await this.#read({ columns: [this.names.primary], where, limit: 1 });
      if (bare.length > 0) return this.makeStale('a row has no key');
      this.#isKeyed = true;
    }
    if (!(await this.type.isThere())) return;
    for await (const cells of this.#pages()) {
      const wrong = await firstWrong(cells, (texts) => this.type.read(texts));
      if (wrong !== null) return this.makeStale(`${wrong} has another key`);
    }
    this.#state = 'good';
  }

  /** Gives every row its key, and the text that the type has for its value, in one transaction. */
  async reindex(): Promise<number> {
    const { primary, column, key } = this.names;
    let count = 0;
    await this.#host.transaction(async (txn) => {
      count = 0;
      const table = this.#host.table(this.names.table).in(txn);
      // Keys of before and after could be the same for different rows of a unique index.
      await table.update({ [key]: { op: '!=', value: null } }, { [key]: null });
      for (let last: Scalar = null; ; ) {
        const cells = this.#cells((await table.find(this.#pageAfter(last) as never)) as Row[]);
        if (cells.length === 0) return;
        const values = await this.type.read(
          cells.map(({ text }) => text),
          txn,
        );
        for (const [i, cell] of cells.entries()) {
          const value = values[i];
          if (value === null || value === undefined)
            throw new GraftError(
              'GRAFT_TYPE_STALE',
              `${this.#name}: ${JSON.stringify(cell.text.slice(0, 60))} is no ${this.type.name}`,
            );
          await table.update({ [primary]: cell.id }, { [column]: value.text, [key]: value.key });
        }
        count += cells.length;
        last = (cells.at(-1) as TypedCell).id;
      }
    });
    this.#state = 'good';
    this.#isKeyed = true;
    return count;
  }
}

/** The first cell whose key is not that of its value; null: none. */
const firstWrong = async (cells: readonly TypedCell[], read: Read): Promise<string | null> => {
  if (cells.length === 0) return null;
  const texts = [...new Set(cells.map(({ text }) => text))];
  const values = await read(texts);
  const byText = new Map(texts.map((text, i) => [text, values[i]]));
  const wrong = cells.find(({ text, key }) => {
    const value = byText.get(text);
    return value?.text !== text || value.key !== key;
  });
  return wrong === undefined ? null : JSON.stringify(wrong.text.slice(0, 60));
};
