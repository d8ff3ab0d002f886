// What a query costs that is a graft, over the same prepared statement run by itself: a row by its key, from PostgreSQL
// in a process, and from SQLite in an isolate. Pairs are measured in turn; what counts is the difference within each.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { EntitySchema } from 'typeorm';
import { machine, quantile } from '../report/index.ts';
import { createHost, type HostOptions } from '../src/host/index.ts';
import { IsolateMaker } from '../src/plugins/compartment/index.ts';
import { startPostgres, whyNoPostgres } from '../test/support/postgres.ts';
import type { Benchmark } from './benchmark.ts';
import { hashOf, type Row, row } from './measure.ts';

interface Size {
  readonly pairs: number;
  /** Queries of each kind a pair. */
  readonly queries: number;
}

const SMALL: Size = { pairs: 3, queries: 20 };
const FULL: Size = { pairs: 20, queries: 300 };
const ROWS = 1000;

const Item = new EntitySchema<{ id: number; price: number }>({
  name: 'Item',
  tableName: 'item',
  columns: { id: { type: 'integer', primary: true }, price: { type: 'integer' } } as never,
});

/** Gives the price of an item. */
type Query = (id: number) => Promise<number> | number;

interface Beside {
  readonly graft: Query;
  readonly direct: Query;
  close(): Promise<void>;
}

const CODE = `export const price = (id, api) =>
  api.item.find({ where: { id }, columns: ['price'] })[0].price;`;

const grafted = async (options: HostOptions): Promise<{ readonly graft: Query; close(): Promise<void> }> => {
  const host = await createHost({ ...options, entities: [Item] });
  const items = host.table('item');
  await host.transaction(async (txn) => {
    for (let id = 0; id < ROWS; id++) await items.in(txn).insert({ id, price: id * 7 });
  });
  const point = host.graftPoint<number, number>({
    name: 'shop/price',
    kind: 'function',
    readOnly: true,
    default: () => Number.NaN,
    callable: { item: items.callables({ read: 'all' }) },
  });
  const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }], needs: ['item'] };
  await host.install({ manifest: { name: 'price', graftwork }, files: { 'index.js': CODE } });
  return { graft: (id) => point.call(id), close: () => host.close() };
};

const onPostgres = async (): Promise<Beside> => {
  const server = await startPostgres({ durable: true });
  if (server === null) throw new Error(whyNoPostgres() ?? '');
  const database = await server.database();
  const { graft, close } = await grafted({ store: database.url });
  const client = new pg.Client({ connectionString: database.url, pipeline: true });
  await client.connect();
  const text = 'SELECT "price" FROM "item" WHERE "id" = $1 LIMIT $2 OFFSET $3';
  return {
    graft,
    direct: async (id) => {
      const { rows } = await client.query({ name: 'price', text, values: [id, ROWS + 1, 0], rowMode: 'array' });
      return (rows[0] as number[])[0] as number;
    },
    close: async () => {
      await client.end();
      await close();
      await database.remove();
      await server.stop();
    },
  };
};

const onSqlite = async (): Promise<Beside> => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-bench-'));
  const file = join(folder, 'bench.db');
  const { graft, close } = await grafted({ store: `sqlite:${file}`, compartment: new IsolateMaker() });
  const database = new DatabaseSync(file, { readOnly: true });
  const statement = database.prepare('SELECT "price" FROM "item" WHERE "id" = ? LIMIT ? OFFSET ?');
  return {
    graft,
    direct: (id) => (statement.get(id, ROWS + 1, 0) as { price: number }).price,
    close: async () => {
      database.close();
      await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

interface Found {
  readonly rows: readonly Row[];
  /** Graft less direct, the median of the pairs' medians, in µs. */
  readonly more_us: number;
}

const measure = async (query: Query, count: number): Promise<{ times: number[]; sum: number }> => {
  const times: number[] = [];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    sum += await query((i * 37) % ROWS);
    times.push((performance.now() - begun) * 1e6);
  }
  return { times, sum };
};

const pairs = async (beside: Beside, size: Size): Promise<Found> => {
  const times = { direct: [] as number[], graft: [] as number[] };
  const sums = { direct: [] as number[], graft: [] as number[] };
  const more: number[] = [];
  try {
    for (let pair = -1; pair < size.pairs; pair++) {
      const medians = { direct: 0, graft: 0 };
      for (const kind of pair % 2 === 0 ? (['direct', 'graft'] as const) : (['graft', 'direct'] as const)) {
        const found = await measure(beside[kind], size.queries);
        medians[kind] = quantile(found.times, 0.5);
        if (pair < 0) continue;
        times[kind].push(...found.times);
        sums[kind].push(found.sum);
      }
      if (pair >= 0) more.push((medians.graft - medians.direct) / 1000);
    }
  } finally {
    await beside.close();
  }
  const floor = quantile(times.direct, 0.5);
  return {
    rows: [
      row('the statement by itself', times.direct, floor, hashOf(sums.direct)),
      row('a graft that runs it', times.graft, floor, hashOf(sums.graft)),
    ],
    more_us: quantile(more, 0.5),
  };
};

export const database: Benchmark = {
  name: 'database',
  describes: "a downloaded query's cost over its prepared statement: PostgreSQL in a process, SQLite in an isolate",
  async run({ small, seed, progress }) {
    const size = small ? SMALL : FULL;
    progress('SQLite');
    const sqlite = await pairs(await onSqlite(), size);
    const why = whyNoPostgres();
    if (why !== null) progress(`skipped: ${why}`);
    else progress('PostgreSQL');
    const postgres = why === null ? await pairs(await onPostgres(), size) : null;
    return {
      benchmark: 'database',
      seed,
      small,
      machine: machine(['pg', 'isolated-vm']),
      tables: {
        'SQLite, isolate': sqlite.rows,
        ...(postgres === null ? {} : { 'PostgreSQL, process': postgres.rows }),
      },
      targets: [
        { what: 'SQLite in an isolate: graft − statement, µs', value: sqlite.more_us, at_most: 20 },
        ...(postgres === null
          ? []
          : [{ what: 'PostgreSQL in a process: graft − statement, µs', value: postgres.more_us, at_most: 250 }]),
      ],
    };
  },
};
