// One connection to PostgreSQL. Statements are sent without waiting for the answers of those before, and are carried
// out in the order in which they were sent. So what is sent to undo a statement is carried out after it, and before
// whatever is sent later: the order on the wire is the order of things.
//
//   wire.ask(sql, …values)      the rows; rejects with the database's error, or with Cut where the connection is gone
//   wire.tell(sql)              the same, where nobody asks how it ended
//   wire.cut()                  the connection ends now, and whatever the database still did for it

import { GraftError } from '../../../plugins/index.ts';
import { STATEMENTS_MAX } from '../bounds.ts';
import { numbered, type SqlValue } from '../dialect.ts';

/** What is used of the library `pg`: the application's copy, or the host's. */
export interface PgLibrary {
  readonly Client: new (config: PgConfig) => PgClient;
  readonly Query: new (config: PgStatement & { readonly rowMode: 'array'; readonly types?: object }) => PgQuery;
}

/** How its connections are opened. */
export type PgConfig = Readonly<Record<string, unknown>>;

export interface PgResult {
  readonly rows: unknown[];
  readonly rowCount: number | null;
  readonly command: string;
}

interface PgStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly name?: string;
}

interface PgQuery {
  on(event: string, told: (what: unknown, of: unknown) => void): void;
}

export interface PgClient {
  readonly processID?: number | null;
  readonly connection: {
    readonly stream: {
      cork(): void;
      uncork(): void;
      destroy(): void;
      on(event: 'data', told: (chunk: unknown) => void): void;
    };
  };
  /** Where it connects to. */
  readonly connectionParameters: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly ssl: unknown;
  };
  connect(): Promise<unknown>;
  query(statement: PgStatement): Promise<PgResult>;
  query(query: PgQuery): unknown;
  on(event: string, told: (what: unknown) => void): void;
  end(): Promise<void>;
}

/** The connection is gone: what was on its way may have been carried out or not. */
export class Cut extends Error {
  constructor(cause: unknown) {
    super(`the connection is gone: ${(cause as Error | null)?.message ?? ''}`, { cause });
    this.name = 'Cut';
  }
}

export interface WireOptions {
  readonly library: PgLibrary;
  readonly config: PgConfig;
  /** How the database's list of sessions names it. */
  readonly name: string;
  /** Ends the session of a process number, over another connection. */
  readonly terminate: (pid: number) => void;
  /** Called when the connection is there, before anything else is sent: where it rejects, the wire is cut. */
  readonly checked: (ask: (sql: string, ...values: SqlValue[]) => Promise<unknown[]>) => Promise<void>;
  readonly onCut: () => unknown;
}

/** A code of five characters: the database itself has answered with an error. */
const isAnswer = (error: unknown): boolean => /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown } | null)?.code));

const MARK = /^(SAVEPOINT|RELEASE|ROLLBACK)/;

/** Errors of which the connection dies. */
const ENDS = /^(57P0|08)/;

export interface RunOptions {
  readonly take?: ((cells: readonly unknown[]) => void) | undefined;
}

export class Wire {
  readonly #options: WireOptions;
  readonly #client: PgClient;
  readonly #names = new Map<string, string>();
  /** Resolves when statements may be sent; null: they may. */
  #opening: Promise<void> | null;
  #isCorked = false;
  /** Null: it stands. */
  #cut: Cut | null = null;

  constructor(options: WireOptions) {
    this.#options = options;
    const config = { ...options.config, application_name: options.name, pipeline: true, keepAlive: true };
    this.#client = new options.library.Client(config);
    this.#client.on('error', (error) => this.#gone(error));
    this.#client.on('end', () => this.#gone(null));
    this.#opening = this.#open();
    // The first to hear of it: what waits is sent before what comes next.
    this.#opening.then(
      () => {
        this.#opening = null;
      },
      (error: unknown) => this.#gone(error),
    );
  }

  async #open(): Promise<void> {
    await this.#client.connect();
    await this.#options.checked((sql, ...values) => this.#send(sql, values).then(({ rows }) => rows));
  }

  /** Resolves when it is connected and checked. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  get isCut(): boolean {
    return this.#cut !== null;
  }

  /** The number of the process that serves it; null: not known yet. */
  get pid(): number | null {
    return this.#client.processID ?? null;
  }

  async ask<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]> {
    const { rows } = await this.run(sql, values);
    return rows as Row[];
  }

  tell(sql: string): void {
    this.run(sql, []).catch(() => {});
  }

  /** `take`: is given rows, as lists of cells, while they are read; the result has none then. */
  async run(sql: string, values: readonly unknown[], { take }: RunOptions = {}): Promise<PgResult> {
    try {
      if (this.#cut !== null) throw this.#cut;
      if (this.#opening !== null) return await this.#opening.then(() => this.#send(sql, values, take));
      return await this.#send(sql, values, take);
    } catch (error) {
      if (error instanceof GraftError || (isAnswer(error) && !ENDS.test((error as { code: string }).code))) throw error;
      this.#gone(error);
      throw this.#cut;
    }
  }

  #send(sql: string, values: readonly unknown[], take?: (cells: readonly unknown[]) => void): Promise<PgResult> {
    this.#gather();
    const text = numbered(sql);
    const name = this.#nameOf(text);
    const config = { text, values, ...(name === undefined ? {} : { name }) };
    return take === undefined ? this.#client.query(config) : this.#each(config, take);
  }

  #each(config: PgStatement, take: (cells: readonly unknown[]) => void): Promise<PgResult> {
    return new Promise((resolve, reject) => {
      const query = new this.#options.library.Query({ ...config, rowMode: 'array' });
      let failure: { readonly error: unknown } | null = null;
      query.on('row', (cells: unknown) => {
        if (failure !== null) return;
        try {
          take(cells as unknown[]);
        } catch (error) {
          failure = { error };
        }
      });
      query.on('error', reject);
      query.on('end', (result) => (failure === null ? resolve(result as PgResult) : reject(failure.error)));
      this.#client.query(query);
    });
  }

  /** Statements are prepared by their text, as far as the database is to keep them. */
  #nameOf(text: string): string | undefined {
    // These are sent where a statement may have failed. The library would take one that was not prepared for one that
    // was, as long as it has not heard of that failure.
    if (MARK.test(text)) return undefined;
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= STATEMENTS_MAX) return known;
    const name = `graftwork_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }

  /** What is sent in one turn leaves together. */
  #gather(): void {
    if (this.#isCorked) return;
    const { stream } = this.#client.connection;
    this.#isCorked = true;
    stream.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      stream.uncork();
    });
  }

  /** Ends it now: what the database still does for it is ended too, and taken back. */
  cut(): void {
    const { pid } = this;
    if (this.#cut !== null) return;
    if (pid !== null) this.#options.terminate(pid);
    this.#gone(new Error('it was cut'));
  }

  #gone(cause: unknown): void {
    if (this.#cut !== null) return;
    this.#cut = new Cut(cause);
    this.#client.end().catch(() => {});
    this.#client.connection.stream.destroy();
    this.#options.onCut();
  }

  /** Ends it when what has been sent is answered. */
  async close(): Promise<void> {
    if (this.#cut !== null) return;
    await this.#opening?.catch(() => {});
    if (this.#cut !== null) return;
    this.#cut = new Cut(new Error('it was closed'));
    await this.#client.end();
  }
}
