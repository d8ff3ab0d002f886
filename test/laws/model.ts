// The naive model of the state: plain Maps and arrays, deep copies, one action after the other. A key that a
// transaction deletes keeps its place, as null, until `carryOut` at its commit.

import type { StateAction } from './actions.ts';

export interface State {
  readonly map: Map<string, number | null>;
  readonly cells: number[];
  readonly list: number[];
  count: number;
}

export const initialState = (): State => ({
  map: new Map([
    ['a', -1],
    ['b', -2],
    ['c', -3],
  ]),
  cells: [-10, -11],
  list: [-20, -21],
  count: 0,
});

export const copyState = (state: State): State => ({
  map: new Map(state.map),
  cells: [...state.cells],
  list: [...state.list],
  count: state.count,
});

/** A commit: what is deleted goes. */
export const carryOut = (state: State): void => {
  for (const [key, value] of state.map) if (value === null) state.map.delete(key);
};

const presentKeys = (state: State): string[] =>
  [...state.map].filter(([, value]) => value !== null).map(([key]) => key);

const remove = (state: State, key: string): boolean => {
  if ((state.map.get(key) ?? null) === null) return false;
  state.map.set(key, null);
  return true;
};

const put = (state: State, index: number, value: number): boolean => {
  if (index >= state.list.length) return false;
  state.list[index] = value;
  return true;
};

/** Does the action and gives its answer. */
export const applyAction = (state: State, action: StateAction): unknown => {
  switch (action.do) {
    case 'get':
      return state.map.get(action.key) ?? undefined;
    case 'set':
      return void state.map.set(action.key, action.value);
    case 'delete':
      return remove(state, action.key);
    case 'keys':
      return presentKeys(state);
    case 'read':
      return state.cells[action.cell];
    case 'write':
      state.cells[action.cell] = action.value;
      return undefined;
    case 'push':
      return state.list.push(action.value);
    case 'pop':
      return state.list.pop();
    case 'item':
      return state.list[action.index];
    case 'put':
      return put(state, action.index, action.value);
    case 'length':
      return state.list.length;
    case 'add':
      state.count += action.value;
      return undefined;
    case 'count':
      return state.count;
  }
};

/** What is to be seen, in order, for comparing. */
export const visible = (state: State) => ({
  map: [...state.map].filter(([, value]) => value !== null),
  cells: state.cells,
  list: state.list,
  count: state.count,
});
