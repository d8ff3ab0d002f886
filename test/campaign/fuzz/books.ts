// The state that the fuzzer moves about, and what of it anybody may read from outside at any time. What moves between
// accounts is booked three times (a map in memory, a stored map, a table), so that what a reader sees must agree; what
// moves between purses, in memory alone. Nothing is ever made or lost.

import { EntitySchema } from 'typeorm';
import type {
  Host,
  HostCell,
  HostCounter,
  HostList,
  HostMap,
  HostTable,
  HostTransaction,
} from '../../../src/host/index.ts';
import { ACCOUNTS } from './plan.ts';

export interface Payment {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

/** A transfer between accounts, as its row says. */
export interface MoveRow {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly amount: number;
}

/** What each account and each purse begins with. */
export const START = 1000;
/** What all accounts hold together, and all purses. */
export const TOTAL = START * ACCOUNTS.length;

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
export const ENTITIES = [Account, Move];

export class Books {
  readonly #host: Host;
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

  /** `sent` is told of each message that left: its id, and the move it is of. */
  constructor(host: Host, sent: (id: string, move: string) => void) {
    this.#host = host;
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
  }

  /** Brings memory to what the tables say. */
  async open(): Promise<void> {
    const rows = this.account.find();
    await this.#host.transaction(async (txn) => {
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

export const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);

const inOrder = (entries: readonly (readonly [string, number])[]): string =>
  JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
