// What must hold between any two steps, and at the end of a program.

import { isDeepStrictEqual } from 'node:util';
import type { Lock, Tree } from '../../src/txn/index.ts';
import { SEAT } from './lock-table.ts';
import { visible } from './model.ts';
import type { Run } from './run.ts';

const holdersOf = (lock: Lock): Tree[] => [...(lock.owner === null ? [] : [lock.owner]), ...(lock.others ?? [])];

/** The locks that can be looked at are held by just those who hold them in the naive table. */
const checkHolders = (run: Run): void => {
  const { world, follower } = run;
  const alone = run.actors.length === 1;
  const held = new Set(follower.table.holds.map((hold) => hold.item));
  for (const lock of world.visibleLocks()) {
    const item = world.nameOf(lock);
    if (lock.owner === null && !held.has(item)) continue;
    const trees = holdersOf(lock);
    const real = trees.map((tree) => run.actors.find((actor) => actor.frames[0]?.txn.tree === tree)?.id ?? 0);
    const expected = follower.table.others(0, item);
    if (real.includes(0)) run.fail(8, `${item} is held by a transaction that has ended`);
    const missing = expected.find((id) => !real.includes(id));
    if (missing !== undefined) run.fail(3, `${missing} has lost its hold of ${item}`);
    const extra = real.find((id) => !expected.includes(id));
    if (extra !== undefined && !alone) run.fail(8, `${extra} still holds ${item}`);
  }
};

export const checkStep = (run: Run): void => {
  const { world, follower } = run;
  const peeked = world.peek();
  if (!isDeepStrictEqual(peeked, visible(run.committed)))
    run.fail(3, `from outside the state is ${JSON.stringify(peeked)}, not ${JSON.stringify(visible(run.committed))}`);
  if (!isDeepStrictEqual(world.outbox, run.sent))
    run.fail(6, `effects ${world.outbox.join(', ')} have left, not ${run.sent.join(', ')}`);
  run.ledger.check();
  const failed = world.reports.filter((report) => report.what === 'undo-failed').length;
  if (failed !== run.failedUndos) run.fail(7, `${failed} failures of undo were reported, not ${run.failedUndos}`);
  const contested = new Set(follower.table.waits.filter((wait) => wait.item !== SEAT).map((wait) => wait.item)).size;
  if (world.clock.armed !== contested)
    run.fail(8, `${world.clock.armed} timers are armed, and somebody waits for ${contested} locks`);
  follower.checkWaits();
  checkHolders(run);
};

export const checkEnd = (run: Run): void => {
  const { world } = run;
  if (world.transactions.active !== 0)
    run.fail(8, `${world.transactions.active} transactions are active after the end of all`);
  if (world.clock.armed !== 0) run.fail(8, 'a timer is armed after the end of all');
  for (const lock of world.visibleLocks())
    if (lock.mode !== 0 || lock.owner !== null || lock.queue !== null)
      run.fail(8, `${world.nameOf(lock)} is locked after the end of all`);
  for (const [key, entry] of world.map.entries)
    if (typeof entry.value !== 'number') run.fail(8, `the map still keeps a place for ${key}`);
  for (const account of world.accounts)
    if (account.pending !== null) run.fail(8, 'units are pending after the end of all');
  for (let i = 3; i < world.accounts.length; i++)
    if (world.accounts[i]?.free.some((units) => units !== 0)) run.fail(8, 'a closed account has free units');
  const txn = world.transactions.begin();
  const { tree } = txn;
  if (
    tree.log.mark !== 0 ||
    tree.holds.length !== 0 ||
    tree.effects.length !== 0 ||
    tree.waiting.length !== 0 ||
    tree.committing
  )
    run.fail(8, 'a tree came back to its pool unclean');
  txn.abort();
};
