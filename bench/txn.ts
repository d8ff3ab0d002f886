// The cost of a transaction: begin, N writes and commit (or abort) on a map of 10,000 records, against a hand-written
// flat undo log and other libraries. The rows of immer, Effect and better-sqlite3 do the same work with the same
// answer; slow ones run fewer times.

import Database from 'better-sqlite3';
import { Effect, STM, TRef } from 'effect';
import { Account, type Clock, StateMap, Transactions, type Undoable } from 'graftwork/txn';
import { applyPatches, enablePatches, produceWithPatches } from 'immer';
import { machine } from '../report/index.ts';
import type { Benchmark } from './benchmark.ts';
import { type Contender, compare, type Row } from './measure.ts';

const RECORDS = 10_000;
const clock: Clock = { now: () => performance.now(), after: () => ({ cancel: () => {} }) };

/** A way to change records and to undo the changes. */
interface Way {
  readonly name: string;
  /** The expected ratio to the floor: it runs that many times fewer. */
  readonly slow: number;
  /**
   * `count` times: begin, write the number of the turn to `writes` records, commit or abort. The loop is the way's own,
   * so that none pays for a call that another does not. Gives the sum of some records afterwards.
   */
  run(count: number, writes: number, commits: boolean): number;
}

const records = (): [number, number][] => Array.from({ length: RECORDS }, (_, key) => [key, key]);

/** The key after `key`. */
const after = (key: number): number => (key === RECORDS - 1 ? 0 : key + 1);

const SAMPLES = [0, 1, 17, 999, 5000, 9999];
const sample = (get: (key: number) => number): number => SAMPLES.reduce((sum, key) => sum + get(key), 0);

const plainWrites = (): Way => {
  const map = new Map(records());
  return {
    name: 'plain writes, no undo',
    slow: 1,
    run(count, writes) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) for (let i = 0; i < writes; i++, key = after(key)) map.set(key, turn);
      return sample((one) => map.get(one) as number);
    },
  };
};

/** The floor: keys and before-images in one array that is used again. */
const flatLog = (): Way => {
  const map = new Map(records());
  const log: number[] = [];
  return {
    name: 'hand-written flat undo log (floor)',
    slow: 1,
    run(count, writes, commits) {
      let key = 0;
      let length = 0;
      for (let turn = 0; turn < count; turn++) {
        for (let i = 0; i < writes; i++, key = after(key)) {
          log[length] = key;
          log[length + 1] = map.get(key) as number;
          length += 2;
          map.set(key, turn);
        }
        if (commits) length = 0;
        for (; length > 0; length -= 2) map.set(log[length - 2] as number, log[length - 1] as number);
      }
      return sample((one) => map.get(one) as number);
    },
  };
};

const graftworkLog = (): Way => {
  const map = new Map(records());
  const transactions = new Transactions({ clock });
  const write: Undoable = {
    name: 'write',
    undo: (_place, key, before) => void map.set(key as number, before as number),
  };
  return {
    name: 'Graftwork, the log alone',
    slow: 1,
    run(count, writes, commits) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) {
        const txn = transactions.begin();
        for (let i = 0; i < writes; i++, key = after(key)) {
          txn.tree.log.push(write, map, key, map.get(key));
          map.set(key, turn);
        }
        if (commits) txn.commit();
        else txn.abort();
      }
      return sample((one) => map.get(one) as number);
    },
  };
};

const graftworkAccessor = (): Way => {
  const transactions = new Transactions({ clock });
  const account = new Account(['writes']);
  account.create(0, 2 ** 52);
  const map = new StateMap<number, number>(
    { name: 'records', lock_timeout_ms: 1000, writes: { resource: 0, cost: 1 } },
    records(),
  );
  return {
    name: 'Graftwork, public accessor: lock, charge, undo',
    slow: 1,
    run(count, writes, commits) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) {
        const txn = transactions.begin(account);
        for (let i = 0; i < writes; i++, key = after(key)) map.set(txn, key, turn);
        if (commits) txn.commit();
        else txn.abort();
      }
      return sample((one) => map.peek(one) as number);
    },
  };
};

const closures = (): Way => {
  const map = new Map(records());
  return {
    name: 'array of undo closures',
    slow: 1,
    run(count, writes, commits) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) {
        const undo: (() => void)[] = [];
        for (let i = 0; i < writes; i++, key = after(key)) {
          const at = key;
          const before = map.get(at) as number;
          undo.push(() => map.set(at, before));
          map.set(at, turn);
        }
        if (!commits) for (const one of undo.reverse()) one();
      }
      return sample((one) => map.get(one) as number);
    },
  };
};

const savepoints = (): Way => {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE record (key INTEGER PRIMARY KEY, value INTEGER NOT NULL)');
  const insert = database.prepare('INSERT INTO record VALUES (?, ?)');
  database.exec('BEGIN');
  for (const [key, value] of records()) insert.run(key, value);
  const update = database.prepare('UPDATE record SET value = ? WHERE key = ?');
  const select = database.prepare('SELECT value FROM record WHERE key = ?').pluck();
  const begin = database.prepare('SAVEPOINT s');
  const release = database.prepare('RELEASE s');
  const back = database.prepare('ROLLBACK TO s');
  return {
    name: 'better-sqlite3 savepoint, in memory',
    slow: 50,
    run(count, writes, commits) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) {
        begin.run();
        for (let i = 0; i < writes; i++, key = after(key)) update.run(turn, key);
        if (!commits) back.run();
        release.run();
      }
      return sample((one) => select.get(one) as number);
    },
  };
};

const effectStm = (): Way => {
  const refs = records().map(([, value]) => Effect.runSync(STM.commit(TRef.make(value))));
  const ref = (key: number): TRef.TRef<number> => refs[key] as TRef.TRef<number>;
  return {
    name: 'Effect STM, a TRef a record',
    slow: 100,
    run(count, writes, commits) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) {
        let program: STM.STM<void, string> = STM.void;
        for (let i = 0; i < writes; i++, key = after(key)) program = STM.zipRight(program, TRef.set(ref(key), turn));
        if (!commits) program = STM.zipRight(program, STM.fail('aborted'));
        Effect.runSync(Effect.either(STM.commit(program)));
      }
      return sample((one) => Effect.runSync(STM.commit(TRef.get(ref(one)))));
    },
  };
};

const immerPatches = (): Way => {
  enablePatches();
  let state: Record<number, number> = Object.fromEntries(records());
  return {
    name: 'immer, with patches',
    slow: 20_000,
    run(count, writes, commits) {
      let key = 0;
      for (let turn = 0; turn < count; turn++) {
        const [next, , inverse] = produceWithPatches(state, (draft) => {
          for (let i = 0; i < writes; i++, key = after(key)) draft[key] = turn;
        });
        state = commits ? next : applyPatches(next, inverse);
      }
      return sample((one) => state[one] as number);
    },
  };
};

const OPERATIONS = 200_000;

/** How often a way runs in a round of `count` for the floor. */
const timesOf = (way: Way, count: number): number => Math.max(1, Math.round(count / way.slow));

/** Rows of one column: each way runs as often as its speed allows, and is reported per transaction. */
const column = async (
  ways: readonly Way[],
  writes: number,
  commits: boolean,
  rounds: number,
  operations: number,
): Promise<Row[]> => {
  const count = Math.max(1, Math.round(operations / Math.max(1, writes)));
  const rows = await compare(
    ways.map((way) => ({ name: way.name, round: () => way.run(timesOf(way, count), writes, commits) })),
    { rounds, count, warmup: 3 },
  );
  // `compare` divides by the count it asked for; slow ways did fewer.
  const real = rows.map((one, index) => {
    const factor = count / timesOf(ways[index] as Way, count);
    return { ...one, median_ns: one.median_ns * factor, p10_ns: one.p10_ns * factor, p90_ns: one.p90_ns * factor };
  });
  const floor = real[0]?.median_ns ?? Number.NaN;
  return real.map((one) => ({ ...one, ratio: one.median_ns / floor }));
};

const nested = (): Contender => {
  const transactions = new Transactions({ clock });
  const outer = transactions.begin();
  return {
    name: 'nested begin + commit',
    round(count) {
      for (let i = 0; i < count; i++) outer.begin().commit();
      return count;
    },
  };
};

export const txn: Benchmark = {
  name: 'txn',
  describes: 'begin + N writes + commit or abort on 10,000 records, against a flat undo log and what others offer',
  async run({ small, seed, progress }) {
    const ways = [
      flatLog(),
      plainWrites(),
      graftworkLog(),
      graftworkAccessor(),
      closures(),
      savepoints(),
      effectStm(),
      immerPatches(),
    ];
    const rounds = small ? 3 : 15;
    const operations = small ? OPERATIONS / 50 : OPERATIONS;
    const tables: Record<string, readonly Row[]> = {};
    for (const writes of [0, 1, 10, 1000]) {
      for (const commits of [true, false]) {
        const title = `begin + ${writes} writes + ${commits ? 'commit' : 'abort'}`;
        progress(title);
        tables[title] = await column(ways, writes, commits, rounds, operations);
      }
    }
    const inner = await compare([nested()], { rounds, count: operations, warmup: 2 });
    tables.nested = inner;
    const one = tables['begin + 1 writes + commit'] ?? [];
    return {
      benchmark: 'txn',
      seed,
      small,
      machine: machine(['better-sqlite3', 'effect', 'immer']),
      tables,
      targets: [
        { what: 'one write, the log alone / flat log', value: one[2]?.ratio ?? Number.NaN, at_most: 4 },
        { what: 'one write, public accessor / flat log', value: one[3]?.ratio ?? Number.NaN, at_most: 8 },
        { what: 'nested begin + commit, ns', value: inner[0]?.median_ns ?? Number.NaN, at_most: 30 },
      ],
    };
  },
};
