// Disasters in which a graft misuses functions that it may call, stands at a forbidden point, or comes as code that is
// not safe.

import { MeteredMaker, stored } from '../src/plugins/compartment/index.ts';
import { ALL, type Disaster, ends, FUELLED, MEDDLED, meddle, ONE_KEY, plain, TIMED } from './disaster.ts';
import type { Accomplice } from './disaster-world.ts';

const MISUSE = 'it misuses legal functions';
const RULES = 'rules for who grafts what';
const CODE = 'only safe code is loaded [6]';

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

/** Takes the lock that the graft wants, and then wants the lock that the graft has. */
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

/**
 * Wants the graft's lock as soon as the graft has begun, and then keeps the processor from it for longer than the
 * lock's time-out.
 */
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

/** Faults in the application's own space while the graft is called: the same graft is called again, on top. */
const faulting: Accomplice = {
  name: 'faulting',
  priority: 12,
  shares: true,
  *body(user, world) {
    while (world.asked === 0) yield* user.call('sleep', 500);
    for (let page = 0; page < 12; page++) yield* user.touch(page);
  },
};

export const LEGAL: readonly Disaster[] = [
  {
    abuse: MISUSE,
    what: 'takes locks and never gives them back',
    seat: 'evict',
    claims: ALL,
    text: plain(
      `(input, api) => { for (let i = 0; i < 50; i++) api.lock('l' + i); ` +
        'api.threads.lock(); api.pages.lock(); return input; }',
    ),
    ends: ['committed'],
  },
  {
    abuse: MISUSE,
    what: 'holds a lock while it computes, and another needs it [2]',
    seat: 'evict',
    claims: FUELLED,
    text: (names) =>
      `(input, api) => {${meddle(names)}\n` +
      '  let sum = 0; for (let i = 0; i < 800000; i++) sum += i % 7; return input; }',
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
      JSON.stringify(seen) === '{"error":"no such transaction"}' ||
      String(JSON.stringify(seen)).includes('lock-timeout')
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
      '(input, api) => { for (let page = 0; page < 12; page++) ' +
      `try { api.memory.wire(${space}, page); } catch {} return input; }`,
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
    ...ends(MISUSE, 'changes state without end', ALL, `for (let i = 0; ; i++) api.shared.set('k' + i % 9, i);`, [
      'limit',
    ]),
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
    text: plain(
      `(input, api) => { Promise.resolve().then(() => api.shared.set('late', 1)).catch(() => 0); return input; }`,
    ),
    ends: ['committed', 'thrown'],
    changes: ONE_KEY,
  },
];

export const RIGHTS: readonly Disaster[] = [
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

export const UNSAFE: readonly Disaster[] = [
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
