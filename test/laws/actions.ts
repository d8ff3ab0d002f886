// What random programs are made of. A program is a list of steps; a step is an action of one of a few actors, each of
// which runs one top-level transaction at a time (begun by its first action), with nested ones inside. An action that
// makes no sense where it stands does nothing, so any list of steps is a program, and shrinking one is deleting steps.

import type { Mode } from '../../src/txn/index.ts';

/** What the naive model can do, too: reads and writes of state. */
export type StateAction =
  | { readonly do: 'get' | 'delete'; readonly key: string }
  | { readonly do: 'set'; readonly key: string; readonly value: number }
  | { readonly do: 'keys' | 'length' | 'pop' | 'count' }
  | { readonly do: 'read'; readonly cell: number }
  | { readonly do: 'write'; readonly cell: number; readonly value: number }
  | { readonly do: 'item'; readonly index: number }
  | { readonly do: 'put'; readonly index: number; readonly value: number }
  | { readonly do: 'push' | 'add'; readonly value: number };

/** What takes locks and gives an answer, but changes no state that the model knows. */
export type OtherAction =
  | { readonly do: 'lock'; readonly lock: number; readonly mode: Mode }
  | { readonly do: 'unlock'; readonly lock: number }
  | { readonly do: 'seat' }
  | { readonly do: 'bomb'; readonly bomb: number }
  | { readonly do: 'charge'; readonly resource: number; readonly amount: number }
  | {
      readonly do: 'spend' | 'hold' | 'giveBack';
      readonly account: number;
      readonly resource: number;
      readonly amount: number;
    }
  | {
      readonly do: 'transfer';
      readonly account: number;
      readonly to: number;
      readonly resource: number;
      readonly amount: number;
    }
  /** From an account of the world to the one that the call runs on. */
  | { readonly do: 'fund'; readonly account: number; readonly resource: number; readonly amount: number }
  | { readonly do: 'defer'; readonly value: number; readonly throws: boolean };

/** What begins and ends transactions. */
export type ControlAction =
  /** `limit` > 0: on an account of its own, opened from the parent's. */
  | { readonly do: 'nest'; readonly limit: number }
  | { readonly do: 'commit' | 'doom' | 'prepare' | 'conflict' }
  /** Aborts the transaction that many levels above the deepest, with all inside it. */
  | { readonly do: 'abort'; readonly levels: number }
  | { readonly do: 'tick'; readonly ms: number };

export type Action = StateAction | OtherAction | ControlAction;
export type Step = Action & { readonly who: number };

export interface Program {
  readonly seed: number;
  readonly actors: number;
  readonly steps: readonly Step[];
}

export const KEYS: readonly string[] = ['a', 'b', 'c', 'd', 'e'];
export const CELLS = 2;
export const LOCKS = 3;
export const BOMBS = 2;
export const ACCOUNTS = 3;
export const RESOURCES: readonly string[] = ['calls', 'bytes'];
export const LOCK_TIMEOUT_MS = 50;

export const describeStep = (step: Step): string => {
  const { who, do: what, ...rest } = step;
  const values = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  return what === 'tick'
    ? `clock: ${values.join(', ')}`
    : `actor ${who}: ${what}${values.length > 0 ? ` (${values.join(', ')})` : ''}`;
};

export const describeProgram = (program: Program): string =>
  [
    `seed ${program.seed}, ${program.actors} actors, ${program.steps.length} steps`,
    ...program.steps.map(describeStep),
  ].join('\n  ');
