// Seeded random programs: several transactions at a time, nested ones in them, commits, aborts and failing COMMITs,
// against a naive model of the rows. A transaction that has the slot is alone with the database, so the model is a map
// that is copied when a transaction begins to use it.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { TableAccess } from '../../../src/host/store/index.ts';
import { Aborted, StateMap, Ticket, type Transaction } from '../../../src/txn/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { Random } from '../../support/random.ts';
import { callerOf, Fixture, folder, now } from './fixture.ts';

type Rows = Map<number, number | null>;

/** A transaction, the nested ones in it, and what each would see. `rows` is null until the database was used. */
class Actor {
  readonly root: Transaction;
  readonly levels: { readonly txn: Transaction; readonly rows: Rows | null; readonly broken: boolean }[] = [];
  rows: Rows | null = null;
  /** Has inserted a row that a deferred constraint forbids. */
  broken = false;
  ticket: Ticket | null = null;

  constructor(root: Transaction) {
    this.root = root;
  }

  get txn(): Transaction {
    return this.levels.at(-1)?.txn ?? this.root;
  }
}

let place: ReturnType<typeof folder>;
let clock: ManualClock;
let fixture: Fixture;
let owners: TableAccess;

beforeEach(async () => {
  place = folder();
  clock = new ManualClock();
  fixture = await Fixture.open(`${place.path}/app.db`, { clock });
  owners = fixture.store.table('owner');
});

afterEach(async () => {
  await fixture.store.close();
  place.remove();
});

const read = (txn: Transaction | null): [number, number | null][] | Ticket => {
  const rows = owners.find(txn, { columns: ['id', 'age'], orderBy: [{ column: 'id' }] });
  return rows instanceof Ticket ? rows : rows.map((row) => [row.id as number, row.age as number | null]);
};

const sorted = (rows: Rows): [number, number | null][] => [...rows].sort(([a], [b]) => a - b);

class Simulation {
  readonly random: Random;
  readonly actors: Actor[] = [];
  readonly map = new StateMap<string, number>({ name: 'stock', lock_timeout_ms: 300 });
  readonly seen: Record<string, number> = {};
  committed: Rows = new Map();

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  note(what: string): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  step(): void {
    const { random } = this;
    expect(read(null)).toEqual(sorted(this.committed));
    this.sweep();
    if (this.actors.length === 0 || (this.actors.length < 4 && random.chance(0.1)))
      this.actors.push(new Actor(fixture.begin()));
    if (random.chance(0.02)) clock.advance(random.below(1200));
    this.sweep();
    const ready = this.actors.filter((actor) => actor.ticket?.state !== 'waiting');
    if (ready.length === 0) clock.advance(400);
    else this.act(random.pick(ready));
  }

  /** Those that others' waiting has ended, wholly or from some level on. */
  sweep(): void {
    for (const actor of [...this.actors]) {
      if (actor.root.state === 'aborted') this.drop(actor);
      const at = actor.levels.findIndex(({ txn }) => txn.state === 'aborted');
      if (at !== -1) this.unwind(actor, at);
    }
  }

  drop(actor: Actor): void {
    this.note(`ended: ${actor.root.doomed?.reason}`);
    this.actors.splice(this.actors.indexOf(actor), 1);
  }

  /** Level `at` has aborted, with all above it. */
  unwind(actor: Actor, at: number): void {
    const level = actor.levels[at] as Actor['levels'][number];
    actor.rows = level.rows === null ? null : new Map(level.rows);
    actor.broken = level.broken;
    actor.levels.length = at;
    actor.ticket = null;
  }

  act(actor: Actor): void {
    const { random } = this;
    const choice = random.below(20);
    try {
      if (choice < 11) this.use(actor);
      else if (choice === 11) this.lockMap(actor);
      else if (choice < 15) this.nest(actor);
      else if (choice < 18) this.end(actor, random.chance(0.6));
      else if (choice === 18) this.readOnly(actor);
      else this.abortAt(actor);
    } catch (error) {
      if (!(error instanceof Aborted)) throw error;
      this.note(error.reason);
      actor.root.abort();
      this.drop(actor);
    }
  }

  nest(actor: Actor): void {
    if (actor.levels.length >= 4 || actor.ticket !== null) return;
    actor.levels.push({
      txn: actor.txn.begin(),
      rows: actor.rows === null ? null : new Map(actor.rows),
      broken: actor.broken,
    });
  }

  lockMap(actor: Actor): void {
    const answer = this.map.set(actor.txn, this.random.pick(['a', 'b']), this.random.below(9));
    actor.ticket = answer instanceof Ticket ? answer : null;
  }

  use(actor: Actor): void {
    const before = read(actor.txn);
    actor.ticket = before instanceof Ticket ? before : null;
    if (before instanceof Ticket) return this.note('waits');
    actor.rows ??= new Map(this.committed);
    expect(before).toEqual(sorted(actor.rows));
    this.write(actor, actor.rows);
  }

  write(actor: Actor, rows: Rows): void {
    const { random } = this;
    const age = random.below(5);
    switch (random.below(5)) {
      case 0:
      case 1: {
        const { id } = now(owners.insert(actor.txn, { name: `n${random.next()}`, age }));
        rows.set(id as number, age);
        break;
      }
      case 2: {
        const matching = [...rows].filter(([, value]) => value === age);
        expect(now(owners.update(actor.txn, { age }, { age: null }))).toBe(matching.length);
        for (const [id] of matching) rows.set(id, null);
        break;
      }
      case 3: {
        const matching = [...rows].filter(([, value]) => value !== null && value > age);
        expect(now(owners.delete(actor.txn, { age: { op: '>', value: age } }))).toBe(matching.length);
        for (const [id] of matching) rows.delete(id);
        break;
      }
      default:
        if (random.chance(0.15)) {
          now(fixture.store.table('purchase').insert(actor.txn, { owner: 1_000_000 }));
          actor.broken = true;
        }
    }
  }

  /** Commits, or aborts, the deepest. */
  end(actor: Actor, commits: boolean): void {
    if (actor.ticket !== null) return;
    const { txn } = actor;
    const level = actor.levels.length - 1;
    if (level >= 0) {
      if (commits) {
        txn.commit();
        actor.levels.pop();
      } else {
        txn.abort();
        this.unwind(actor, level);
      }
      return;
    }
    if (!commits) txn.abort();
    else if (fixture.commit(txn) === null) {
      expect(actor.broken).toBe(false);
      this.committed = actor.rows ?? this.committed;
      this.note('committed');
    } else {
      expect(actor.broken).toBe(true);
      this.note('refused');
    }
    this.actors.splice(this.actors.indexOf(actor), 1);
  }

  /** Aborts at any level, whatever is above it. */
  abortAt(actor: Actor): void {
    const at = this.random.below(actor.levels.length + 1) - 1;
    if (at === -1) {
      actor.root.abort();
      this.actors.splice(this.actors.indexOf(actor), 1);
    } else {
      actor.levels[at]?.txn.abort();
      this.unwind(actor, at);
    }
  }

  /** A graft that only reads sees what its own transaction has written, or else the last committed state. */
  readOnly(actor: Actor): void {
    if (actor.ticket !== null) return;
    const child = actor.txn.begin();
    const { find } = fixture.store.callables('owner', { read: ['id', 'age'] });
    const caller = callerOf(child, { readOnly: true });
    const rows = (find as { run(...args: unknown[]): unknown }).run(caller, [{ orderBy: [{ column: 'id' }] }]);
    if (!(rows instanceof Ticket)) {
      const expected = sorted(actor.rows ?? this.committed).map(([id, age]) => ({ id, age }));
      expect(rows).toEqual(expected);
      this.note('read');
    }
    child.abort();
  }
}

const seen: Record<string, number> = {};

test.each(Array.from({ length: 16 }, (_, i) => i + 1))('seed %i', (seed) => {
  const simulation = new Simulation(seed);
  for (let i = 0; i < 500; i++) {
    try {
      simulation.step();
    } catch (error) {
      throw new Error(`seed ${seed}, step ${i}: ${error instanceof Error ? error.message : ''}`, { cause: error });
    }
  }
  for (const actor of simulation.actors) actor.root.abort();
  expect({ seed, rows: read(null) }).toEqual({ seed, rows: sorted(simulation.committed) });
  expect({ seed, active: fixture.transactions.active, timers: clock.armed, undo: fixture.undoFailures }).toEqual({
    seed,
    active: 0,
    timers: 0,
    undo: [],
  });
  for (const [what, count] of Object.entries(simulation.seen)) seen[what] = (seen[what] ?? 0) + count;
});

test('the programs met everything that they are for', () => {
  for (const what of ['committed', 'refused', 'waits', 'read', 'deadlock', 'ended: lock-timeout'])
    expect([what, seen[what] ?? 0]).not.toEqual([what, 0]);
});
