// Rows in the order of a downloaded type (a version): by the key beside the value, against a plain JavaScript function
// that is registered in SQLite and makes the key of each row; index scans by the key against those of a native column.
// The keys are those that the plugin gave.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { runInThisContext } from 'node:vm';
import { EntitySchema } from 'typeorm';
import { machine } from '../report/index.ts';
import { createHost, dataTypes, type PluginSource } from '../src/host/index.ts';
import type { Benchmark } from './benchmark.ts';
import { type Contender, compare } from './measure.ts';

const Item = new EntitySchema<{ id: number }>({
  name: 'item',
  columns: {
    id: { type: 'integer', primary: true },
    value: { type: 'text' },
    value_key: { type: 'text', nullable: true, select: false },
    native: { type: 'integer' },
  } as never,
  indices: [
    { name: 'item_key', columns: ['value_key'] },
    { name: 'item_native', columns: ['native'] },
  ],
});

const SCANNED = 1000;

const KEY = `const number = (value) => { const digits = String(value);
  return String.fromCharCode(96 + digits.length) + digits; };
const keyOf = (text) => text.split('.').map((part) => number(Number(part))).join('') + '~';`;

/** Versions of three numbers: the smallest type that a JavaScript function can be beside. */
const PLUGIN: PluginSource = {
  manifest: { name: 'triple', graftwork: { api: 1, grafts: [{ point: 'db/type/triple', export: 'triple' }] } },
  files: {
    'index.js': `import { dataType } from 'graftwork-sdk';
${KEY}
const numbers = (text) => text.split('.').map(Number);
export const triple = dataType({
  examples: ['1.2.3', '1.10.0', '0.0.1'],
  parse: (text) => (/^(0|[1-9]\\d{0,8})(\\.(0|[1-9]\\d{0,8})){2}$/.test(text) ? text : null),
  format: (text) => text,
  compare: (a, b) => {
    const x = numbers(a);
    const y = numbers(b);
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  },
  key: keyOf,
});`,
  },
};

const fill = async (file: string, rows: number, seed: number): Promise<void> => {
  const host = await createHost({ store: `sqlite:${file}`, entities: [Item] });
  try {
    const types = await dataTypes(host, { triple: { item: { value: 'value_key' } } });
    await host.install(PLUGIN);
    let state = seed;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 0x80000000) * below);
    };
    for (let at = 0; at < rows; at += SCANNED) {
      const page = Array.from({ length: SCANNED }, (_, i) => {
        const [a, b, c] = [next(20), next(100), next(1000)];
        return { id: at + i, value: `${a}.${b}.${c}`, native: (a * 100 + b) * 1000 + c };
      });
      await host.transaction((txn) => types.table('item').in(txn).insertAll(page));
    }
  } finally {
    await host.close();
  }
};

/** The same key as the plugin's, as a function of this process. */
const registered = runInThisContext(`(() => { ${KEY} return keyOf; })()`) as (text: string) => string;

/** A statement that gives ids; their sum by place is the answer. */
const contender = (
  database: DatabaseSync,
  name: string,
  sql: string,
  parameters: readonly number[] = [],
): Contender => {
  const statement = database.prepare(sql);
  statement.setReturnArrays(true);
  return {
    name,
    round(count) {
      let sum = 0;
      for (let i = 0; i < count; i++)
        for (const [place, row] of statement.all(...parameters).entries())
          sum = (sum + (place + 1) * Number((row as unknown as number[])[0])) % 1_000_003;
      return sum;
    },
  };
};

export const dataTypesBench: Benchmark = {
  name: 'types',
  describes: 'rows in the order of a downloaded data type, against a function registered in SQLite and a native column',
  async run({ small, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'graftwork-bench-'));
    const rows = small ? 2000 : 100_000;
    try {
      progress(`${rows} rows`);
      await fill(join(folder, 'app.db'), rows, seed);
      const database = new DatabaseSync(join(folder, 'app.db'));
      database.function('plain_key', { deterministic: true }, (text) => registered(String(text)));
      const by = (order: string): string => `SELECT native FROM item ORDER BY ${order}, native`;
      // Both look the row up, as no index holds the value.
      const from = (column: string): string =>
        `SELECT length(value) FROM item INDEXED BY item_${column === 'native' ? 'native' : 'key'} ` +
        `WHERE ${column} >= (SELECT ${column} FROM item WHERE id = ?) ORDER BY ${column} LIMIT ${SCANNED}`;
      const sorts = await compare(
        [
          contender(database, 'a JavaScript function in SQLite (floor)', by('plain_key(value)')),
          contender(database, 'the key beside the value, no index', by('+value_key')),
          contender(database, 'a native column, no index', by('+native')),
        ],
        { rounds: small ? 3 : 15, count: 1, warmup: 1 },
      );
      const scans = await compare(
        [
          contender(database, 'an index of a native column (floor)', from('native'), [7]),
          contender(database, 'an index of keys', from('value_key'), [7]),
        ],
        { rounds: small ? 3 : 200, count: 1, warmup: 5 },
      );
      database.close();
      return {
        benchmark: 'types',
        seed,
        small,
        machine: machine([]),
        tables: { [`a sort of ${rows} rows`]: sorts, [`a scan of ${SCANNED} rows`]: scans },
        targets: [
          { what: 'a sort by the key / by a JavaScript function', value: sorts[1]?.ratio ?? Number.NaN, at_most: 1 },
          { what: 'a scan by the key / by a native index', value: scans[1]?.ratio ?? Number.NaN, at_most: 1.2 },
        ],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
