// Random kernels: one seed, one plan. A plan is plain data: the machine, the threads and what each does step by step,
// the plugins and when they come and go. So a failing one can be made short by leaving parts out.

import { Random } from '../../support/random.ts';

export type Step =
  | { readonly do: 'store' | 'load'; readonly page: number; readonly at: number; readonly byte: number }
  | { readonly do: 'touch'; readonly page: number; readonly write: boolean }
  | { readonly do: 'sweep'; readonly first: number; readonly count: number; readonly times: number }
  | { readonly do: 'compute'; readonly cycles: number }
  | { readonly do: 'map'; readonly first: number; readonly pages: number; readonly writable: boolean }
  | { readonly do: 'create'; readonly name: string; readonly size: number }
  | { readonly do: 'open' | 'claim'; readonly name: string }
  | { readonly do: 'read' | 'write'; readonly file: number; readonly offset: number; readonly length: number }
  | { readonly do: 'close' | 'stream'; readonly file: number }
  | { readonly do: 'put' | 'get'; readonly stream: number; readonly length: number }
  | { readonly do: 'sleep'; readonly us: number }
  | { readonly do: 'request' | 'post' | 'receive'; readonly port: string }
  | { readonly do: 'lock' | 'get_shared'; readonly name: string }
  | { readonly do: 'set_shared'; readonly name: string; readonly value: number }
  | { readonly do: 'nonsense'; readonly which: number }
  | { readonly do: 'remove'; readonly plugin: number; readonly now: boolean }
  | { readonly do: 'yield' | 'sync' | 'list' | 'poll' | 'begin' | 'commit' | 'abort' | 'violate' | 'exit' };

export interface ThreadPlan {
  readonly owner: string;
  readonly priority: number;
  readonly pages: number;
  /** Index of the thread whose address space it shares, or -1. */
  readonly shares: number;
  readonly steps: readonly Step[];
}

export type Seat = 'evict' | 'schedule-delegate' | 'file' | 'stream' | 'victim' | 'thread-exit';

export interface PluginPlan {
  readonly seat: Seat;
  /** Index of the thread whose point it is, where there is one. */
  readonly thread: number;
  /** In which round it comes, and when it goes again; -1: never. */
  readonly comes: number;
  readonly goes: number;
  readonly user: string;
  readonly privileged: boolean;
  /** How likely a call misbehaves. */
  readonly malice: number;
  /** How likely an action is a preemption. */
  readonly preempts: number;
  readonly wires: number;
}

export interface Plan {
  readonly seed: number;
  /** Grafts run in metered compartments; in direct ones otherwise. */
  readonly metered: boolean;
  readonly frames: number;
  readonly free_target: number;
  readonly policy: Policy;
  readonly disk: 'none' | 'fixed' | 'seeded' | 'drive';
  readonly latency_us: number;
  readonly blocks: number;
  readonly swap_blocks: number;
  readonly buffers: number;
  readonly rounds: readonly number[];
  readonly threads: readonly ThreadPlan[];
  readonly plugins: readonly PluginPlan[];
}

export const POLICIES = ['second-chance', 'fifo', 'lru', 'mru', 'clock', 's3fifo', 'lirs'] as const;
export type Policy = (typeof POLICIES)[number];

const USERS = ['ann', 'ann', 'bob'];
const PORTS = ['mail', 'print'];
const LOCKS = ['red', 'blue', 'green'];
const KEYS = ['a', 'b', 'c'];
export const BLOCK = 4096;
/** What a thread stores lies in bytes of its own of each page, so that threads may share a space. */
export const BYTES_PER_THREAD = 64;

type Make = (random: Random, thread: ThreadShape) => Step;

interface ThreadShape {
  readonly index: number;
  readonly pages: number;
}

const pageOf = (random: Random, { pages }: ThreadShape): number => random.below(Math.max(1, pages));

const MENU: { readonly [Name in Step['do']]: readonly [weight: number, make: Make] } = {
  store: [
    20,
    (random, t) => ({
      do: 'store',
      page: pageOf(random, t),
      at: random.below(BYTES_PER_THREAD),
      byte: 1 + random.below(255),
    }),
  ],
  load: [20, (random, t) => ({ do: 'load', page: pageOf(random, t), at: random.below(BYTES_PER_THREAD), byte: 0 })],
  touch: [6, (random, t) => ({ do: 'touch', page: pageOf(random, t), write: random.chance(0.4) })],
  sweep: [
    4,
    (random, t) => ({
      do: 'sweep',
      first: pageOf(random, t),
      count: 1 + random.below(12),
      times: 1 + random.below(20),
    }),
  ],
  compute: [6, (random) => ({ do: 'compute', cycles: random.pick([100, 5000, 200_000, 20_000_000]) })],
  map: [
    1,
    (random, t) => ({
      do: 'map',
      first: t.pages + random.below(20),
      pages: random.below(6),
      writable: random.chance(0.8),
    }),
  ],
  create: [
    4,
    (random, t) => ({
      do: 'create',
      name: `t${t.index}-${random.below(3)}`,
      size: random.pick([0, 1, BLOCK, 5 * BLOCK + 7]),
    }),
  ],
  open: [6, (random, t) => ({ do: 'open', name: `t${t.index}-${random.below(3)}` })],
  claim: [2, (random) => ({ do: 'claim', name: `any-${random.below(4)}` })],
  read: [
    10,
    (random) => ({
      do: 'read',
      file: random.below(3),
      offset: random.below(4 * BLOCK),
      length: random.below(3 * BLOCK),
    }),
  ],
  write: [
    8,
    (random) => ({
      do: 'write',
      file: random.below(3),
      offset: random.below(4 * BLOCK),
      length: random.below(3 * BLOCK),
    }),
  ],
  close: [2, (random) => ({ do: 'close', file: random.below(3) })],
  stream: [3, (random) => ({ do: 'stream', file: random.below(3) })],
  put: [5, (random) => ({ do: 'put', stream: random.below(2), length: 1 + random.below(2 * BLOCK) })],
  get: [5, (random) => ({ do: 'get', stream: random.below(2), length: random.below(5 * BLOCK) })],
  sleep: [4, (random) => ({ do: 'sleep', us: random.pick([0, 10, 3000, 60_000, 250_000]) })],
  request: [2, (random) => ({ do: 'request', port: random.pick(PORTS) })],
  post: [3, (random) => ({ do: 'post', port: random.pick(PORTS) })],
  receive: [1.5, (random) => ({ do: 'receive', port: random.pick(PORTS) })],
  lock: [6, (random) => ({ do: 'lock', name: random.pick(LOCKS) })],
  get_shared: [6, (random) => ({ do: 'get_shared', name: random.pick(KEYS) })],
  set_shared: [8, (random) => ({ do: 'set_shared', name: random.pick(KEYS), value: random.below(1e6) })],
  nonsense: [3, (random) => ({ do: 'nonsense', which: random.below(1000) })],
  remove: [0.3, (random) => ({ do: 'remove', plugin: random.below(12), now: random.chance(0.5) })],
  yield: [3, () => ({ do: 'yield' })],
  sync: [1, () => ({ do: 'sync' })],
  list: [1, () => ({ do: 'list' })],
  poll: [2, () => ({ do: 'poll' })],
  begin: [9, () => ({ do: 'begin' })],
  commit: [6, () => ({ do: 'commit' })],
  abort: [3, () => ({ do: 'abort' })],
  violate: [0.1, () => ({ do: 'violate' })],
  exit: [0.1, () => ({ do: 'exit' })],
};

const ALL = Object.keys(MENU) as Step['do'][];

/** Some threads do a little of everything, others dwell on one thing. */
const DISHES: readonly (readonly Step['do'][])[] = [
  ALL,
  ALL,
  ['store', 'load', 'sweep', 'touch', 'compute', 'map'],
  ['create', 'open', 'read', 'write', 'stream', 'put', 'get', 'close', 'claim', 'sync', 'list'],
  ['begin', 'lock', 'get_shared', 'set_shared', 'commit', 'abort', 'sleep', 'yield', 'load'],
  ['begin', 'lock', 'set_shared', 'compute', 'load', 'yield'],
  ['begin', 'lock', 'yield', 'touch', 'read', 'open', 'create', 'abort'],
  ['begin', 'get_shared', 'set_shared', 'commit', 'touch', 'compute'],
  ['request', 'post', 'receive', 'poll', 'compute', 'yield', 'store'],
];

const makeStep = (random: Random, names: readonly Step['do'][], thread: ThreadShape): Step => {
  let at = random.next() * names.reduce((sum, name) => sum + MENU[name][0], 0);
  for (const name of names) {
    const [weight, make] = MENU[name];
    if (at < weight) return make(random, thread);
    at -= weight;
  }
  return { do: 'yield' };
};

const makeThread = (random: Random, index: number, before: readonly ThreadPlan[]): ThreadPlan => {
  const shares = index > 0 && random.chance(0.2) ? random.below(index) : -1;
  const other = before[shares];
  const pages = other?.pages ?? (random.chance(0.03) ? 0 : random.pick([2, 5, 8, 20, 40]));
  const names = random.pick(DISHES);
  const length = random.pick([5, 40, 120, 250]);
  return {
    owner: other?.owner ?? random.pick(USERS),
    priority: random.pick([16, 16, 16, 10, 20, 5]),
    pages,
    shares,
    steps: Array.from({ length }, () => makeStep(random, names, { index, pages })),
  };
};

const SEATS: readonly Seat[] = [
  'evict',
  'evict',
  'schedule-delegate',
  'schedule-delegate',
  'file',
  'file',
  'stream',
  'victim',
  'thread-exit',
];

const makePlugin = (random: Random, threads: readonly ThreadPlan[], rounds: number): PluginPlan => {
  const thread = random.below(threads.length);
  const seat = random.pick(SEATS);
  const comes = seat === 'file' || seat === 'stream' ? 1 + random.below(rounds) : random.below(2);
  return {
    seat,
    thread,
    comes,
    goes: random.chance(0.2) ? comes + random.below(rounds) : -1,
    user: random.chance(0.85) ? (threads[thread] as ThreadPlan).owner : random.pick(USERS),
    privileged: random.chance(0.6),
    malice: random.pick([0, 0, 0.01, 0.05, 0.3, 1]),
    preempts: random.pick([0, 0.1, 0.3, 0.6]),
    wires: random.pick([0, 0, 1, 3]),
  };
};

const FRAMES: readonly number[] = [1, 2, 3, 4, 6, 10, 16, 24];

export const generate = (seed: number, metered = false): Plan => {
  const random = new Random(seed);
  const threads: ThreadPlan[] = [];
  const count = 1 + random.below(random.pick([2, 4, 12]));
  for (let index = 0; index < count; index++) threads.push(makeThread(random, index, threads));
  const rounds = Array.from({ length: 3 + random.below(5) }, () => random.pick([2000, 20_000, 100_000, 500_000]));
  return {
    seed,
    metered,
    frames: random.pick(FRAMES),
    free_target: random.pick([0, 0, 1, 2, 4]),
    policy: random.chance(0.6) ? 'second-chance' : random.pick(POLICIES),
    disk: random.pick(['none', 'fixed', 'fixed', 'seeded', 'seeded', 'seeded', 'drive']),
    latency_us: random.pick([0, 150, 9000]),
    blocks: random.pick([40, 90, 300]),
    swap_blocks: random.pick([4, 200, 200]),
    buffers: random.pick([2, 4, 16, 64]),
    rounds,
    threads,
    plugins: Array.from({ length: random.below(13) }, () => makePlugin(random, threads, rounds.length)),
  };
};
