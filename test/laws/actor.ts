// An actor of a program: whoever drives one top-level transaction at a time, with what the checkers need to know about
// each level of it.

import type { Account, Mode, Transaction } from '../../src/txn/index.ts';
import type { Action, StateAction } from './actions.ts';
import type { Need } from './items.ts';
import type { Wait } from './lock-table.ts';
import { applyAction, copyState, type State } from './model.ts';
import type { AnyTicket } from './world.ts';

/** A state action that was done, with its answer. */
export interface Done {
  readonly action: StateAction;
  readonly answer: unknown;
  readonly needs: readonly Need[];
  /** When, in steps of the whole run. */
  readonly at: number;
}

/**
 * Units that changed their place: between two groups of accounts, or within one between free and held (then `to` is
 * null).
 */
export interface Move {
  readonly from: number;
  readonly to: number | null;
  readonly resource: number;
  readonly amount: number;
}

/** One level of nesting. */
export interface Frame {
  readonly txn: Transaction;
  /** Opened for this level, to be closed at its end. */
  readonly account: Account | null;
  readonly done: Done[];
  readonly effects: number[];
  readonly bombs: number[];
  readonly moves: Move[];
  /** World.spends when it began. */
  readonly spends: number;
  /** All that could be read when it began, where the actor is alone in its program. */
  readonly seen: unknown;
}

export class Actor {
  readonly who: number;
  /** Of the top-level transaction: the younger, the larger. */
  id = 0;
  frames: Frame[] = [];
  /** Steps that came while it was parked, the parked one first. */
  pending: Action[] = [];
  ticket: AnyTicket | null = null;
  wait: Wait | null = null;
  /** Prepared, and not ended. */
  committing = false;

  constructor(who: number) {
    this.who = who;
  }

  get deepest(): Frame | undefined {
    return this.frames.at(-1);
  }

  get depth(): number {
    return this.frames.length - 1;
  }

  get parked(): boolean {
    return this.ticket !== null && this.ticket.state === 'waiting';
  }

  /** What the transaction should see: the committed state, and what it has done since. */
  view(committed: State): State {
    const state = copyState(committed);
    for (const frame of this.frames) for (const done of frame.done) applyAction(state, done.action);
    return state;
  }

  /** A nested commit, as the model sees it. */
  handUp(): Frame {
    const child = this.frames.pop() as Frame;
    const parent = this.frames.at(-1) as Frame;
    parent.done.push(...child.done);
    parent.effects.push(...child.effects);
    parent.bombs.push(...child.bombs);
    parent.moves.push(...child.moves);
    return child;
  }
}

export const modesConflict = (a: Mode, b: Mode): boolean => a !== b || a === 3;
