// The graph of waits. A tree of transactions waits through Waitings: a ticket for a lock (all its blockers must let
// go), or a place in the queue for a plugin's process (any one blocker is enough). A tree is stuck when one of its
// waitings can never be met. A stuck tree that blocks itself is a deadlock. It is found when the wait that closes it
// begins, and ended by the abort of the youngest tree in it.

import type { Transaction } from './transaction.ts';
import type { Tree } from './tree.ts';

/** One wait of a tree. `any`: one blocker that goes on is enough, not all of them. */
export interface Waiting {
  readonly any: boolean;
  blockers(): Tree[];
  /** The waiting transaction ends: leave the queue. */
  giveUp(): void;
}

/** All trees reachable from `start` over waits. */
const reachable = (start: Tree): Set<Tree> => {
  const found = new Set<Tree>([start]);
  for (const tree of found)
    for (const waiting of tree.waiting) for (const blocker of waiting.blockers()) found.add(blocker);
  return found;
};

/** Those of `trees` that can never go on: the rest after all trees that can go on are taken out, repeatedly. */
const stuckAmong = (trees: Set<Tree>): Set<Tree> => {
  const stuck = new Set(trees);
  const waits = (waiting: Waiting): boolean => {
    const blockers = waiting.blockers();
    return waiting.any
      ? blockers.length > 0 && blockers.every((tree) => stuck.has(tree))
      : blockers.some((tree) => stuck.has(tree));
  };
  for (let moved = true; moved; ) {
    moved = false;
    for (const tree of stuck) {
      if (tree.waiting.some(waits)) continue;
      stuck.delete(tree);
      moved = true;
    }
  }
  return stuck;
};

/**
 * Ends every deadlock that `txn` is in, now that it waits. Afterwards its tree can go on one day, or it is doomed and
 * waits for nothing.
 */
export const endDeadlocks = (txn: Transaction): void => {
  const tree = txn.tree;
  while (tree.waiting.length > 0) {
    const found = reachable(tree);
    const stuck = found.size > 1 ? stuckAmong(found) : found;
    if (!stuck.has(tree) || found.size === 1) return;
    let youngest = tree;
    for (const other of stuck) if (other.id > youngest.id && reachable(other).has(tree)) youngest = other;
    if (youngest === tree) {
      for (let one: Transaction | null = txn; one !== null; one = one.parent) one.doom('deadlock');
      for (const waiting of [...tree.waiting]) waiting.giveUp();
      return;
    }
    tree.transactions.end(youngest.root, 'deadlock', '');
  }
};
