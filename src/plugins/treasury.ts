// The treasury: an account that never runs dry. A host owns one, and fills the accounts of its calls from it.

import { Account } from '../txn/index.ts';
import { RESOURCES } from './limits.ts';

const TREASURY_UNITS = 2 ** 52;

export const treasury = (): Account => {
  const account = new Account(RESOURCES);
  for (let index = 0; index < RESOURCES.length; index++) account.create(index, TREASURY_UNITS);
  return account;
};

/** Units of a treasury that calls have in their accounts or hold: zero while none runs. */
export const unitsInUse = ({ free, spent }: Account): number =>
  RESOURCES.reduce((sum, _, index) => sum + (TREASURY_UNITS - (free[index] as number) - (spent[index] as number)), 0);
