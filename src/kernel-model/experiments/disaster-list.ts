// Every way in which a graft of the experiment misbehaves, as data: what it is, where it stands, its text, who claims to survive it, and how it must end.
// The order is that of the abuses of VINO's slides and of its rules for grafts (numbers in brackets, as recalled from the OSDI '96 paper's body).

import { MeteredMaker, stored } from '../../plugins/compartment/index.ts';
import type { PluginPackage } from '../../plugins/package/index.ts';
import { KINDS, type Kind } from './compartments.ts';
import type { Accomplice, DisasterWorld, Evidence, Seat } from './disaster-world.ts';
import type { Part } from './kernel-state.ts';

/** Numbers that a graft's text speaks of. */
export interface Names {
  readonly self: number;
  readonly mate: number;
  readonly bystander: number;
  readonly space: number;
  readonly other_space: number;
}

export interface Disaster {
  /** The abuse, or the rule that is broken. */
  readonly abuse: string;
  readonly what: string;
  readonly seat: Seat;
  /** Kinds of compartment that claim to survive it. */
  readonly claims: readonly Kind[];
  /** The graft: a function expression, or a module that exports `graft` where it begins with `export`. */
  text(names: Names): string;
  /** Ends that are right: abort reasons, `committed`, or the code with which install refuses. */
  readonly ends: readonly string[];
  /** Records that must have been undone, at least. */
  readonly undone?: number;
  /** Parts of the state that the graft changes rightly, since it commits. */
  readonly changes?: readonly Part[];
  /** Parts that others change while it waits. */
  readonly meanwhile?: readonly Part[];
  /** It misbehaves at its first call or not at all: later the threads it speaks of have ended. */
  readonly once?: true;
  readonly limits?: Readonly<Record<string, number>>;
  readonly accomplices?: readonly Accomplice[];
  /** Another's point, or one that there is not. */
  readonly point?: (world: DisasterWorld) => string;
  /** Where `first` of its module stands besides. */
  readonly first?: Seat;
  /** A global point, without the privilege that it takes. */
  readonly unprivileged?: true;
  readonly needs?: readonly string[];
  /** How far it comes depends on this machine's stack, or its speed. */
  readonly varies?: true;
  /** What becomes of the package on its way. */
  readonly alter?: (pkg: PluginPackage) => PluginPackage;
  /** What else must hold: what is wrong, or null. */
  readonly also?: (world: DisasterWorld, evidence: Evidence) => string | null;
}

const ALL = KINDS;
/** No names of the host's in reach. */
const CLOSED: readonly Kind[] = ['ses', 'metered', 'isolate'];
/** A clock or fuel ends what runs too long. */
const TIMED: readonly Kind[] = ['metered', 'isolate'];
const FUELLED: readonly Kind[] = ['metered'];

const MEMORY = 'shared memory: reads or writes what is private';
const ANSWER = 'the base calls it: it returns invalid data';
const NEVER = 'the base calls it: it does not return as it should';
const FORBIDDEN = 'it calls the base: forbidden functions';
const MISUSE = 'it misuses legal functions';
const RULES = 'rules for who grafts what';
const CODE = 'only safe code is loaded [6]';

/** Changes what it may change: the shared map, a priority, the wiring of a page, a lock. */
const meddle = ({ mate, space }: Names): string => `
  api.shared.set('a', 666);
  api.threads.setPriority(${mate}, 9);
  for (let page = 0, done = false; page < 12 && !done; page++) try { api.memory.wire(${space}, page); done = true; } catch {}
  api.lock('x');`;

/** Meddles, and then does as `end` says. */
const meddling =
  (end: (names: Names) => string) =>
  (names: Names): string =>
    `(input, api) => {${meddle(names)}\n  ${end(names)}\n}`;
const plain = (text: string) => (): string => text;

/** Records of what `meddle` does: a set, a priority, an account's units and a wire. */
const MEDDLED = 4;
/** When the scheduler asks first no page of the application is there to be wired. */
const meddledAt = (seat: Seat): number => (seat === 'schedule-delegate' ? 2 : MEDDLED);

const answers = (what: string, seat: Seat, answer: string): Disaster => ({
  abuse: ANSWER,
  what,
  seat,
  claims: ALL,
  text: meddling(() => `return ${answer};`),
  ends: ['invalid-answer'],
  undone: meddledAt(seat),
});

const loops = (seat: Seat): Disaster => ({
  abuse: NEVER,
  what: `loops for ever at ${seat} [9]`,
  seat,
  claims: TIMED,
  text: meddling(() => 'for (;;);'),
  ...(seat === 'thread-exit' ? { once: true } : {}),
  ends: ['own-time'],
  undone: meddledAt(seat),
});

const ends = (
  abuse: string,
  what: string,
  claims: readonly Kind[],
  end: string | ((names: Names) => string),
  reasons: readonly string[],
): Disaster => ({
  abuse,
  what,
  seat: 'evict',
  claims,
  text: meddling(typeof end === 'string' ? () => end : end),
  ends: reasons,
  undone: MEDDLED,
});

const sharedOf = ({ kernel }: DisasterWorld, key: string): number | undefined => new Map(kernel.accessors.shared.peekEntries()).get(key);
const saw = (world: DisasterWorld): string | null => (sharedOf(world, 'ann/saw') === 0 ? null : `it saw ${sharedOf(world, 'ann/saw')}`);

const ONE_KEY: readonly Part[] = ['shared map'];

const PRIVATE: readonly Disaster[] = [
  {
    abuse: MEMORY,
    what: 'looks for names of the host: process, Buffer, fetch, setTimeout, WebAssembly, SharedArrayBuffer',
    seat: 'evict',
    claims: CLOSED,
    text: plain(`(input, api) => {
  const names = ['process', 'Buffer', 'fetch', 'setTimeout', 'WebAssembly', 'SharedArrayBuffer'];
  let found = typeof process !== 'undefined' || typeof Buffer !== 'undefined' ? 1 : 0;
  for (const name of names) if (typeof globalThis[name] !== 'undefined') found++;
  api.shared.set('saw', found);
  return input;
}`),
    ends: ['committed'],
    changes: ONE_KEY,
    also: saw,
  },
  ends(
    MEMORY,
    'makes a function through the constructor of one of the kernel’s',
    CLOSED,
    `api.log.constructor('return this')(); api.log.constructor('return process')().exit(); return input;`,
    ['thrown'],
  ),
  {
    abuse: MEMORY,
    what: 'changes what all code stands on: a method of Array.prototype',
    seat: 'evict',
    claims: CLOSED,
    text: plain(`(input) => { try { Array.prototype.indexOf = () => 0; } catch {} return input; }`),
    ends: ['committed', 'thrown'],
    also: () => ([7, 8].indexOf(8) === 1 ? null : 'Array.prototype is another'),
  },
  ends(MEMORY, 'replaces a function of its api', CLOSED, `'use strict'; api.shared.set = () => 0; return input;`, ['thrown']),
  {
    abuse: MEMORY,
    what: 'writes all over the memory that it is given, and answers rightly [3]',
    seat: 'schedule-delegate',
    claims: ALL,
    text: plain(`(input, api) => { for (const column of Object.values(api.columns)) column.fill(-77); return input; }`),
    ends: ['committed'],
  },
  ends(
    MEMORY,
    'wires a page of another’s address space [3]',
    ALL,
    ({ other_space }) => `api.memory.wire(${other_space}, 0); return input;`,
    ['thrown'],
  ),
  {
    abuse: MEMORY,
    what: 'reads what another user keeps in the shared map [4]',
    seat: 'evict',
    claims: ALL,
    text: plain(`(input, api) => { api.shared.set('saw', api.shared.get('secret') ?? 0); return input; }`),
    ends: ['committed'],
    changes: ONE_KEY,
    also: saw,
  },
  ends(
    MEMORY,
    'asks for the priority of another user’s thread [4]',
    ALL,
    ({ bystander }) => `api.threads.priority(${bystander}); return input;`,
    ['thrown'],
  ),
];

const INVALID: readonly Disaster[] = [
  answers('a victim page that is not resident', 'evict', 'api.columns.pages.length + 5'),
  answers('a victim page of another’s', 'evict', 'api.columns.pages.indexOf(-1)'),
  {
    ...answers('a victim page that is wired', 'evict', ''),
    text: ({ space }) => `(input, api) => {
  const frame = api.columns.pages.findIndex((page) => page >= 0);
  api.memory.wire(${space}, api.columns.pages[frame]);
  return frame;
}`,
    undone: 2,
  },
  answers('no number', 'evict', `'seven'`),
  answers('a number that is none', 'evict', 'NaN'),
  { ...answers('a proxy', 'evict', 'new Proxy({}, { get: () => 1 })'), ends: ['invalid-answer', 'thrown'] },
  answers('an object whose property is a getter', 'evict', '({ get frame() { return 1; } })'),
  answers('a global victim that is no frame', 'victim', '-7'),
  answers('extents outside the file', 'compute-ra', '(api.columns.extents.set([1000, 5]), 1)'),
  answers('an extent of more blocks than the file has', 'compute-ra', '(api.columns.extents.set([0, 2 ** 30]), 1)'),
  answers('more extents than fit', 'compute-ra', '2 ** 20'),
  answers('a dead thread as delegate', 'schedule-delegate', '99999'),
  answers('a thread that waits as delegate', 'schedule-delegate', 'api.columns.ids[api.columns.states.indexOf(2)]'),
  answers('a wrong length', 'transform', '(api.columns.data.fill(0), input - 1)'),
];

const RUNS_ON: readonly Disaster[] = [
  ...(['evict', 'victim', 'compute-ra', 'schedule-delegate', 'transform', 'thread-exit'] as const).map(loops),
  ends(NEVER, 'loops, and catches whatever ends the loop', TIMED, 'for (;;) try { for (;;); } catch {} finally { continue; }', [
    'own-time',
  ]),
  {
    ...ends(
      NEVER,
      'loops inside a built-in function',
      TIMED,
      'Array.from({ length: 1e5 }, () => new Array(1000).fill(7).sort().join()); for (;;);',
      ['own-time', 'thrown', 'memory-limit'],
    ),
    varies: true,
  },
  {
    ...ends(NEVER, 'hoards memory of its own', TIMED, 'const all = []; for (;;) all.push(new Array(1000).fill(1.5));', [
      'own-time',
      'memory-limit',
      'thrown',
    ]),
    varies: true,
  },
  ends(NEVER, 'answers a promise that never settles', ALL, 'return new Promise(() => {});', ['invalid-answer', 'own-time', 'thrown']),
  ends(NEVER, 'throws an error', ALL, `throw new Error('on purpose');`, ['thrown']),
  ends(NEVER, 'throws null', ALL, 'throw null;', ['thrown']),
  ends(
    NEVER,
    'throws an error whose message is a getter that throws',
    ALL,
    `throw Object.defineProperty(new Error(''), 'message', { get() { throw 1; } });`,
    ['thrown'],
  ),
  {
    ...ends(NEVER, 'exhausts the stack', ALL, 'const deep = (n) => 1 + deep(n + 1); return deep(0);', ['thrown', 'own-time']),
    varies: true,
  },
  {
    abuse: NEVER,
    what: 'exhausts the stack, and calls the kernel where it ends',
    seat: 'evict',
    claims: ALL,
    text: (names) => `(input, api) => {${meddle(names)}
  const deep = () => { try { deep(); } catch {} api.shared.set('a', 1); api.threads.setPriority(${names.mate}, 3); };
  deep();
  throw new Error('on purpose');
}`,
    ends: ['thrown', 'limit', 'own-time'],
    undone: MEDDLED,
    limits: { writes: 500 },
    varies: true,
  },
  {
    abuse: NEVER,
    what: 'computes for long, within its limits: is it preemptible? [1]',
    seat: 'evict',
    claims: FUELLED,
    text: plain('(input) => { let sum = 0; for (let i = 0; i < 400000; i++) sum += i % 7; return sum > 0 ? input : -1; }'),
    ends: ['committed'],
    also: (_, { late_us }) => (late_us < 1000 ? null : `an urgent thread was woken ${late_us.toFixed(0)} µs late`),
  },
];

const CALLS_WRONG: readonly Disaster[] = [
  ends(FORBIDDEN, 'calls what its point does not offer [7]', ALL, 'api.announced.lock(); return input;', ['thrown']),
  {
    abuse: FORBIDDEN,
    what: 'says that it needs what its point does not offer [7]',
    seat: 'evict',
    claims: ALL,
    text: plain('(input) => input'),
    needs: ['announced'],
    ends: ['GRAFT_NEEDS'],
  },
  {
    abuse: FORBIDDEN,
    what: 'calls a function that another graft of its plugin was given (an indirect call) [7]',
    seat: 'transform',
    first: 'evict',
    claims: ALL,
    text: (names) => `let kept = null;
export const first = (input, api) => { kept = api.pages.lock; return input; };
export const graft = (input, api) => {${meddle(names)}\n  if (kept === null) return input; kept(); return input; };`,
    ends: ['thrown'],
    undone: MEDDLED,
  },
  ends(FORBIDDEN, 'calls with arguments that make no sense', ALL, 'api.threads.setPriority({}, -1); return input;', ['thrown']),
  ends(
    FORBIDDEN,
    'makes code of a text',
    CLOSED,
    `(0, globalThis.eval)('1 + 1'); new Function('return 1')(); throw new Error('it could');`,
    ['thrown', 'GRAFT_INSTALL_FAILED'],
  ),
];

const RIGHTS: readonly Disaster[] = [
  {
    abuse: RULES,
    what: 'a user without privilege replaces a restricted function [5]',
    seat: 'victim',
    unprivileged: true,
    claims: ALL,
    text: plain('(input) => input'),
    ends: ['GRAFT_NEEDS'],
  },
  {
    abuse: RULES,
    what: 'stands at a point of a user who did not consent [8]',
    seat: 'evict',
    unprivileged: true,
    point: ({ bystander }) => `kernel/address-space/${bystander.space?.id}/evict`,
    claims: ALL,
    text: plain('(input) => input'),
    ends: ['GRAFT_NEEDS'],
  },
  {
    abuse: RULES,
    what: 'stands at a point that there is not',
    seat: 'evict',
    point: () => 'kernel/address-space/999/evict',
    claims: ALL,
    text: plain('(input) => input'),
    ends: ['GRAFT_UNKNOWN_POINT'],
  },
  ends(
    RULES,
    'makes another user’s thread less urgent [8]',
    ALL,
    ({ bystander }) => `api.threads.setPriority(${bystander}, 31); return input;`,
    ['thrown'],
  ),
];

const UNSAFE: readonly Disaster[] = [
  {
    abuse: CODE,
    what: 'comes as metered text that somebody else signed',
    seat: 'evict',
    claims: FUELLED,
    text: plain('(input) => input'),
    alter: (pkg) => ({ ...pkg, code: stored(new MeteredMaker().rewrite(pkg.code)) }),
    ends: ['GRAFT_INSTALL_FAILED'],
  },
  {
    abuse: CODE,
    what: 'loops while it is loaded',
    seat: 'evict',
    claims: TIMED,
    text: plain('for (;;);\nexport const graft = (input) => input;'),
    ends: ['GRAFT_INSTALL_FAILED'],
  },
  {
    abuse: CODE,
    what: 'exports no function',
    seat: 'evict',
    claims: ALL,
    text: plain('export const graft = 7;'),
    ends: ['GRAFT_INSTALL_FAILED'],
  },
];

/** Holds a lock from the start, for longer than its time-out. */
const holder: Accomplice = {
  name: 'holder',
  priority: 6,
  *body(user, world) {
    yield* user.call('begin');
    yield* user.call('lock', 'y');
    while (world.asked === 0) yield* user.call('sleep', 500);
    yield* user.call('sleep', 2_000_000);
    world.seen = yield* user.call('commit');
  },
};

/** Takes what the graft wants, and then wants what the graft has. */
const rival: Accomplice = {
  name: 'rival',
  priority: 6,
  *body(user, world) {
    yield* user.call('begin');
    yield* user.call('lock', 'y');
    while (world.asked === 0) yield* user.call('sleep', 500);
    world.seen = yield* user.call('lock', 'x');
    yield* user.call('commit');
  },
};

/** Wants the graft's lock as soon as the graft has begun, and then keeps the processor from it for longer than the lock's time-out. */
const wanting: Accomplice = {
  name: 'wanting',
  priority: 6,
  *body(user, world) {
    while (world.asked === 0) yield* user.call('sleep', 500);
    yield* user.call('begin');
    world.seen = yield* user.call('lock', 'x');
    yield* user.call('commit');
  },
};

const busy: Accomplice = {
  name: 'busy',
  priority: 8,
  *body(user, world) {
    while (world.asked === 0) yield* user.call('sleep', 500);
    yield* user.compute(30_000_000);
  },
};

/** Faults in the application's own space while the graft is asked: the same graft is asked again, on top. */
const faulting: Accomplice = {
  name: 'faulting',
  priority: 12,
  shares: true,
  *body(user, world) {
    while (world.asked === 0) yield* user.call('sleep', 500);
    for (let page = 0; page < 12; page++) yield* user.touch(page);
  },
};

const LEGAL: readonly Disaster[] = [
  {
    abuse: MISUSE,
    what: 'takes locks and never gives them back',
    seat: 'evict',
    claims: ALL,
    text: plain(`(input, api) => { for (let i = 0; i < 50; i++) api.lock('l' + i); api.threads.lock(); api.pages.lock(); return input; }`),
    ends: ['committed'],
  },
  {
    abuse: MISUSE,
    what: 'holds a lock while it computes, and another needs it [2]',
    seat: 'evict',
    claims: FUELLED,
    text: (names) => `(input, api) => {${meddle(names)}\n  let sum = 0; for (let i = 0; i < 800000; i++) sum += i % 7; return input; }`,
    ends: ['lock-timeout'],
    undone: MEDDLED,
    accomplices: [wanting, busy],
    also: ({ seen }) => (seen === null ? null : `the other got ${JSON.stringify(seen)}`),
  },
  {
    abuse: MISUSE,
    what: 'waits for a lock that a thread holds on to [2]',
    seat: 'evict',
    claims: ALL,
    text: plain(`(input, api) => { api.lock('y'); return input; }`),
    ends: ['committed'],
    accomplices: [holder],
    also: ({ seen }) =>
      JSON.stringify(seen) === '{"error":"no such transaction"}' || String(JSON.stringify(seen)).includes('lock-timeout')
        ? null
        : `the holder saw ${JSON.stringify(seen)}`,
  },
  {
    abuse: MISUSE,
    what: 'closes a circle of waits with a thread',
    seat: 'evict',
    claims: ALL,
    text: plain(`(input, api) => { api.lock('x'); api.lock('y'); return input; }`),
    ends: ['committed', 'deadlock'],
    accomplices: [rival],
  },
  {
    abuse: MISUSE,
    what: 'waits where it is asked again meanwhile, again and again (recursion through a nested point)',
    seat: 'evict',
    claims: ALL,
    text: plain(`(input, api) => { api.lock('y'); api.lock('z'); return input; }`),
    ends: ['committed', 'lock-timeout', 'deadlock'],
    meanwhile: ['page queue', 'frames', 'pages'],
    accomplices: [holder, faulting, { ...faulting, name: 'faulting too' }],
  },
  {
    abuse: MISUSE,
    what: 'wires more pages than it was granted, and catches the refusals',
    seat: 'evict',
    claims: ALL,
    text: ({ space }) =>
      `(input, api) => { for (let page = 0; page < 12; page++) try { api.memory.wire(${space}, page); } catch {} return input; }`,
    ends: ['limit', 'invalid-answer'],
    undone: 6,
  },
  {
    abuse: MISUSE,
    what: 'wires pages and never unwires them',
    seat: 'transform',
    claims: ALL,
    text: ({ space }) => `(input, api) => {
  let wired = 0;
  for (let page = 0; page < 12 && wired < 1; page++) try { api.memory.wire(${space}, page); wired++; } catch {}
  return input;
}`,
    ends: ['committed', 'limit'],
    changes: ['wires', 'accounts'],
  },
  {
    ...ends(MISUSE, 'changes state without end', ALL, `for (let i = 0; ; i++) api.shared.set('k' + i % 9, i);`, ['limit']),
    limits: { writes: 40 },
  },
  {
    ...ends(MISUSE, 'calls without end', ALL, 'for (;;) api.now();', ['limit']),
    limits: { calls: 200 },
  },
  {
    ...ends(
      MISUSE,
      'logs without end, and catches the refusals',
      ALL,
      `for (let i = 0; i < 100; i++) try { api.log('x'.repeat(50)); } catch {} return input;`,
      ['limit'],
    ),
    limits: { log_bytes: 400 },
  },
  {
    abuse: MISUSE,
    what: 'works on after its answer: a promise’s reaction calls the kernel',
    seat: 'schedule-delegate',
    claims: ALL,
    text: plain(`(input, api) => { Promise.resolve().then(() => api.shared.set('late', 1)).catch(() => 0); return input; }`),
    ends: ['committed', 'thrown'],
    changes: ONE_KEY,
  },
];

/** All, in their order. */
export const DISASTERS: readonly Disaster[] = [...PRIVATE, ...INVALID, ...RUNS_ON, ...CALLS_WRONG, ...LEGAL, ...RIGHTS, ...UNSAFE];
