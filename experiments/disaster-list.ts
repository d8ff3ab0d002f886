// Every way in which a graft of the experiment misbehaves, as data: the abuse, the point, the graft's text, the kinds
// that claim to survive it, and how it must end. The order is that of the abuses of VINO's slides and of its rules for
// grafts (numbers in brackets, as recalled from the OSDI '96 paper's body).

import {
  ALL,
  answers,
  CLOSED,
  type Disaster,
  ends,
  FUELLED,
  loops,
  MEDDLED,
  meddle,
  NEVER,
  ONE_KEY,
  plain,
  TIMED,
} from './disaster.ts';
import { LEGAL, RIGHTS, UNSAFE } from './disaster-misuse.ts';
import type { DisasterWorld } from './disaster-world.ts';

const MEMORY = 'shared memory: reads or writes what is private';
const FORBIDDEN = 'it calls the base: forbidden functions';

const sharedOf = ({ kernel }: DisasterWorld, key: string): number | undefined =>
  new Map(kernel.accessors.shared.peekEntries()).get(key);
const saw = (world: DisasterWorld): string | null =>
  sharedOf(world, 'ann/saw') === 0 ? null : `it saw ${sharedOf(world, 'ann/saw')}`;

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
  ends(MEMORY, 'replaces a function of its api', CLOSED, `'use strict'; api.shared.set = () => 0; return input;`, [
    'thrown',
  ]),
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
  ends(
    NEVER,
    'loops, and catches whatever ends the loop',
    TIMED,
    'for (;;) try { for (;;); } catch {} finally { continue; }',
    ['own-time'],
  ),
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
  ends(NEVER, 'answers a promise that never settles', ALL, 'return new Promise(() => {});', [
    'invalid-answer',
    'own-time',
    'thrown',
  ]),
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
    ...ends(NEVER, 'exhausts the stack', ALL, 'const deep = (n) => 1 + deep(n + 1); return deep(0);', [
      'thrown',
      'own-time',
    ]),
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
    text: plain(
      '(input) => { let sum = 0; for (let i = 0; i < 400000; i++) sum += i % 7; return sum > 0 ? input : -1; }',
    ),
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
  ends(FORBIDDEN, 'calls with arguments that make no sense', ALL, 'api.threads.setPriority({}, -1); return input;', [
    'thrown',
  ]),
  ends(
    FORBIDDEN,
    'makes code of a text',
    CLOSED,
    `(0, globalThis.eval)('1 + 1'); new Function('return 1')(); throw new Error('it could');`,
    ['thrown', 'GRAFT_INSTALL_FAILED'],
  ),
];

/** All, in their order. */
export const DISASTERS: readonly Disaster[] = [
  ...PRIVATE,
  ...INVALID,
  ...RUNS_ON,
  ...CALLS_WRONG,
  ...LEGAL,
  ...RIGHTS,
  ...UNSAFE,
];
