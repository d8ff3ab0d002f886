// Law 3's last part: committed histories are serialisable. The dependency graph has no cycle, and the committed
// programs, one after the other in the order of their commits, read in the naive model what they read in the run.

import { isDeepStrictEqual } from 'node:util';
import { type Done, modesConflict } from './actor.ts';
import { applyAction, carryOut, initialState, visible } from './model.ts';
import type { Run } from './run.ts';

/** One committed top-level transaction: what of it was not taken back. */
export interface Committed {
  readonly id: number;
  readonly done: readonly Done[];
}

const conflict = (a: Done, b: Done): boolean =>
  a.needs.some(([item, mode]) =>
    b.needs.some(([other, otherMode]) => item === other && modesConflict(mode, otherMode)),
  );

/** Whether something of `a` comes before something of `b` that it conflicts with. */
const precedes = (a: Committed, b: Committed): boolean =>
  a.done.some((first) => b.done.some((second) => first.at < second.at && conflict(first, second)));

const checkGraph = (run: Run, history: readonly Committed[]): void => {
  const after = history.map((one) => history.filter((other) => other !== one && precedes(one, other)));
  const finished = new Set<Committed>();
  for (let moved = true; moved; ) {
    moved = false;
    history.forEach((one, i) => {
      if (finished.has(one) || !(after[i] as Committed[]).every((other) => finished.has(other))) return;
      finished.add(one);
      moved = true;
    });
  }
  if (finished.size < history.length) run.fail(3, 'the dependency graph of the committed transactions has a cycle');
};

export const checkSerial = (run: Run, history: readonly Committed[]): void => {
  checkGraph(run, history);
  const state = initialState();
  for (const { id, done } of history) {
    for (const { action, answer } of done) {
      run.counts.reads_replayed++;
      const expected = applyAction(state, action);
      if (!isDeepStrictEqual(expected, answer))
        run.fail(
          3,
          `replayed in the order of commits, ${action.do} of ${id} ` +
            `gives ${JSON.stringify(expected)}, not ${JSON.stringify(answer)}`,
        );
    }
    carryOut(state);
  }
  const peeked = run.world.peek();
  if (!isDeepStrictEqual(peeked, visible(state)))
    run.fail(
      3,
      `replayed in the order of commits the state is ${JSON.stringify(visible(state))}, not ${JSON.stringify(peeked)}`,
    );
};
