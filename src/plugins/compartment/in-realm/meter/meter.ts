// The meter of the realm: how much fuel the metered call that runs may still use. One per realm, since the built-ins
// that it bounds are the realm's.
//
// Rewritten code counts CELL[FUEL] down and calls `expire` when it falls below zero; a bounded built-in takes its price
// with `charge`. `expire` tells the maker at every quantum and fills the cell again, or ends the call: it throws ENDED,
// and so does every later tick, whatever the graft catches. While host code runs on the graft's stack (an accessor, a
// tick), CELL[RUNNING] is 0: nothing is charged, and no built-in throws for lack of fuel.

import { needStack } from '../../../../txn/index.ts';
import type { CompartmentCall } from '../../compartment.ts';

export const FUEL = 0;
export const RUNNING = 1;
/**
 * What rewritten code decrements is an element of a typed array: the cheapest counter that a closure can share with its
 * host.
 */
export const CELL = new Int32Array(2);

/** More than any call has: a price is cut to this, so that the cell cannot wrap. */
const PRICE_MAX = 2 ** 30;
/** Fuel of one call stays below this. */
export const FUEL_MAX = 2 ** 31 - 1;

/** Told by a metered compartment: `fuel` units were used since the last time. */
export type Tick = (call: CompartmentCall, fuel: number) => void;

/** Of the call that runs. `enter` saves these fields, and the cell, of a call around it; `leave` puts them back. */
export const METER = {
  /** Null while a module is evaluated. */
  call: null as CompartmentCall | null,
  tick: null as Tick | null,
  quantum: FUEL_MAX,
  /** Fuel of the call that has not been put into the cell yet. */
  left: 0,
  /** What the cell was last filled with. */
  granted: 0,
  /** Fuel used and told. */
  told: 0,
  /** The call has ended: no tick returns any more. */
  ended: false,
  /** It ended because its fuel was used up. */
  exhausted: false,
  /** What `tick` itself threw: the host's own fault, which leaves the call as it came. */
  fault: null as { readonly error: unknown } | null,
};

/** What a tick of an ended call throws. A graft may catch it and finds nothing in it. */
export const ENDED: object = Object.freeze(Object.create(null));

const end = (): never => {
  METER.ended = true;
  CELL[FUEL] = 0;
  throw ENDED;
};

/** Fills the cell with the next quantum. */
const grant = (): void => {
  METER.granted = Math.min(METER.quantum, METER.left);
  METER.left -= METER.granted;
  CELL[FUEL] = METER.granted;
};

/** What is saved of a call while another runs inside it. */
const frames: (typeof METER & { fuel: number; running: number })[] = [];
let depth = 0;

const save = (): void => {
  frames[depth - 1] ??= { ...METER, fuel: 0, running: 0 };
  const frame = frames[depth - 1] as (typeof frames)[number];
  frame.call = METER.call;
  frame.tick = METER.tick;
  frame.quantum = METER.quantum;
  frame.left = METER.left;
  frame.granted = METER.granted;
  frame.told = METER.told;
  frame.ended = METER.ended;
  frame.exhausted = METER.exhausted;
  frame.fault = METER.fault;
  frame.fuel = CELL[FUEL] as number;
  frame.running = CELL[RUNNING] as number;
};

/**
 * Starts counting for a call with `limit` fuel. `leave` must follow. Throws RangeError where a call inside another
 * finds little stack left.
 */
export const enter = (call: CompartmentCall | null, tick: Tick | null, quantum: number, limit: number): void => {
  if (depth > 0) {
    needStack();
    save();
  }
  depth++;
  METER.call = call;
  METER.tick = tick;
  METER.quantum = quantum;
  METER.left = limit;
  METER.told = 0;
  METER.ended = false;
  METER.exhausted = false;
  METER.fault = null;
  grant();
  CELL[RUNNING] = 1;
};

/** Stops counting, and goes on with the call around this one. */
export const leave = (): void => {
  CELL[RUNNING] = 0;
  depth--;
  if (depth === 0) return;
  const frame = frames[depth - 1] as (typeof frames)[number];
  METER.call = frame.call;
  METER.tick = frame.tick;
  METER.quantum = frame.quantum;
  METER.left = frame.left;
  METER.granted = frame.granted;
  METER.told = frame.told;
  METER.ended = frame.ended;
  METER.exhausted = frame.exhausted;
  METER.fault = frame.fault;
  CELL[FUEL] = frame.fuel;
  CELL[RUNNING] = frame.running;
};

/**
 * Fuel used since it was last told: what went of the cell, and what it was overdrawn by, as far as the call had that
 * much.
 */
const untold = (): number => Math.max(0, Math.min(METER.granted - (CELL[FUEL] as number), METER.granted + METER.left));

/** Takes the fuel used since it was last told into `told`, and says how much that is. */
export const settle = (): number => {
  const used = METER.exhausted ? METER.granted + METER.left : untold();
  METER.told += used;
  return used;
};

const tell = (tick: Tick, call: CompartmentCall, used: number): void => {
  CELL[RUNNING] = 0;
  try {
    tick(call, used);
  } catch (error) {
    METER.fault = { error };
    end();
  }
  CELL[RUNNING] = 1;
  if (call.txn.state !== 'active' || call.txn.doomed !== null) end();
};

/** The cell has fallen below zero. */
export const expire = (): void => {
  if (METER.ended) end();
  const over = -(CELL[FUEL] as number);
  if (over > METER.left) {
    METER.exhausted = true;
    METER.ended = true;
    throw ENDED;
  }
  const { tick, call } = METER;
  // Where the graft has used the stack up, this throws before anything has changed, and the next tick tries again.
  if (tick !== null && call !== null) needStack();
  const used = METER.granted + over;
  METER.left -= over;
  METER.told += used;
  METER.granted = 0;
  CELL[FUEL] = 0;
  if (tick !== null && call !== null) tell(tick, call, used);
  grant();
};

/** Takes `price` fuel, a whole number, for what is about to be done. */
export const charge = (price: number): void => {
  if ((CELL[FUEL] as number) < 0) expire();
  CELL[FUEL] = (CELL[FUEL] as number) - Math.min(price, PRICE_MAX);
  if ((CELL[FUEL] as number) < 0) expire();
};
