// Law 5 in a naive ledger. Call accounts count with the account they were opened from: a group. Per group and resource
// it knows what must be held, and what free and spent must add up to; who pays for what was spent of a transfer that
// was taken back is bounded, not computed.

import { ACCOUNTS, RESOURCES } from './actions.ts';
import type { Frame, Move } from './actor.ts';
import type { Run } from './run.ts';
import { CREATED } from './world.ts';

const table = (value: number): number[][] => Array.from({ length: ACCOUNTS }, () => RESOURCES.map(() => value));

const add = (to: number[][], group: number, resource: number, amount: number): void => {
  const row = to[group] as number[];
  row[resource] = (row[resource] as number) + amount;
};

export class Ledger {
  /** The group of each account of the world. */
  readonly groups: number[] = Array.from({ length: ACCOUNTS }, (_, i) => i);
  readonly #run: Run;
  readonly #held = table(0);
  /** Free and spent together. */
  readonly #own = table(CREATED);
  #spent = table(0);

  constructor(run: Run) {
    this.#run = run;
  }

  groupOf(account: unknown): number {
    return this.groups[this.#run.world.accounts.indexOf(account as never)] as number;
  }

  moved({ from, to, resource, amount }: Move, sign: 1 | -1): void {
    add(this.#own, from, resource, -sign * amount);
    add(to === null ? this.#held : this.#own, to ?? from, resource, sign * amount);
  }

  spent(group: number, resource: number, amount: number): void {
    add(this.#spent, group, resource, amount);
  }

  /** The levels from `dropped` on were aborted. */
  aborted(dropped: readonly Frame[]): void {
    const moves = dropped.flatMap((frame) => frame.moves);
    for (const move of moves) this.moved(move, -1);
    const first = dropped[0] as Frame;
    if (first.spends === this.#run.world.spends || moves.every((move) => move.to === null)) return;
    const real = this.#sum('spent');
    for (let group = 0; group < ACCOUNTS; group++)
      for (let resource = 0; resource < RESOURCES.length; resource++) this.#checkShift(moves, real, group, resource);
    if (RESOURCES.every((_, i) => total(real, i) === total(this.#spent, i))) this.#spent = real;
  }

  /** What a group is relieved of, or charged with, is at most what was transferred to it, or from it. */
  #checkShift(moves: readonly Move[], real: number[][], group: number, resource: number): void {
    const shift = (real[group]?.[resource] as number) - (this.#spent[group]?.[resource] as number);
    const bound = moves.reduce((sum, move) => {
      if (move.to === null || move.resource !== resource) return sum;
      return (shift < 0 ? move.to : move.from) === group ? sum + move.amount : sum;
    }, 0);
    if (Math.abs(shift) > bound)
      this.#run.fail(5, `an abort moved ${shift} spent ${RESOURCES[resource]} to account ${group}; at most ${bound}`);
  }

  #sum(what: 'free' | 'held' | 'spent'): number[][] {
    const sums = table(0);
    this.#run.world.accounts.forEach((account, i) => {
      for (let j = 0; j < RESOURCES.length; j++) add(sums, this.groups[i] as number, j, account[what][j] as number);
    });
    return sums;
  }

  check(): void {
    const [free, held, spent] = [this.#sum('free'), this.#sum('held'), this.#sum('spent')];
    RESOURCES.forEach((resource, i) => {
      const sum = total(free, i) + total(held, i) + total(spent, i);
      if (sum !== CREATED * ACCOUNTS)
        this.#run.fail(5, `${resource}: free + held + spent is ${sum}, not ${CREATED * ACCOUNTS}`);
    });
    for (const account of this.#run.world.accounts)
      if (account.free.some((units) => units < 0) || account.held.some((units) => units < 0))
        this.#run.fail(5, `an account has free ${account.free.join(', ')}, held ${account.held.join(', ')}`);
    const own = free.map((row, group) => row.map((units, i) => units + (spent[group]?.[i] as number)));
    this.#compare('held', held, this.#held);
    this.#compare('free and spent', own, this.#own);
    this.#compare('spent', spent, this.#spent);
  }

  #compare(what: string, real: number[][], expected: number[][]): void {
    if (JSON.stringify(real) === JSON.stringify(expected)) return;
    this.#run.fail(5, `${what} is ${JSON.stringify(real)} by account, not ${JSON.stringify(expected)}`);
  }
}

const total = (of: number[][], resource: number): number => of.reduce((sum, row) => sum + (row[resource] as number), 0);
