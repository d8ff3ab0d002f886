// A connection that runs statements of grafts, one at a time, each in a transaction that only reads and is undone. It
// logs in as a role that may read views and nothing else. It is cut where an answer is larger than may be taken in, and
// where nobody waits for it any more.

import type { PgClient, PgLibrary } from '../../store/index.ts';
import { AnswerText, StatementRefused } from '../answer-text.ts';
import { POSTGRES_BYTES_MAX, POSTGRES_CLOCK, SQL_BYTES_MAX, SQL_MESSAGE_MAX } from '../bounds.ts';
import type { SqlAnswer, SqlEnd } from '../engine.ts';
import type { StatementTask, Worker } from '../workers.ts';

export interface StatementRequest {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly rows_max: number;
}

interface Field {
  readonly name: string;
  readonly dataTypeID: number;
}

/** Types of which values are no texts: bool, bytea, int8, int2, int4, oid, float4, float8. */
const CELLS: Readonly<Record<number, (text: string) => unknown>> = {
  16: (text) => text === 't',
  17: (text) => Buffer.from(text.slice(2), 'hex'),
  20: BigInt,
  21: BigInt,
  23: BigInt,
  26: BigInt,
  700: Number,
  701: Number,
};
const asText = (text: string): string => text;
const TYPES = { getTypeParser: () => asText };

/** query_canceled. */
const TIME = '57014';
/** out_of_memory, disk_full, configuration_limit_exceeded: what is put aside lies in files of the server. */
const MEMORY: readonly string[] = ['53200', '53100', '53400'];
/** The connection, the server, its locks, a system error, an internal one, a view or a role that is gone. */
const NOT_THEIRS = /^(08|53|55|57|58|XX|3F|28|0A)/;

const failed = (why: string): SqlEnd => ({ is: 'failed', why });

const endOf = (error: unknown): SqlEnd => {
  const { code = '', message } = error as { code?: string; message: string };
  if (error instanceof StatementRefused) return { is: 'refused', why: message };
  if (code === TIME) return { is: 'exhausted', what: 'time' };
  if (MEMORY.includes(code)) return { is: 'exhausted', what: 'memory' };
  if (!/^[0-9A-Z]{5}$/.test(code) || NOT_THEIRS.test(code)) return failed(message);
  return { is: 'refused', why: message.replace(/graftwork_sql_\w+\.?/g, '').slice(0, SQL_MESSAGE_MAX) };
};

const cellsOf = (row: readonly (string | null)[], fields: readonly Field[]): unknown[] =>
  row.map((cell, at) => (cell === null ? null : (CELLS[fields[at]?.dataTypeID ?? 0] ?? asText)(cell)));

export class StatementConnection implements Worker {
  readonly #library: PgLibrary;
  readonly #client: PgClient;
  readonly #opened: Promise<unknown>;
  /** Why it is gone. */
  #gone: SqlEnd | null = null;
  #settle: ((end: SqlEnd) => void) | null = null;
  /** Bytes that have come for the statement that runs. */
  #bytes = 0;

  constructor(library: PgLibrary, client: PgClient, ended: (connection: StatementConnection) => void) {
    this.#library = library;
    this.#client = client;
    this.#opened = client.connect();
    this.#opened.catch((error: Error) => this.kill(failed(error.message)));
    client.on('error', (error) => this.kill(failed(String((error as Error).message))));
    client.on('end', () => {
      this.kill(failed('the connection has ended'));
      ended(this);
    });
    client.connection.stream.on('data', (chunk) => this.#took((chunk as Uint8Array).length));
  }

  get gone(): boolean {
    return this.#gone !== null;
  }

  #took(bytes: number): void {
    this.#bytes += bytes;
    if (this.#settle === null || this.#bytes <= POSTGRES_BYTES_MAX) return;
    this.kill({ is: 'refused', why: `the answer has more than ${SQL_BYTES_MAX} bytes: ask for fewer rows or columns` });
  }

  kill(end: SqlEnd): void {
    if (this.#gone !== null) return;
    this.#gone = end;
    this.#client.connection.stream.destroy();
    this.#settle?.(end);
  }

  async run({ grant, request, ms, signal }: StatementTask): Promise<SqlEnd> {
    await this.#opened.catch(() => {});
    if (signal.aborted) return { is: 'abandoned' };
    if (this.#gone !== null) return this.#gone;
    const { promise, resolve } = Promise.withResolvers<SqlEnd>();
    const abandon = (): void => this.kill({ is: 'abandoned' });
    this.#settle = resolve;
    this.#bytes = 0;
    signal.addEventListener('abort', abandon);
    this.#statement(grant, JSON.parse(request) as StatementRequest, ms).then(resolve, (error) => resolve(endOf(error)));
    try {
      return await promise;
    } finally {
      this.#settle = null;
      signal.removeEventListener('abort', abandon);
    }
  }

  async #statement(schema: string, { text, values, rows_max }: StatementRequest, ms: number): Promise<SqlEnd> {
    const client = this.#client;
    await client.query({
      text:
        `BEGIN READ ONLY; SET LOCAL search_path TO "${schema}"; ` +
        `SET LOCAL statement_timeout = ${POSTGRES_CLOCK * ms}`,
    });
    try {
      const answer = await this.#rows(text, values, rows_max);
      return { is: 'answered', answer };
    } finally {
      if (this.#gone === null) await client.query({ text: 'ROLLBACK' });
    }
  }

  #rows(text: string, values: readonly unknown[], rows_max: number): Promise<SqlAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<SqlAnswer>();
    const query = new this.#library.Query({ text, values, rowMode: 'array', types: TYPES });
    let answer: AnswerText | null = null;
    const begin = (fields: readonly Field[]): AnswerText =>
      new AnswerText(
        fields.map(({ name }) => name),
        rows_max,
      );
    const refusing = (work: () => void): void => {
      try {
        work();
      } catch (error) {
        // The rest is not wanted.
        this.kill(endOf(error));
      }
    };
    query.on('row', (row, result) =>
      refusing(() => {
        if (this.#gone !== null) return;
        const { fields } = result as { fields: readonly Field[] };
        answer ??= begin(fields);
        answer.add(cellsOf(row as (string | null)[], fields));
      }),
    );
    query.on('error', reject);
    query.on('end', (result) =>
      refusing(() => {
        if (this.#gone !== null) return;
        const told = (answer ?? begin((result as { fields: readonly Field[] }).fields)).text;
        resolve({ ...(JSON.parse(told) as Omit<SqlAnswer, 'changes'>), changes: 0 });
      }),
    );
    this.#client.query(query);
    return promise;
  }
}
