// Who waits for what, written down when an operation hangs: every transaction that has begun and not ended, with the
// locks it holds and what it waits for, and every process with what is in its pipe. A host shows none of this, so its
// classes are watched from here.

import { ProcessGroup } from '../../../src/plugins/compartment/process/process-group.ts';
import { Ticket, Transactions, type Tree } from '../../../src/txn/index.ts';
import type { Lock } from '../../../src/txn/lock.ts';
import { replace } from '../../support/twins/patch.ts';

const trees = new Set<Tree>();
const groups = new Set<ProcessGroup>();

/** From now on transactions and processes are seen. Gives what ends that. */
export const watchWaits = (): (() => void) => {
  const ends = [
    replace(
      Transactions.prototype,
      'begin',
      (old) =>
        function (account) {
          const txn = old.call(this, account);
          trees.add(txn.tree);
          return txn;
        },
    ),
    replace(
      Transactions.prototype,
      'recycle',
      (old) =>
        function (tree) {
          trees.delete(tree);
          old.call(this, tree);
        },
    ),
    replace(
      ProcessGroup.prototype,
      'submit',
      (old) =>
        function (tenant, call) {
          groups.add(this);
          old.call(this, tenant, call);
        },
    ),
  ];
  return () => {
    for (const end of ends) end();
    trees.clear();
    groups.clear();
  };
};

const nameOf = (lock: Lock): string => {
  try {
    return lock.name;
  } catch {
    return lock.class.name;
  }
};

const treeLine = (tree: Tree): string => {
  const held = new Set(tree.holds.filter((one) => typeof one !== 'number').map(nameOf));
  const waits = tree.waiting.map((one) => (one instanceof Ticket ? nameOf(one.lock) : one.constructor.name));
  const blockers = tree.waiting.flatMap((one) => one.blockers().map(({ id }) => id));
  return `transaction ${tree.id} ${tree.root.state}: holds ${[...held].join(', ') || 'nothing'}; waits for ${
    waits.join(', ') || 'nothing'
  }${blockers.length > 0 ? ` (of transaction ${blockers.join(', ')})` : ''}`;
};

const groupLines = (group: ProcessGroup): string[] =>
  group.processes.map(({ child, dead, ready, waits, items }) => {
    const pipe = items.map(({ kind, number, cancelled }) => `${kind} ${number}${cancelled ? ' cancelled' : ''}`);
    const state = Object.entries({ dead, ready, waits }).flatMap(([name, is]) => (is ? [name] : []));
    return `process ${child.pid}: ${state.join(' ')} [${pipe.join(', ')}]`;
  });

/** A line for each. */
export const waitsNow = (): string[] => [
  ...[...trees].map(treeLine),
  ...[...groups].filter(({ isClosed }) => !isClosed).flatMap(groupLines),
];
