// Broken twins of the undo log, of nested commits and aborts, of accounts and of effects: laws 1, 2, 5, 6 and 7.

import { Account, Transaction, Transactions, type Undoable, UndoLog, type Undone } from '../../../src/txn/index.ts';
import { replace, replaceGetter, type Twin, twin } from './patch.ts';

type LogRecord = readonly [Undoable, unknown, unknown, unknown];

interface Fault {
  readonly oldestFirst?: boolean;
  readonly stopsAtThrow?: boolean;
  readonly keeps?: (count: number) => boolean;
}

/** The undo log written anew as plainly as it can be, with a fault. */
const faultyLog = (fault: Fault) => (): (() => void)[] => {
  const logs = new WeakMap<UndoLog, LogRecord[]>();
  const of = (log: UndoLog): LogRecord[] => {
    const records = logs.get(log) ?? [];
    logs.set(log, records);
    return records;
  };
  let count = 0;
  const unwind = function (
    this: UndoLog,
    mark: number,
    failed: (place: unknown, operation: string, error: unknown) => void,
  ): Undone {
    const taken = of(this).splice(mark);
    if (!fault.oldestFirst) taken.reverse();
    for (const [operation, place, key, before] of taken) {
      try {
        operation.undo(place, key, before);
      } catch (error) {
        failed(place, operation.name, error);
        if (fault.stopsAtThrow) break;
      }
    }
    return { records: taken.length, first: [] };
  };
  return [
    replaceGetter(UndoLog.prototype, 'mark', function () {
      return of(this).length;
    }),
    replace(
      UndoLog.prototype,
      'push',
      () =>
        function (...record: LogRecord) {
          if (fault.keeps?.(++count) ?? true) of(this).push(record);
        },
    ),
    replace(UndoLog.prototype, 'unwind', () => unwind),
    replace(
      UndoLog.prototype,
      'clear',
      () =>
        function () {
          of(this).length = 0;
        },
    ),
  ];
};

const losesSpentUnits: Undoable['undo'] = (place, key) => {
  const to = place as Account;
  const { from, index, amount } = key as { from: Account; index: number; amount: number };
  const back = Math.min(amount, to.free[index] as number);
  to.free[index] = (to.free[index] as number) - back;
  from.free[index] = (from.free[index] as number) + back;
};

const withUndo = (name: string, undo: Undoable['undo']) => () => [
  replace(
    UndoLog.prototype,
    'push',
    (old) =>
      function (operation, place, key, before) {
        old.call(this, operation.name === name ? { name, undo } : operation, place, key, before);
      },
  ),
];

export const undoTwins: readonly Twin[] = [
  twin(1, 'undo runs oldest first', faultyLog({ oldestFirst: true })),
  twin(1, 'the undo log drops every fifth record', faultyLog({ keeps: (count) => count % 5 !== 0 })),
  twin(1, 'a doomed transaction commits', () => [
    replace(
      Transaction.prototype,
      'commit',
      (old) =>
        function () {
          this.doomed = null;
          old.call(this);
        },
    ),
  ]),
  twin(2, "a child's commit lets go of its locks", () => [
    replace(
      Transaction.prototype,
      'commit',
      (old) =>
        function () {
          if (this.parent !== null && this.doomed === null) this.tree.releaseTo(this.holdMark, true);
          old.call(this);
        },
    ),
  ]),
  twin(2, "a child's commit drops its effects", () => [
    replace(
      Transaction.prototype,
      'commit',
      (old) =>
        function () {
          if (this.parent !== null && this.doomed === null) this.tree.effects.length = this.effectMark;
          old.call(this);
        },
    ),
  ]),
  twin(2, "a child's abort takes back its parent's, too", () => [
    replace(
      Transactions.prototype,
      'undo',
      (old) =>
        function (tree) {
          return old.call(this, tree, 0);
        },
    ),
  ]),
  twin(5, 'taking back a transfer forgets the units that were spent', withUndo('account.transfer', losesSpentUnits)),
  twin(
    5,
    'taking back a hold leaves it held',
    withUndo('account.hold', () => {}),
  ),
  twin(8, 'a closed account keeps what it has left', () => [replace(Account.prototype, 'close', () => () => {})]),
  twin(6, 'effects leave on abort', () => [
    replace(
      Transaction.prototype,
      'abort',
      (old) =>
        function (reason, detail) {
          this.tree.transactions.letGo(this.tree);
          return old.call(this, reason, detail);
        },
    ),
  ]),
  twin(6, 'effects leave before commit', () => [
    replace(Transaction.prototype, 'defer', () => (effect) => {
      try {
        effect.leave();
      } catch {
        // Only when it leaves is the fault here.
      }
    }),
  ]),
  twin(6, 'an effect that throws keeps the next ones back', () => [
    replace(Transactions.prototype, 'letGo', () => (tree) => {
      try {
        for (const effect of tree.effects.splice(0)) effect.leave();
      } catch {
        // The rest stays.
      }
    }),
  ]),
  twin(7, 'undo stops at the first throw', faultyLog({ stopsAtThrow: true })),
  twin(7, 'a place whose undo threw is not fenced off', () => [
    replace(Transactions.prototype, 'isFenced', () => () => false),
  ]),
];
