// A host to be killed: two accounts in a database, a plugin that moves money between them, a message for each move, a
// stored map that counts them.
//   node bank-host.ts load DIR     eight callers without end; prints `ready` when they run
//   node bank-host.ts check DIR    starts again, sends what was left, prints what is there as one line of JSON
// Every third move fails after its first half, so aborted moves are among the load.

import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EntitySchema } from 'typeorm';
import { createHost } from '../../src/host/index.ts';

const [, , mode, folder] = process.argv as [string, string, 'load' | 'check', string];
const mails = join(folder, 'mails');

const Balance = new EntitySchema({
  name: 'balance',
  columns: { name: { type: 'text', primary: true }, amount: { type: 'integer' } },
});
const Move = new EntitySchema({
  name: 'move',
  columns: { id: { type: 'text', primary: true }, amount: { type: 'integer' } },
});

const PLUGIN = `export const move = ({ id, amount, fails }, api) => {
  const [from] = api.balance.find({ where: { name: 'a' } });
  api.balance.update({ name: 'a' }, { amount: from.amount - amount });
  api.mail({ id });
  if (fails) throw new Error('half done');
  const [to] = api.balance.find({ where: { name: 'b' } });
  api.balance.update({ name: 'b' }, { amount: to.amount + amount });
  api.move.insert({ id, amount });
  api.moves.set('count', (api.moves.get('count') ?? 0) + 1);
  return true;
};`;

const host = await createHost({
  store: `sqlite:${join(folder, 'bank.db')}`,
  registry: join(folder, 'registry.db'),
  entities: [Balance, Move],
  report: () => {},
});
const mail = host.channel('mail', (_id, payload) => appendFileSync(mails, `${(payload as { id: string }).id}\n`));
const moves = host.map<number>('moves', { stored: true });
const point = host.graftPoint<{ id: string; amount: number; fails: boolean }, boolean>({
  name: 'bank/move',
  kind: 'function',
  default: () => false,
  budget: Number.POSITIVE_INFINITY,
  callable: {
    balance: host.table('balance').callables({ read: 'all', write: 'all' }),
    move: host.table('move').callables({ read: 'all', insert: true, write: 'all' }),
    moves: moves.writable(),
    mail: mail.callable,
  },
  limits: { own_ms: 1000, total_ms: 20_000 },
});
await host.restore();

const load = async (): Promise<void> => {
  const balance = host.table('balance');
  if (balance.find().length === 0) {
    await host.transaction(async (txn) => {
      for (const name of ['a', 'b']) await balance.in(txn).insert({ name, amount: 1000 });
    });
    await host.install({
      manifest: {
        name: 'mover',
        graftwork: {
          api: 1,
          grafts: [{ point: 'bank/move', export: 'move' }],
          needs: ['balance', 'move', 'moves', 'mail'],
        },
      },
      files: { 'index.js': PLUGIN },
    });
  }
  let number = 0;
  const caller = async (): Promise<void> => {
    for (;;) {
      const n = number++;
      const outcome = await point.invoke({ id: crypto.randomUUID(), amount: (n % 7) + 1, fails: n % 3 === 0 });
      const expected = n % 3 === 0 ? 'default' : 'committed';
      if (outcome.status !== expected) process.stdout.write(`unexpected ${JSON.stringify(outcome)}\n`);
      if (n === 16) process.stdout.write('ready\n');
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
};

const check = async (): Promise<void> => {
  const result = {
    balances: host.table('balance').find(),
    moves: host.table('move').find({ columns: ['id', 'amount'], limit: 1_000_000 }),
    count: moves.get('count') ?? 0,
  };
  await host.close();
  const sent = existsSync(mails) ? readFileSync(mails, 'utf8').trim().split('\n').filter(Boolean) : [];
  process.stdout.write(`${JSON.stringify({ ...result, sent })}\n`);
};

await (mode === 'load' ? load() : check());
