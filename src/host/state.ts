// Transactional state of an application: the ready-made state of src/txn with names, callables for grafts, and awaiting
// access for the host's own code.
//
//   stock.get('x')                  the last committed value
//   stock.in(txn).set('x', 1)       inside a transaction of the host's own; waits for locks
//   stock.set('x', 1)               in a transaction of its own
//   stock.readable(), .writable()   the callables, for a graft point to list

import {
  A_BOOLEAN,
  badArgument,
  type Callable,
  type CallableTree,
  type Caller,
  checkOptions,
  type Keeper,
  type OptionChecks,
  plainFault,
  unexpected,
  WRITES,
} from '../plugins/index.ts';
import { Cell, Counter, List, StateMap, type StateOptions, Ticket, type Transaction } from '../txn/index.ts';
import type { HostTransaction } from './host-transaction.ts';
import { holdKept, Kept, keepInMap, keepOne } from './kept.ts';

/**
 * Options of a state. `stored`: kept in the database, in the COMMIT of the transaction that changes it (maps only).
 * Then it takes plain data alone, which is the same after a restart.
 */
export interface StateSpec {
  /** How long a transaction may wait for one of its locks before the holder is aborted. Default 500. */
  readonly lock_timeout_ms?: number;
}

export interface MapSpec extends StateSpec {
  /** Whether it is kept in the database. */
  readonly stored?: boolean;
}

const SPEC: OptionChecks = {
  lock_timeout_ms: ['milliseconds, from 0', (value) => typeof value === 'number' && value >= 0],
};
const MAP_SPEC: OptionChecks = { ...SPEC, stored: A_BOOLEAN };

/** Runs something in a transaction of its own. */
export type OwnTransaction = <T>(run: (txn: HostTransaction) => Promise<T>) => Promise<T>;

const KEY_MAX = 512;
/** Names that every object inherits: in an ordinary object, a key of such a name would seem to be there. */
const FORBIDDEN = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

const WRITE_PRICE = { resource: WRITES, cost: 1 } as const;

/** Throws GRAFT_BAD_OPTION. */
const stateOptions = (name: string, spec: StateSpec, checks = SPEC): StateOptions => {
  checkOptions(spec, checks, name);
  return { name, lock_timeout_ms: spec.lock_timeout_ms ?? 500, writes: WRITE_PRICE };
};

/** What lies under the keys of a map. */
export type KeptMap<V> = StateMap<string, Kept<V>>;

/** The map of a HostMap. `keeper` keeps what is there initially; null: the host itself. */
export const keptMap = <V>(
  name: string,
  spec: MapSpec = {},
  initial: readonly (readonly [string, V])[] = [],
  keeper: Keeper | null = null,
): KeptMap<V> => {
  const rows = initial.map(([key, value]) => [key, new Kept(value, keeper, key)] as const);
  for (const [, kept] of rows) holdKept(kept);
  const keep = keepInMap(
    name,
    rows.map(([key]) => key),
  );
  return new StateMap({ ...stateOptions(name, spec, MAP_SPEC), keep }, rows);
};

/** The host's own value. */
const own = <V>(value: V): Kept<V> => new Kept(value, null, '');

/** A copy of a value for a map that is stored, as it will be after a restart. Throws GRAFT_BAD_ARGUMENT. */
const storable = <V>(name: string, key: string, value: V): Kept<V> => {
  const fault = plainFault(value);
  if (fault !== null)
    return badArgument(`${name}: what is stored must be plain data, value${fault.path}: ${fault.why}`);
  if (plainFault(key) !== null)
    return badArgument(`${name}: a key that is stored must be well-formed text without NUL`);
  return own(frozen(JSON.parse(JSON.stringify(value))) as V);
};

/** A copy of a value of the host's own. */
const copied = <V>(value: V): Kept<V> => own(frozen(structuredClone(value)) as V);

/** What a graft gives. */
const given = <V>(what: string, args: readonly unknown[], index: number, { keeper }: Caller): Kept<V> => {
  const key = index === 0 ? '' : (args[0] as string);
  return new Kept(argumentOf<V>(what, args, index), keeper ?? null, key);
};

/** The value of what was read, or the ticket. */
const valueIn = <V>(read: Kept<V> | Ticket): V | Ticket => (read instanceof Ticket ? read : read.value);
const valueAt = <V>(read: Kept<V> | undefined | Ticket): V | undefined | Ticket =>
  read instanceof Ticket ? read : read?.value;

/** A key as a graft may name it. */
const keyOf = (name: string, value: unknown): string => {
  if (typeof value !== 'string' || value.length === 0 || value.length > KEY_MAX)
    return unexpected(name, `a key of 1 to ${KEY_MAX} characters`, value);
  return FORBIDDEN.has(value) ? badArgument(`${name}: the key ${value}`) : value;
};

const argumentOf = <V>(name: string, args: readonly unknown[], index: number): V => {
  if (args.length !== index + 1) return unexpected(`${name}, number of arguments`, String(index + 1), args.length);
  return frozen(args[index]) as V;
};

/** Freezes plain data deeply: state is shared by reference, and only accessors change it. */
const frozen = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
};

/** A callable that answers at once, or with a ticket. */
const callable = (run: (caller: Caller, args: readonly unknown[]) => unknown | Ticket): Callable => ({
  waits: false,
  run,
});

export class HostMap<V> {
  /** The name that it was made with. */
  readonly name: string;
  readonly #map: KeptMap<V>;
  readonly #own: OwnTransaction;
  /** Takes the writer's slot for state that is stored; null: it is not. */
  readonly #touch: ((txn: Transaction) => Ticket | null) | null;

  /** @internal Use `host.map`. */
  constructor(map: KeptMap<V>, own: OwnTransaction, touch: ((txn: Transaction) => Ticket | null) | null = null) {
    this.name = map.name;
    this.#map = map;
    this.#own = own;
    this.#touch = touch;
  }

  /** The last committed value. */
  get(key: string): V | undefined {
    return this.#map.peek(key)?.value;
  }

  /** The last committed keys and values. */
  entries(): [string, V][] {
    return [...this.#map.peekEntries()].map(([key, { value }]) => [key, value]);
  }

  #copied(key: string, value: V): Kept<V> {
    return this.#touch === null ? copied(value) : storable(this.name, key, value);
  }

  #set(txn: Transaction, key: string, value: Kept<V>): undefined | Ticket {
    return this.#touch?.(txn) ?? this.#map.set(txn, key, value);
  }

  #delete(txn: Transaction, key: string): boolean | Ticket {
    return this.#touch?.(txn) ?? this.#map.delete(txn, key);
  }

  /** The map inside a transaction of the host's own. */
  in(txn: HostTransaction): {
    get(key: string): Promise<V | undefined>;
    set(key: string, value: V): Promise<void>;
    delete(key: string): Promise<boolean>;
    keys(): Promise<string[]>;
  } {
    return {
      get: (key) => txn.run((core) => valueAt(this.#map.get(core, key))),
      set: (key, value) => txn.run((core) => this.#set(core, key, this.#copied(key, value))) as Promise<void>,
      delete: (key) => txn.run((core) => this.#delete(core, key)),
      keys: () => txn.run((core) => this.#map.keys(core)),
    };
  }

  /** Sets a key in a transaction of its own. */
  async set(key: string, value: V): Promise<void> {
    await this.#own((txn) => this.in(txn).set(key, value));
  }

  /** Deletes a key in a transaction of its own. The answer: whether it was there. */
  delete(key: string): Promise<boolean> {
    return this.#own((txn) => this.in(txn).delete(key));
  }

  /** `get`, `has` and `keys` for grafts. */
  readable(): CallableTree {
    const { name } = this;
    return {
      get: callable(({ txn }, [key]) => valueAt(this.#map.get(txn, keyOf(`${name}.get`, key)))),
      has: callable(({ txn }, [key]) => {
        const value = this.#map.get(txn, keyOf(`${name}.has`, key));
        return value instanceof Ticket ? value : value !== undefined;
      }),
      keys: callable(({ txn }) => this.#map.keys(txn)),
    };
  }

  /** `readable`, and `set` and `delete`. */
  writable(): CallableTree {
    const { name } = this;
    return {
      ...this.readable(),
      set: callable((caller, args) =>
        this.#set(caller.txn, keyOf(`${name}.set`, args[0]), given(`${name}.set`, args, 1, caller)),
      ),
      delete: callable(({ txn }, [key]) => this.#delete(txn, keyOf(`${name}.delete`, key))),
    };
  }
}

export class HostCell<V> {
  readonly #cell: Cell<Kept<V>>;
  readonly #own: OwnTransaction;

  /** @internal Use `host.cell`. */
  constructor(name: string, initial: V, spec: StateSpec, own: OwnTransaction) {
    this.#cell = new Cell(copied(initial), { ...stateOptions(name, spec), keep: keepOne });
    this.#own = own;
  }

  /** The last committed value. */
  get(): V {
    return this.#cell.peek().value;
  }

  /** Within a transaction of the host: its operations wait for locks. */
  in(txn: HostTransaction): { get(): Promise<V>; set(value: V): Promise<void> } {
    return {
      get: () => txn.run((core) => valueIn(this.#cell.get(core))),
      set: (value) => txn.run((core) => this.#cell.set(core, copied(value))) as Promise<void>,
    };
  }

  /** Sets it, in a transaction of its own. */
  async set(value: V): Promise<void> {
    await this.#own((txn) => this.in(txn).set(value));
  }

  /** Callables that look at it, for a graft point to list. */
  readable(): CallableTree {
    return { get: callable(({ txn }) => valueIn(this.#cell.get(txn))) };
  }

  /** Callables that look at it and change it, for a graft point to list. */
  writable(): CallableTree {
    return {
      ...this.readable(),
      set: callable((caller, args) => this.#cell.set(caller.txn, given(`${this.#cell.name}.set`, args, 0, caller))),
    };
  }
}

export class HostCounter {
  readonly #counter: Counter;
  readonly #own: OwnTransaction;

  /** @internal Use `host.counter`. */
  constructor(name: string, initial: number, spec: StateSpec, own: OwnTransaction) {
    this.#counter = new Counter(stateOptions(name, spec), initial);
    this.#own = own;
  }

  /** The last committed value. */
  get(): number {
    return this.#counter.peek();
  }

  /** Within a transaction of the host: its operations wait for locks. */
  in(txn: HostTransaction): { get(): Promise<number>; add(amount: number): Promise<void> } {
    return {
      get: () => txn.run((core) => this.#counter.get(core)),
      add: (amount) => txn.run((core) => this.#add(core, amount)) as Promise<void>,
    };
  }

  /** Adds to it, in a transaction of its own. */
  async add(amount: number): Promise<void> {
    await this.#own((txn) => this.in(txn).add(amount));
  }

  /** Refuses an amount with which the value could not be told to anybody any more. */
  #add(txn: Transaction, amount: unknown): undefined | Ticket {
    const { name } = this.#counter;
    if (typeof amount !== 'number') return unexpected(`${name}.add`, 'a number', amount);
    if (!this.#counter.takes(txn, amount)) return badArgument(`${name}.add: the counter stays within ±(2^53−1)`);
    return this.#counter.add(txn, amount);
  }

  /** Callables that look at it, for a graft point to list. */
  readable(): CallableTree {
    return { get: callable(({ txn }) => this.#counter.get(txn)) };
  }

  /** Callables that look at it and change it, for a graft point to list. */
  writable(): CallableTree {
    return { ...this.readable(), add: callable(({ txn }, [amount]) => this.#add(txn, amount)) };
  }
}

export class HostList<V> {
  readonly #list: List<Kept<V>>;
  readonly #own: OwnTransaction;

  /** @internal Use `host.list`. */
  constructor(name: string, initial: readonly V[], spec: StateSpec, own: OwnTransaction) {
    this.#list = new List({ ...stateOptions(name, spec), keep: keepOne }, initial.map(copied));
    this.#own = own;
  }

  /** The last committed elements. */
  get(): V[] {
    return this.#list.peek().map(({ value }) => value);
  }

  /** Within a transaction of the host: its operations wait for locks. */
  in(txn: HostTransaction): {
    get(index: number): Promise<V | undefined>;
    length(): Promise<number>;
    push(value: V): Promise<number>;
    pop(): Promise<V | undefined>;
  } {
    return {
      get: (index) => txn.run((core) => valueAt(this.#list.get(core, index))),
      length: () => txn.run((core) => this.#list.length(core)),
      push: (value) => txn.run((core) => this.#list.push(core, copied(value))),
      pop: () => txn.run((core) => valueAt(this.#list.pop(core))),
    };
  }

  /** Adds an element at its end, in a transaction of its own. */
  push(value: V): Promise<number> {
    return this.#own((txn) => this.in(txn).push(value));
  }

  /** Callables that look at it, for a graft point to list. */
  readable(): CallableTree {
    const { name } = this.#list;
    const indexOf = (value: unknown): number =>
      Number.isSafeInteger(value) && (value as number) >= 0
        ? (value as number)
        : unexpected(name, 'an index, a whole number from 0', value);
    return {
      get: callable(({ txn }, [index]) => valueAt(this.#list.get(txn, indexOf(index)))),
      length: callable(({ txn }) => this.#list.length(txn)),
    };
  }

  /** Callables that look at it and change it, for a graft point to list. */
  writable(): CallableTree {
    const { name } = this.#list;
    return {
      ...this.readable(),
      push: callable((caller, args) => this.#list.push(caller.txn, given(`${name}.push`, args, 0, caller))),
      pop: callable(({ txn }) => valueAt(this.#list.pop(txn))),
    };
  }
}
