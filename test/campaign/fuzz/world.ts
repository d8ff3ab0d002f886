// One life of a host over a folder: its state, its points, and what of all that anybody may read from outside at any
// time. What moves between accounts is booked three times (a map in memory, a stored map, a table), so that what a
// reader sees must agree; what moves between purses, in memory alone. Nothing is ever made or lost.

import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EntitySchema } from 'typeorm';
import {
  createHost,
  GraftError,
  type Host,
  type HostCell,
  type HostCounter,
  type HostEvent,
  type HostList,
  type HostMap,
  type HostPoint,
  type HostTable,
  type HostTransaction,
} from '../../../src/host/index.ts';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { badArgument, type Callable, type CallableTree } from '../../../src/plugins/index.ts';
import { ACCOUNTS, EVENTS, type Kind, type Life, type Program } from './plan.ts';

export interface Answer {
  readonly kept: readonly string[];
}

export type Line = Answer & { readonly programs: Readonly<Record<string, Program>> };

export type Payment = { readonly from: string; readonly to: string; readonly amount: number };

const START = 1000;
/** What all accounts hold together, and all purses. */
export const TOTAL = START * ACCOUNTS.length;

/** A transfer between accounts, as its row says. */
export interface MoveRow {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly amount: number;
}

const Account = new EntitySchema({
  name: 'account',
  columns: { name: { type: 'text', primary: true }, amount: { type: 'integer' } },
});
const Move = new EntitySchema({
  name: 'move',
  columns: {
    id: { type: 'text', primary: true },
    source: { type: 'text' },
    target: { type: 'text' },
    amount: { type: 'integer' },
  },
});

/** Own time that no honest program needs, even on a machine that is busy with other things. */
const AMPLE = { own_ms: 1500, total_ms: 8000 };
const SHORT = { own_ms: 150, total_ms: 8000 };
export const TOTAL_MS = AMPLE.total_ms;

export interface WorldOptions {
  readonly folder: string;
  readonly kind: Kind;
  readonly life: Life;
  /** Told what must not be. */
  readonly alarm: (what: string) => void;
  /** Told which call ran before another in the same heap. */
  readonly after: (before: string, id: string) => void;
  /** Told of each message that left. */
  readonly sent: (id: string, payload: string) => void;
}

/** Reports that are part of the game: accessors that break on purpose, timers and events for which no queue had room. */
const isExpected = (event: HostEvent): boolean =>
  event.what === 'log' ||
  (event.error instanceof GraftError && event.error.code === 'GRAFT_OVERLOADED') ||
  (event.error instanceof Error && /on purpose/.test(causeOf(event.error)));

const errorText = (error: unknown): string =>
  error instanceof GraftError ? `${error.code} ${error.message}` : String(error);

const causeOf = (error: Error): string => `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;

const kindOptions = (kind: Kind, { processes, shares }: Life): object => {
  if (kind === 'isolate') return { compartment: new IsolateMaker() };
  return {
    processes: { ...processes, ...(shares ? { groupOf: (name: string) => (name < 'p2' ? 'both' : name) } : {}) },
  };
};

export class World {
  readonly host: Host;
  readonly purses: HostMap<number>;
  readonly accounts: HostMap<number>;
  readonly saved: HostMap<number>;
  readonly paid: HostMap<Payment>;
  readonly account: HostTable;
  readonly move: HostTable;
  readonly journal: HostList<string>;
  readonly count: HostCounter;
  readonly last: HostCell<string>;
  readonly mail: ReturnType<Host['channel']>;
  readonly events: ReturnType<Host['callables']['events']>;
  readonly points = new Map<string, HostPoint<Program, Answer>>();
  readonly lines = new Map<string, HostPoint<Line, Line>>();
  readonly rows: HostPoint<readonly Program[], readonly Answer[]>;
  readonly told: HostPoint<Program, null>;
  readonly peek: HostPoint<null, number>;
  /** Handles that are open. */
  open = 0;
  /** The dotted names, and groups, of what plugins need. */
  readonly needs: readonly string[];
  readonly #options: WorldOptions;

  private constructor(host: Host, options: WorldOptions) {
    const { kind, sent } = options;
    this.host = host;
    this.#options = options;
    this.purses = host.map('purses');
    this.accounts = host.map('accounts');
    this.saved = host.map('saved', { stored: true });
    this.paid = host.map('paid');
    this.account = host.table('account');
    this.move = host.table('move');
    this.journal = host.list('journal');
    this.count = host.counter('count');
    this.last = host.cell('last', '');
    const refused = new Set<string>();
    this.mail = host.channel('mail', (id, payload) => {
      // Some messages are refused once: they must come again, and none before them.
      if (!refused.has(id) && /[37]$/.test(id)) {
        refused.add(id);
        throw new Error('refused on purpose');
      }
      sent(id, (payload as { id: string }).id);
    });
    this.events = host.callables.events(EVENTS);
    const callable = this.#callables(kind);
    this.needs = Object.keys(callable);
    this.#declareFunctions(callable);
    this.#declareChains(callable);
    this.rows = host.graftPoint<Program, Answer>({
      ...this.#answering,
      name: 'f/row',
      kind: 'function',
      rows: true,
      budget: Number.POSITIVE_INFINITY,
      limits: AMPLE,
      callable,
    });
    this.told = this.#declareEvents(callable);
    this.peek = host.graftPoint<null, number>({
      name: 'f/peek',
      kind: 'function',
      default: () => TOTAL,
      readOnly: true,
      budget: Number.POSITIVE_INFINITY,
      limits: AMPLE,
      callable,
    });
  }

  /** Opens the folder's host and brings its memory to what the folder says. */
  static async open(options: WorldOptions): Promise<World> {
    const { folder, kind, life, alarm } = options;
    const host = await createHost({
      store: `sqlite:${join(folder, 'fuzz.db')}`,
      registry: join(folder, 'registry.db'),
      entities: [Account, Move],
      report: (event) => {
        if (event.what !== 'log' && !isExpected(event))
          alarm(`the host reports ${event.what}: ${event.name}: ${errorText(event.error)}`);
      },
      ...kindOptions(kind, life),
    });
    const world = new World(host, options);
    await world.#begin();
    return world;
  }

  async #begin(): Promise<void> {
    const rows = this.account.find();
    await this.host.transaction(async (txn) => {
      for (const name of ACCOUNTS) {
        await this.purses.in(txn).set(name, START);
        const amount = (rows.find((row) => row.name === name)?.amount as number | undefined) ?? START;
        await this.accounts.in(txn).set(name, amount);
        if (rows.length > 0) continue;
        await this.account.in(txn).insert({ name, amount });
        await this.saved.in(txn).set(name, amount);
      }
    });
  }

  readonly #answering = {
    output: {
      '~standard': {
        version: 1 as const,
        vendor: 'fuzz',
        validate: (value: unknown) => {
          const kept = (value as Partial<Answer> | null)?.kept;
          const fits = Array.isArray(kept) && kept.every((id) => typeof id === 'string');
          return fits ? { value: value as Answer } : { issues: [{ message: 'no list of what was kept' }] };
        },
      },
    },
    default: async ({ id, defaultThrows }: Program): Promise<Answer> => {
      if (id.endsWith('1')) await setImmediate();
      if (defaultThrows) throw new Error('the default throws on purpose');
      return { kept: [] };
    },
    /** Reads state that others may have locked, so that the verdict itself may have to wait. */
    check: ({ kept }: Answer, program: Program, state: (name: string, ...args: unknown[]) => unknown) => {
      if (/[05]$/.test(program.id) && typeof state('purses.get', 'a0') !== 'number') return 'a purse is gone';
      if (program.rejected) return 'rejected on purpose';
      const own = program.id.slice(0, program.id.indexOf('-'));
      return kept.every((id) => id.startsWith(own)) || 'an effect of a stranger';
    },
  };

  #declareFunctions(callable: CallableTree): void {
    const declare = (name: string, onFault: 'default' | 'fail' | 'deny', budget: number, limits: object): void => {
      const point = this.host.graftPoint<Program, Answer>({
        ...this.#answering,
        name,
        kind: 'function',
        onFault,
        budget,
        limits,
        callable,
        select: ({ plugin }) => plugin,
      });
      this.points.set(name, point);
    };
    declare('f/default', 'default', Number.POSITIVE_INFINITY, AMPLE);
    declare('f/fail', 'fail', 3, AMPLE);
    declare('f/deny', 'deny', Number.POSITIVE_INFINITY, AMPLE);
    declare('f/short', 'default', Number.POSITIVE_INFINITY, SHORT);
  }

  #declareChains(callable: CallableTree): void {
    for (const onFault of ['default', 'fail'] as const) {
      const name = `c/${onFault}`;
      this.lines.set(
        name,
        this.host.graftPoint<Line, Line>({
          name,
          kind: 'chain',
          onFault,
          budget: Number.POSITIVE_INFINITY,
          limits: AMPLE,
          callable,
          check: ({ kept, programs }) =>
            (Array.isArray(kept) && kept.every((id) => id !== 'stranger') && programs !== undefined) || 'not a line',
        }),
      );
    }
  }

  #declareEvents(callable: CallableTree): HostPoint<Program, null> {
    const declare = <Input>(name: string): HostPoint<Input, null> =>
      this.host.graftPoint<Input, null>({
        name,
        kind: 'event',
        budget: Number.POSITIVE_INFINITY,
        limits: AMPLE,
        callable,
      });
    declare('e/hear');
    declare('e/ring');
    return declare<Program>('e/told');
  }

  #callables(kind: Kind): CallableTree {
    const { host } = this;
    const { callables } = host;
    const waiting: CallableTree =
      kind === 'process'
        ? {
            sleep: callables.sleep,
            call: callables.calls(Object.fromEntries(['default', 'fail', 'deny', 'short'].map(pointNamed))),
            brokenLater: {
              waits: true,
              run: () => setImmediate().then(() => Promise.reject(new Error('broken on purpose'))),
            },
          }
        : {};
    return {
      purses: this.purses.writable(),
      accounts: this.accounts.writable(),
      saved: this.saved.writable(),
      paid: this.paid.writable(),
      account: this.account.callables({ read: 'all', write: ['amount'] }),
      move: this.move.callables({ read: 'all', write: 'all', insert: true }),
      journal: this.journal.writable(),
      count: this.count.writable(),
      last: this.last.writable(),
      mail: this.mail.callable,
      storage: host.storage,
      log: host.log,
      schedule: callables.schedule,
      abort: callables.abort,
      ...callables.locks().callables,
      ...callables.handles((name) => this.#opened(name)).callables,
      ...this.events.callables,
      ...this.#own,
      ...waiting,
    };
  }

  readonly #own: Readonly<Record<string, Callable>> = {
    broken: {
      waits: false,
      run: () => {
        throw new Error('broken on purpose');
      },
    },
    alarm: { waits: false, run: (_caller, [text]) => this.#options.alarm(String(text)) },
    after: { waits: false, run: (_caller, [before, id]) => this.#options.after(String(before), String(id)) },
    total: { waits: false, run: (_caller, args) => (args.length === 0 ? TOTAL : badArgument('total: takes nothing')) },
  };

  #opened(name: string): { read: () => string; close: () => void } {
    this.open++;
    return {
      read: () => name,
      close: () => {
        this.open--;
        if (name === 'closes-badly') throw new Error('closed on purpose');
      },
    };
  }

  /** A transfer by the host's own code. */
  async moveIn(txn: HostTransaction, id: string, { from, to, amount }: Payment): Promise<void> {
    for (const [name, by] of [[from, -amount] as const, [to, amount] as const]) {
      for (const map of [this.accounts, this.saved])
        await map.in(txn).set(name, ((await map.in(txn).get(name)) as number) + by);
      const [row] = await this.account.in(txn).find({ where: { name } });
      await this.account.in(txn).update({ name }, { amount: (row?.amount as number) + by });
    }
    await this.move.in(txn).insert({ id, source: from, target: to, amount });
    await this.journal.in(txn).push(id);
    await this.count.in(txn).add(1);
    await this.last.in(txn).set(id);
    await this.mail.send(txn, { id });
  }

  /** A payment by the host's own code. */
  async payIn(txn: HostTransaction, id: string, payment: Payment): Promise<void> {
    const { from, to, amount } = payment;
    const purses = this.purses.in(txn);
    await purses.set(from, ((await purses.get(from)) as number) - amount);
    await purses.set(to, ((await purses.get(to)) as number) + amount);
    await this.paid.in(txn).set(id, payment);
  }

  /** What is wrong with what a reader outside every transaction sees now. */
  look(): string[] {
    const purses = sum(this.purses.entries().map(([, amount]) => amount));
    const accounts = inOrder(this.accounts.entries());
    const saved = inOrder(this.saved.entries());
    const rows = inOrder(this.account.find().map(({ name, amount }) => [name as string, amount as number]));
    const total = sum(this.accounts.entries().map(([, amount]) => amount));
    return [
      ...(purses === TOTAL ? [] : [`the purses hold ${purses}, not ${TOTAL}`]),
      ...(total === TOTAL ? [] : [`the accounts hold ${total}, not ${TOTAL}`]),
      ...(saved === accounts ? [] : [`the stored map says ${saved}, the map ${accounts}`]),
      ...(rows === accounts ? [] : [`the table says ${rows}, the map ${accounts}`]),
    ];
  }

  /** The same, with all that grows in the course of a life. */
  lookClosely(): string[] {
    const journal = this.journal.get();
    const rows = this.moves();
    const known = new Set(rows.map(({ id }) => id));
    return [
      ...this.look(),
      ...(this.count.get() === journal.length
        ? []
        : [`the counter says ${this.count.get()}, the journal has ${journal.length}`]),
      ...(journal.every((id) => known.has(id)) && known.size === journal.length
        ? []
        : [`the journal has ${journal.length} moves, the table ${known.size}`]),
      ...(journal.length === 0 || journal.at(-1) === this.last.get()
        ? []
        : [`the cell says ${this.last.get()}, the journal ends with ${journal.at(-1)}`]),
    ];
  }

  moves(): MoveRow[] {
    return this.move.find() as unknown as MoveRow[];
  }
}

const pointNamed = (policy: string): [string, string] => [`f/${policy}`, `f/${policy}`];

export const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);

const inOrder = (entries: readonly (readonly [string, number])[]): string =>
  JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
