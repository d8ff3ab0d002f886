// A user's graft in one kind of compartment, measured in a process of its own: whether it runs there at all, its calls
// through a graft point with a transaction around them, beside their floor; its start; its memory when idle.

import { GraftError, type Outcome, type PointOptions } from 'graftwork/plugins';
import { refuseDirect } from '../../src/plugins/compartment/index.ts';
import { type Asked, Bed } from '../isolation/bed.ts';
import { type CallSize, IN_FLIGHT, measured } from '../isolation/calls.ts';
import type { Kind } from '../isolation/kinds.ts';
import { type Idle, idle, type Size, type Start, start } from '../isolation/life.ts';
import type { Script } from '../isolation/source.ts';
import type { CallContender, Row } from '../measure.ts';
import { type Offered, offered } from './callables.ts';
import { floorOf } from './floors.ts';

/** What is measured, as it goes to the process. */
export interface PluginOrder extends Script {
  readonly needs: readonly string[];
  /** The module of the callables; null: all of them answer null. */
  readonly callables: string | null;
  readonly input: unknown;
  readonly seconds: number;
}

/** Figures of a kind, or why there are none. */
export type Plugged =
  | { readonly why: string }
  | {
      readonly why: null;
      /** JSON. */
      readonly answer: string;
      /** Callables that answered null. */
      readonly nulls: readonly string[];
      /** Calls timed one by one; the kind is the last row, its floor the first. */
      readonly each: readonly Row[];
      /** In batches; of kinds that wait, in flight. */
      readonly batch: readonly Row[];
      /** Why there is no floor; null: there is one. */
      readonly noFloor: string | null;
      readonly start: Start;
    };

/** Limits that bound nothing here but an endless loop. */
const LIMITS = { own_ms: 1000, total_ms: 10_000, calls: 1e6, writes: 1e6, log_bytes: 2 ** 30, argument_bytes: 2 ** 30 };

const pointOf = ({ tree }: Offered): Partial<PointOptions> => ({ callable: tree, limits: LIMITS });

/** How a call ended that did not commit, in one line. */
const endOf = ({ status, grafts: [graft], ...outcome }: Outcome<unknown>): string => {
  if (status === 'refused') return `the graft refuses this input: ${JSON.stringify(outcome)}`.slice(0, 300);
  return `a call of it ends as ${graft?.reason ?? status}${graft?.detail ? `: ${graft.detail}` : ''}`.slice(0, 300);
};

const textOf = (error: unknown): string =>
  (error instanceof GraftError ? `${error.code}: ${error.message}` : String((error as Error)?.message ?? error)).split(
    '\n',
    1,
  )[0] as string;

const TRIES = 20;

/** The time of a call, roughly, in ns. */
const roughly = async (one: CallContender): Promise<number> => {
  for (let i = 0; i < TRIES; i++) await one.call();
  const begun = performance.now();
  for (let i = 0; i < TRIES; i++) await one.call();
  return ((performance.now() - begun) * 1e6) / TRIES;
};

const within = (count: number, least: number, most: number): number =>
  Math.round(Math.min(most, Math.max(least, count)));

/** Sizes that take about `seconds`, half of them for single calls. */
const sizeFor = async (all: readonly CallContender[], seconds: number): Promise<CallSize> => {
  let ns = 0;
  for (const one of all) ns += await roughly(one);
  const half = (seconds / 2) * 1e9;
  const each = { rounds: 10, warmup: 1, count: within(half / 11 / ns, 10, 5000) };
  return {
    trial_ms: seconds * 20,
    batch_ns: half / 24 / all.length,
    batches: { rounds: 20, warmup: 4 },
    each,
    later: each,
    flight: { rounds: 5, warmup: 1, count: within(half / 6 / ns, IN_FLIGHT, 20_000) },
  };
};

const subjectOf = ({ ask }: Asked, kind: Kind, input: unknown): CallContender => {
  const value = (outcome: Outcome<unknown>): number => {
    if (outcome.status !== 'committed') throw new Error(endOf(outcome));
    return 1;
  };
  return {
    name: kind.name,
    call() {
      const outcome = ask(input);
      return outcome instanceof Promise ? outcome.then(value) : value(outcome);
    },
    close: async () => {},
  };
};

const floorOrWhy = async (
  kind: Kind,
  { input, ...script }: PluginOrder,
  { functions }: Offered,
): Promise<CallContender | string> => {
  try {
    return await floorOf(kind, script, input, functions);
  } catch (error) {
    return textOf(error);
  }
};

const figures = async (kind: Kind, order: PluginOrder, api: Offered, size: Size & { began_ms: number }) => {
  const { input, seconds } = order;
  const bed = new Bed(kind, 1);
  const asked = await bed.install(order, pointOf(api));
  const first = await asked.ask(input);
  if (first.status !== 'committed') return { why: endOf(first) };
  const floor = await floorOrWhy(kind, order, api);
  const subject = subjectOf(asked, kind, input);
  const all = typeof floor === 'string' ? [subject] : [floor, subject];
  const { each, batch } = await measured(all, await sizeFor(all, seconds));
  size.alive();
  if (typeof floor !== 'string') await floor.close();
  bed.close();
  const graft = { source: order, input, options: pointOf(api) };
  return {
    why: null,
    answer: JSON.stringify(first.value ?? null),
    each,
    batch,
    noFloor: typeof floor === 'string' ? floor : null,
    start: await start(kind, { ...size, small: true }, graft),
  };
};

/** Measures a graft in a kind. */
export const plugged = async (
  kind: Kind,
  order: PluginOrder,
  size: Size & { readonly began_ms: number },
): Promise<Plugged> => {
  const nulls = new Set<string>();
  // In the other kinds a realm defines it.
  if (kind.name === 'direct') Object.assign(globalThis, { __graftwork_refuse: refuseDirect });
  try {
    const api = await offered(order.needs, order.code, order.callables, (name) => nulls.add(name));
    const found = await figures(kind, order, api, size);
    return found.why === null ? ({ ...found, nulls: [...nulls] } as Plugged) : { why: found.why as string };
  } catch (error) {
    return { why: textOf(error) };
  }
};

/** The memory of the same, idle. */
export const pluginIdle = async (kind: Kind, order: PluginOrder, size: Size): Promise<Idle> => {
  const api = await offered(order.needs, order.code, order.callables, () => {});
  return idle(kind, { ...size, small: true }, { source: order, input: order.input, options: pointOf(api) });
};
