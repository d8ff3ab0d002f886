// A store on a real file in a folder of its own, for tests: two tables, a way to run transactions that wait for locks,
// and connections that fail.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EntitySchema } from 'typeorm';
import {
  isPostgres,
  openPostgres,
  openStore,
  type SqliteStore,
  type Store,
  type StoreOptions,
} from '../../../src/host/store/index.ts';
import {
  type Base,
  type Callable,
  type CallableTree,
  type Caller,
  commitTop,
  type GraftError,
  RESOURCES,
} from '../../../src/plugins/index.ts';
import { type Aborted, Account, type Clock, Ticket, type Transaction, Transactions } from '../../../src/txn/index.ts';

export const Owner = new EntitySchema<{ id: number }>({
  name: 'Owner',
  tableName: 'owner',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    name: { type: 'text', unique: true },
    age: { type: 'integer', nullable: true },
    score: { type: 'real', nullable: true },
    active: { type: 'boolean', default: true },
    secret: { type: 'text', nullable: true, select: false },
    photo: { type: 'blob', nullable: true },
  } as never,
  checks: [{ name: 'owner_age', expression: '"age" IS NULL OR "age" >= 0' }],
});

export const Purchase = new EntitySchema<{ id: string }>({
  name: 'Purchase',
  tableName: 'purchase',
  columns: {
    id: { type: 'text', primary: true, generated: 'uuid' },
    owner: {
      type: 'integer',
      foreignKey: { target: 'Owner', deferrable: 'INITIALLY DEFERRED', name: 'purchase_owner' },
    },
    version: { type: 'integer', version: true },
    changed: { type: 'datetime', updateDate: true },
  } as never,
});

export const ENTITIES = [Owner, Purchase];

/** The table `owner` as far as both databases have its types. */
export const OwnerOfAny = new EntitySchema<{ id: number; name: string; age: number | null }>({
  name: 'Owner',
  tableName: 'owner',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    name: { type: 'text', unique: true },
    age: { type: 'integer', nullable: true },
    active: { type: 'boolean', default: true },
    born: { type: 'date', nullable: true },
    extra: { type: 'simple-json', nullable: true },
    secret: { type: 'text', nullable: true, select: false },
    version: { type: 'integer', version: true },
  } as never,
  checks: [{ name: 'owner_age', expression: '"age" IS NULL OR "age" >= 0' }],
});

/** Real time, for tests that do not depend on it. */
export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves when the ticket is settled. */
export const settled = (ticket: Ticket): Promise<void> =>
  ticket.state === 'waiting'
    ? new Promise((resolve) => {
        ticket.onSettled = resolve;
      })
    : Promise.resolve();

/** Does something in a transaction, as often as it takes until no lock is in the way. */
export const patiently = async <T>(act: () => T | Ticket | Promise<T>): Promise<T> => {
  for (;;) {
    const answer = await act();
    if (!(answer instanceof Ticket)) return answer;
    await settled(answer);
  }
};

/** What cannot be a ticket here, since nobody else is there. */
export const now = <T>(answer: T | Ticket): T => {
  if (answer instanceof Ticket) throw new Error(`waits for ${answer.lock.name}`);
  return answer;
};

export const folder = (): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'graftwork-store-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

export class Fixture<S extends Store = SqliteStore> {
  readonly file: string;
  readonly transactions: Transactions;
  readonly reports: GraftError[];
  readonly undoFailures: unknown[] = [];
  store!: S;

  private constructor(file: string, clock: Clock, reports: GraftError[]) {
    this.file = file;
    this.reports = reports;
    this.transactions = new Transactions({ clock, report: (report) => this.undoFailures.push(report) });
  }

  static async open(file: string, options: Partial<StoreOptions> & { readonly clock?: Clock } = {}): Promise<Fixture> {
    const { clock = realClock, ...rest } = options;
    const fixture = new Fixture<SqliteStore>(file, clock, []);
    fixture.store = await openStore(`sqlite:${file}`, { ...fixture.#own, ...rest });
    return fixture;
  }

  /** A store of either database. */
  static async at(
    url: string,
    options: Pick<StoreOptions, 'onStep' | 'lock_timeout_ms'> = {},
  ): Promise<Fixture<Store>> {
    const fixture = new Fixture<Store>(url, realClock, []);
    const open = isPostgres(url) ? openPostgres : openStore;
    fixture.store = await open(url, { ...fixture.#own, entities: [OwnerOfAny], ...options });
    return fixture;
  }

  get #own(): Pick<StoreOptions, 'transactions' | 'entities' | 'report'> {
    const report = (error: GraftError): unknown => this.reports.push(error);
    return { transactions: this.transactions, entities: ENTITIES, report };
  }

  begin(): Transaction {
    return this.transactions.begin();
  }

  /** Commits as a host does; why the store refused, or null. */
  commit(txn: Transaction): Aborted | null {
    const base = { participant: this.store } as Partial<Base> as Base;
    return commitTop(base, txn) as Aborted | null;
  }

  /** The same where the COMMIT takes time. */
  async committed(txn: Transaction): Promise<Aborted | null> {
    return this.commit(txn);
  }

  /** A transaction that does something and commits. */
  async transact<T>(act: (txn: Transaction) => T | Ticket | Promise<T>): Promise<T> {
    const txn = this.begin();
    const answer = await patiently(() => act(txn));
    const failure = await this.committed(txn);
    if (failure !== null) throw failure;
    return answer;
  }
}

/** A graft's call, as a callable sees it, with an account of its own. */
export const callerOf = (
  txn: Transaction,
  options: { readonly readOnly?: boolean; readonly writes?: number } = {},
): Caller => {
  const account = new Account(RESOURCES);
  account.create(0, 1000);
  account.create(1, options.writes ?? 1000);
  txn.account = account;
  return {
    txn,
    plugin: 'p',
    graftName: 'p/g',
    installer: 'test',
    principal: '',
    depth: 0,
    readOnly: options.readOnly === true,
    log: () => {},
  };
};

/** Calls a callable of a tree. */
export const call = (tree: CallableTree, name: string, caller: Caller, ...args: unknown[]): unknown =>
  (tree[name] as Callable).run(caller, args);

/** The code and message of what is thrown. */
export const thrown = (
  act: () => unknown,
): { readonly code?: string; readonly reason?: string; readonly message: string } => {
  try {
    act();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was thrown');
};
