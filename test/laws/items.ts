// Which locks an action needs, in the order in which it takes them, as far as what it sees tells. The lock table
// follows this, not the code.

import { CHANGE, type Mode, READ, WRITE } from '../../src/txn/index.ts';
import type { OtherAction, StateAction } from './actions.ts';
import { SEAT } from './lock-table.ts';
import type { State } from './model.ts';

export type Need = readonly [item: string, mode: Mode];

const present = (view: State, key: string): boolean => (view.map.get(key) ?? null) !== null;

export const needsOfState = (view: State, action: StateAction): Need[] => {
  const length = view.list.length;
  switch (action.do) {
    case 'get':
      return [[`map[${action.key}]`, READ]];
    case 'set': {
      const entry: Need = [`map[${action.key}]`, WRITE];
      return present(view, action.key) ? [entry] : [entry, ['map.keys', CHANGE]];
    }
    case 'delete': {
      const entry: Need = [`map[${action.key}]`, WRITE];
      return present(view, action.key) ? [entry, ['map.keys', CHANGE]] : [entry];
    }
    case 'keys':
      return [['map.keys', READ]];
    case 'read':
      return [[`cell${action.cell}`, READ]];
    case 'write':
      return [[`cell${action.cell}`, WRITE]];
    case 'push':
      return [
        ['list.length', WRITE],
        [`list[${length}]`, WRITE],
        ['list.keys', CHANGE],
      ];
    case 'pop':
      if (length === 0) return [['list.length', WRITE]];
      return [
        ['list.length', WRITE],
        [`list[${length - 1}]`, READ],
        [`list[${length - 1}]`, WRITE],
        ['list.keys', CHANGE],
      ];
    case 'item':
      return [[`list[${action.index}]`, READ]];
    case 'put': {
      const item = `list[${action.index}]`;
      return action.index < length
        ? [
            [item, READ],
            [item, WRITE],
          ]
        : [[item, READ]];
    }
    case 'length':
      return [['list.length', READ]];
    case 'add':
      return [['counter', CHANGE]];
    case 'count':
      return [['counter', READ]];
  }
};

/** `own`: the item of the account that the transaction runs on. */
export const needsOfOther = (action: OtherAction, own: string): Need[] => {
  switch (action.do) {
    case 'lock':
      return [[`lock${action.lock}`, action.mode]];
    case 'seat':
      return [[SEAT, READ]];
    case 'bomb':
      return [[`bomb${action.bomb}`, WRITE]];
    case 'hold':
    case 'giveBack':
      return [[`account${action.account}`, WRITE]];
    case 'transfer':
      return [
        [`account${action.account}`, WRITE],
        [`account${action.to}`, WRITE],
      ];
    case 'fund':
      return [
        [`account${action.account}`, WRITE],
        [own, WRITE],
      ];
    default:
      return [];
  }
};
