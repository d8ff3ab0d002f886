// Random grafts, honest and hostile. They run in direct compartments; a preemption, which only metered ones have, is
// played by telling the machine of a tick from inside the graft, and ending the graft where its transaction was undone
// meanwhile, as the metered compartment does.

import { type Tick, WIRED_PAGES } from '../../../src/kernel-model/kernel/index.ts';
import { directMaker, refuseDirect } from '../../../src/plugins/compartment/index.ts';
import type { Compartment, CompartmentCall, CompartmentMaker } from '../../../src/plugins/index.ts';
import { Random } from '../../support/random.ts';
import type { PluginPlan, Seat } from './plan.ts';
import type { World } from './world.ts';

interface Api {
  log(text: unknown): void;
  now(): number;
  lock(name: unknown): void;
  unlock(name: unknown): void;
  readonly shared: { get(key: unknown): number | null; set(key: unknown, value: unknown): void };
  readonly threads: { lock(): void; priority(id: unknown): number; setPriority(id: unknown, priority: unknown): void };
  readonly memory: { wire(space: unknown, page: unknown): void; unwire(space: unknown, page: unknown): void };
  readonly pages?: { lock(): void };
  readonly announced?: { lock(): void };
  original(): unknown;
  readonly columns: Readonly<Record<string, Int32Array | Uint8Array | Float64Array>>;
}

export const NEEDS = ['log', 'now', 'lock', 'unlock', 'shared', 'threads', 'memory'];
/** Small, so that running into them is quick. */
export const LIMITS = { calls: 60, writes: 12, log_bytes: 400 };

/** What a graft was made for. */
interface Standing {
  readonly world: World;
  readonly plan: PluginPlan;
  readonly name: string;
  readonly random: Random;
  readonly preempt: () => void;
}

type Action = (standing: Standing, api: Api) => void;

const threadIds = (world: World): number[] => [...world.kernel.threads.keys()];
const ownThread = ({ world, plan, random }: Standing): number => {
  const own = [...world.kernel.threads.values()].filter(({ owner }) => owner === plan.user);
  return own.length === 0 ? 0 : random.pick(own).id;
};

const ownPage = ({ world, plan, random }: Standing): [number, number] | null => {
  const spaces = [...world.kernel.spaces.values()].filter(({ owner }) => owner === plan.user);
  if (spaces.length === 0) return null;
  const space = random.pick(spaces);
  for (let i = 0; i < 8; i++) {
    const page = random.below(20);
    if (space.isResident(page)) return [space.id, page];
  }
  return null;
};

const wire =
  (by: 1 | -1): Action =>
  (standing, api) => {
    const place = ownPage(standing);
    if (place === null) return;
    const [space, page] = place;
    if (by > 0) api.memory.wire(space, page);
    else api.memory.unwire(space, page);
    standing.world.intends({ what: 'wire', key: `${standing.name}/${space}/${page}`, by });
  };

const setPriority: Action = (standing, api) => {
  const thread = ownThread(standing);
  const priority = 4 + standing.random.below(20);
  if (thread === 0) return;
  api.threads.setPriority(thread, priority);
  standing.world.intends({ what: 'priority', thread, priority });
};

/** What an honest graft may do. */
const HONEST: readonly Action[] = [
  (_, api) => api.log('a line'),
  (_, api) => api.now(),
  ({ random }, api) => api.lock(random.pick(['red', 'blue', 'green'])),
  (_, api) => {
    api.lock('red');
    api.unlock('red');
  },
  ({ random }, api) => api.shared.get(random.pick(['a', 'b', 'c'])),
  ({ random }, api) => api.shared.set(random.pick(['a', 'b', 'c']), random.below(1e6)),
  (_, api) => api.threads.lock(),
  (_, api) => api.pages?.lock(),
  (_, api) => api.announced?.lock(),
  (standing, api) => {
    const id = ownThread(standing);
    if (id !== 0) api.threads.priority(id);
  },
  setPriority,
  (standing, api) => {
    const { kernel } = standing.world;
    if ((kernel.account(standing.name).free[WIRED_PAGES] ?? 0) > 0) wire(1)(standing, api);
  },
];

const wrongArguments: Action = ({ world, random }, api) => {
  const wrong: unknown = random.pick([null, -1, 1.5, 'x'.repeat(100), {}, 2 ** 40, random.pick(threadIds(world))]);
  const calls: (() => unknown)[] = [
    () => api.lock(wrong),
    () => api.unlock('nobody has it'),
    () => api.shared.set('a', 'text'),
    () => api.threads.setPriority(wrong, 99),
    () => api.threads.setPriority(random.pick(threadIds(world)), random.pick([-1, 32, 1.5, '1', null])),
    () => api.memory.wire(wrong, wrong),
    () => api.memory.unwire(random.below(30), random.below(20)),
    () => api.log(wrong),
  ];
  random.pick(calls)();
};

const flood: Action = ({ random }, api) => {
  const tap = random.pick([() => api.now(), () => api.shared.set('c', 1), () => api.log('x'.repeat(50))]);
  for (let i = 0; i < 2 * LIMITS.calls; i++) tap();
};

const scribble: Action = ({ random }, { columns }) => {
  for (const column of Object.values(columns))
    for (let i = 0; i < 4; i++) column[random.below(column.length)] = random.below(2 ** 31) - 2 ** 30;
};

const hoard: Action = (_, api) => {
  for (const name of ['red', 'blue', 'green']) api.lock(name);
  api.threads.lock();
  for (const key of ['a', 'b', 'c']) api.shared.set(key, -1);
};

const HOSTILE: readonly Action[] = [
  wrongArguments,
  wrongArguments,
  flood,
  scribble,
  hoard,
  setPriority,
  wire(1),
  wire(-1),
  (_, api) => api.original(),
];

const overflow = (): number => 1 + overflow();

const WRONG: readonly (() => unknown)[] = [
  () => Number.NaN,
  () => -5,
  () => 1.5,
  () => 1e9,
  () => Number.POSITIVE_INFINITY,
  () => 'text',
  () => null,
  () => undefined,
  () => ({}),
  () => [3],
  () => true,
  () => 3n,
  () => Symbol('x'),
  () => () => 1,
  () => Promise.resolve(1),
  () => Promise.reject(new Error('late')),
  () => new Proxy({}, {}),
  () => new Date(0),
  () => {
    throw new Error('on purpose');
  },
  () => {
    throw 'a text';
  },
  () => {
    throw null;
  },
  () => refuseDirect('NO', 'on purpose'),
  overflow,
];

const honestAnswer: { readonly [S in Seat]: (input: number, api: Api, random: Random) => unknown } = {
  evict: (input, api, random) => victim(input, api, random),
  victim: (input, api, random) => victim(input, api, random),
  'schedule-delegate': (input, { columns }, random) => {
    const { ids, states } = columns as Record<string, Int32Array>;
    const ready = [...(ids as Int32Array)].filter((id, at) => id > 0 && states?.[at] === 1);
    return ready.length > 0 && random.chance(0.7) ? random.pick(ready) : input;
  },
  file: (input, { columns }, random) => {
    (columns.extents as Int32Array).set([random.below(input + 1), 1]);
    return random.below(2);
  },
  stream: (input) => input,
  'thread-exit': () => null,
};

const victim = (input: number, { columns }: Api, random: Random): number => {
  if (input < 0) return -1;
  const frames = [...(columns.pages as Int32Array)].flatMap((page, frame) => (page >= 0 ? [frame] : []));
  return frames.length > 0 && random.chance(0.3) ? random.pick(frames) : input;
};

const act = (standing: Standing, api: Api, hostile: boolean): void => {
  const { random, plan } = standing;
  for (let left = random.below(5); left > 0; left--) {
    const action = random.chance(plan.preempts)
      ? standing.preempt
      : random.pick(hostile ? [...HOSTILE, ...HONEST] : HONEST);
    try {
      action(standing, api);
    } catch (error) {
      if (!hostile || random.chance(0.3)) throw error;
    }
  }
};

/** The function of a random graft. */
const behaviour =
  (standing: Standing) =>
  (input: unknown, api: unknown): unknown => {
    const { random, plan } = standing;
    const hostile = random.chance(plan.malice);
    act(standing, api as Api, hostile);
    // What a stream's graft makes of the bytes is its owner's wish, unless it fails.
    if (hostile && (plan.seat === 'stream' || random.chance(0.8))) return random.pick(WRONG)();
    return honestAnswer[plan.seat](input as number, api as Api, random);
  };

const TICK_FUEL: readonly number[] = [1000, 100_000, 1_200_000];

/** Makes the compartments of a plan's plugins. */
export const makerFor = (
  tick: Tick,
  seed: number,
  plugins: readonly PluginPlan[],
  worldOf: () => World,
): CompartmentMaker => {
  const modules = new Map<string, Record<string, unknown>>();
  const inner = directMaker(modules, () => 0);
  return {
    kind: 'direct',
    waits: false,
    close: () => inner.close(),
    async load(source) {
      const world = worldOf();
      const plan = plugins[Number(source.plugin.slice(1))] as PluginPlan;
      const random = new Random(seed * 31 + Number(source.plugin.slice(1)));
      const preempt = (): void => {
        const call = world.running.at(-1) as CompartmentCall;
        tick(call, random.pick(TICK_FUEL));
        if (call.txn.state !== 'active' || call.txn.doomed !== null) throw new Error('undone while preempted');
      };
      modules.set(source.plugin, { run: behaviour({ world, plan, name: source.plugin, random, preempt }) });
      const compartment = await inner.load(source);
      return watched(world, compartment);
    },
  };
};

/** A compartment whose calls the world is told of. */
export const watched = (world: World, compartment: Compartment): Compartment => ({
  kind: compartment.kind,
  waits: compartment.waits,
  heaps: compartment.heaps,
  run(call) {
    world.began(call);
    world.running.push(call);
    try {
      return compartment.run?.(call) as never;
    } finally {
      world.running.pop();
    }
  },
  abandon: (call) => compartment.abandon(call),
  dispose: () => compartment.dispose(),
});
