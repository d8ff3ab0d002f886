// A statement of a graft by `api.sql`, which crosses to the host, to a process of statements and back, against the same
// prepared statement run in this process; beside it, what the ways there cost: a frame to a child and back, and a
// call-back that the host answers at once.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EntitySchema } from 'typeorm';
import { machine } from '../report/index.ts';
import { type Callable, createHost, type Host, type HostPoint } from '../src/host/index.ts';
import type { Benchmark } from './benchmark.ts';
import { type Contender, compare } from './measure.ts';
import { bareEcho } from './raw-calls.ts';

const ROWS = 10_000;
const Item = new EntitySchema<{ id: number; name: string; price: number }>({
  name: 'item',
  columns: { id: { type: 'integer', primary: true }, name: { type: 'text' }, price: { type: 'integer' } },
});

/** What each contender runs, with one parameter; the answer's first cell is a number. */
const STATEMENTS = {
  'one row by its key': 'SELECT price, name FROM item WHERE id = ?',
  'an aggregate over 10,000 rows': 'SELECT sum(price) FROM item WHERE id <> ?',
  '1,000 rows': 'SELECT price, id, name FROM item WHERE id > ? ORDER BY id LIMIT 1000',
};

interface Task {
  readonly text: string;
  readonly count: number;
}

const CODE = `
export const asks = ({ text, count }, api) => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += api.sql(text, [i]).rows[0][0];
  return sum;
};
export const calls = ({ count }, api) => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += api.echo(i);
  return sum;
};`;

const echo: Callable = { waits: true, run: async (_caller, [value]) => value };

const open = async (url: string): Promise<{ host: Host; asks: Point; calls: Point }> => {
  const host = await createHost({ store: url, entities: [Item] });
  const rows = Array.from({ length: ROWS }, (_, i) => ({ id: i, name: `item ${i}`, price: (i * 7) % 1000 }));
  await host.transaction(async (txn) => {
    for (let at = 0; at < ROWS; at += 500) await txn.entities.insert(Item, rows.slice(at, at + 500));
  });
  const limits = { own_ms: 60_000, total_ms: 60_000, calls: 100_000 };
  const sql = host.sql({ grants: { item: { read: 'all' } }, ms: 60_000 });
  const point = (name: string, callable: Record<string, Callable>): Point =>
    host.graftPoint<Task, number>({ name, kind: 'function', default: () => -1, limits, callable });
  const [asks, calls] = [point('asks', { sql }), point('calls', { echo })];
  const grafts = [
    { point: 'asks', export: 'asks' },
    { point: 'calls', export: 'calls' },
  ];
  for (const graft of grafts) {
    const needs = [graft.export === 'asks' ? 'sql' : 'echo'];
    const manifest = { name: graft.export, graftwork: { api: 1, grafts: [graft], needs } };
    await host.install({ manifest, files: { 'index.js': CODE } });
  }
  return { host, asks, calls };
};

type Point = HostPoint<Task, number>;

const direct = (file: string, text: string): Contender => {
  const statement = new DatabaseSync(file, { readOnly: true }).prepare(text);
  statement.setReturnArrays(true);
  return {
    name: 'the statement in this process (floor)',
    round(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += (statement.all(i) as unknown as number[][])[0]?.[0] ?? 0;
      return sum;
    },
  };
};

export const sql: Benchmark = {
  name: 'sql',
  describes: 'a statement of a graft by api.sql, against the same one in this process and the ways there',
  async run({ small, seed, progress }) {
    const folder = mkdtempSync(join(tmpdir(), 'graftwork-bench-'));
    const file = join(folder, 'app.db');
    const { host, asks, calls } = await open(`sqlite:${file}`);
    const raw = await bareEcho();
    const tables: Record<string, Awaited<ReturnType<typeof compare>>> = {};
    const contenders = (text: string): Contender[] => [
      direct(file, text),
      {
        name: 'a frame to a child and back',
        async round(count) {
          for (let i = 0; i < count; i++) await raw.call();
          return 0;
        },
      },
      { name: 'a call-back that the host answers', round: (count) => calls.call({ text, count }) },
      { name: 'api.sql', round: (count) => asks.call({ text, count }) },
    ];
    try {
      for (const [name, text] of Object.entries(STATEMENTS)) {
        progress(name);
        const rounds = { rounds: small ? 2 : 15, count: small ? 10 : 100, warmup: small ? 1 : 3 };
        tables[name] = await compare(contenders(text), rounds);
      }
    } finally {
      await raw.close();
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    }
    const ns = (name: string, at: number): number => tables[name]?.[at]?.median_ns ?? Number.NaN;
    const key = 'one row by its key';
    const sum = 'an aggregate over 10,000 rows';
    return {
      benchmark: 'sql',
      seed,
      small,
      machine: machine([]),
      tables,
      targets: [
        { what: 'by key / a call-back and a frame', value: ns(key, 3) / (ns(key, 1) + ns(key, 2)), at_most: 2 },
        { what: 'an aggregate / in this process', value: ns(sum, 3) / ns(sum, 0), at_most: 2 },
      ],
    };
  },
};
