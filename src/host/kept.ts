// Kept values: what lies in the state of a host, each with who keeps it and the units that he holds for it. Whoever
// replaces or deletes one gives its keeper's units back, at commit.

import { KEPT_BYTES, KEPT_ENTRIES, type Keeper, unitsOf } from '../plugins/index.ts';
import { Account, type Transaction } from '../txn/index.ts';

export class Kept<V> {
  readonly value: V;
  /** Null: the host's own. */
  readonly keeper: Keeper | null;
  readonly units: number;

  /** `key`: under which it lies, or ''. */
  constructor(value: V, keeper: Keeper | null, key: string) {
    this.value = value;
    this.keeper = keeper;
    this.units = keeper === null ? 0 : key.length + unitsOf(value);
  }

  /** As it is stored. */
  toJSON(): V {
    return this.value;
  }
}

/** Holds what `after` needs, as far as `before` does not hold it already; what is too much is given back at commit. */
export const moveKept = (
  txn: Transaction,
  before: Kept<unknown> | undefined,
  after: Kept<unknown> | undefined,
): void => {
  const [from, to] = [before?.keeper ?? null, after?.keeper ?? null];
  if (from !== null && from === to) {
    const more = (after as Kept<unknown>).units - (before as Kept<unknown>).units;
    if (more > 0) from.keep(txn, KEPT_BYTES, more);
    else if (more < 0) from.drop(txn, KEPT_BYTES, -more);
    return;
  }
  if (to !== null) {
    to.keep(txn, KEPT_ENTRIES, 1);
    to.keep(txn, KEPT_BYTES, (after as Kept<unknown>).units);
  }
  if (from !== null) {
    from.drop(txn, KEPT_ENTRIES, 1);
    from.drop(txn, KEPT_BYTES, (before as Kept<unknown>).units);
  }
};

/** Holds what a value of an earlier start needs. */
export const holdKept = ({ keeper, units }: Kept<unknown>): void => {
  keeper?.holdNow(KEPT_ENTRIES, 1);
  keeper?.holdNow(KEPT_BYTES, units);
};

/** Keys of a map that a graft may add to: all of them must fit into one answer of `keys`. */
const KEYS_MAX = 50_000;
const KEY_UNITS_MAX = 1_000_000;
const KEYS = 0;
const KEY_UNITS = 1;
/** The host's own code adds as many as it likes. */
const UNBOUNDED_UNITS = 2 ** 52;

/** What is told of each change of a map: it counts the keys, and holds what is kept. `initial`: keys that are there. */
export const keepInMap = (
  name: string,
  initial: Iterable<string> = [],
): ((txn: Transaction, key: unknown, before: unknown, after: unknown) => void) => {
  const keys = new Account([`keys of ${name}`, `keys of ${name}`]);
  keys.create(KEYS, UNBOUNDED_UNITS);
  keys.create(KEY_UNITS, UNBOUNDED_UNITS);
  const count = (index: number): number => keys.held[index] as number;
  for (const key of initial) {
    keys.drop(KEYS, -1);
    keys.drop(KEY_UNITS, -key.length);
  }
  return (txn, key, before, after) => {
    const { length } = key as string;
    if (before === undefined && after instanceof Kept) {
      if (after.keeper !== null && (count(KEYS) >= KEYS_MAX || count(KEY_UNITS) + length > KEY_UNITS_MAX))
        throw txn.doom('limit', `keys of ${name}`);
      keys.keep(txn, KEYS, 1);
      keys.keep(txn, KEY_UNITS, length);
    } else if (before !== undefined && after === undefined) {
      const leave = (): void => {
        keys.drop(KEYS, 1);
        keys.drop(KEY_UNITS, length);
      };
      txn.defer({ leave });
    }
    moveKept(txn, before as Kept<unknown> | undefined, after as Kept<unknown> | undefined);
  };
};

/** What is told of each change of a cell or of an element of a list. */
export const keepOne = (txn: Transaction, _key: unknown, before: unknown, after: unknown): void =>
  moveKept(txn, before as Kept<unknown> | undefined, after as Kept<unknown> | undefined);
