// What must hold in every kernel: after every event of the trace, and when nothing runs.

import { KERNEL_RESOURCES, OPEN_FILES, THREADS, WIRED_PAGES } from '../../../src/kernel-model/kernel/index.ts';
import { frameOf, PRESENT } from '../../../src/kernel-model/machine/index.ts';
import type { Thread } from '../../../src/kernel-model/sched/index.ts';
import type { EventName } from '../../../src/kernel-model/trace.ts';
import type { AddressSpace } from '../../../src/kernel-model/vm/index.ts';
import type { Account, Lock, Tree } from '../../../src/txn/index.ts';
import type { World } from './world.ts';

const spacesOf = ({ kernel }: World): AddressSpace[] => [...kernel.spaces.values()];

/** Frames and pages are one-to-one, and no frame is lost. */
const checkFrames = (world: World): void => {
  const { frames, in_transit } = world.kernel.memory;
  const resident = new Map<AddressSpace, number>();
  let owned = 0;
  for (let frame = 0; frame < frames.count; frame++) {
    const space = frames.owner[frame] ?? null;
    if (space === null) continue;
    owned++;
    resident.set(space, (resident.get(space) ?? 0) + 1);
    const entry = space.table.get(frames.page[frame] as number);
    if ((entry & PRESENT) === 0 || frameOf(entry) !== frame)
      world.fail(`frame ${frame}: page ${frames.page[frame]} of its owner lies elsewhere`);
  }
  if (frames.free + owned + in_transit !== frames.count)
    world.fail(`frames: ${frames.free} free, ${owned} owned, ${in_transit} in transit, of ${frames.count}`);
  for (const space of spacesOf(world))
    if (space.resident !== (resident.get(space) ?? 0))
      world.fail(`space ${space.id} counts ${space.resident} pages, has ${resident.get(space)}`);
};

/** No page table maps a frame that is not its space's. */
const checkTables = (world: World): void => {
  const { frames, queue } = world.kernel.memory;
  for (const space of spacesOf(world)) {
    for (const { first, pages } of space.regions) {
      for (let page = first; page < first + pages; page++) {
        const entry = space.table.get(page);
        if ((entry & PRESENT) === 0) continue;
        const frame = frameOf(entry);
        if (frames.owner[frame] !== space || frames.page[frame] !== page)
          world.fail(`page ${page} of space ${space.id} maps another's frame ${frame}`);
      }
    }
  }
  for (let place = 0; place < frames.count; place++)
    if (queue.placeOf(queue.frameAt(place)) !== place) world.fail(`the page queue has lost its place ${place}`);
};

const accountsOf = ({ kernel, plugins }: World): Account[] => [
  kernel.treasury,
  ...[...kernel.threads.values()].filter(({ owner }) => owner !== 'kernel').map(({ account }) => account),
  ...[...plugins].map((name) => kernel.account(name)),
];

const locksOf = (world: World): Lock[] => {
  const { accessors, list, memory, threads } = world.kernel;
  return [
    ...accessors.locks.all(),
    ...accessors.shared.entries.values(),
    list.lock,
    memory.lock,
    ...[...threads.values()].flatMap((thread) => [thread.lock, ...[...thread.files].map(({ announced }) => announced)]),
    ...memory.frames.wirable.flatMap((page) => (page === null ? [] : [page.lock])),
    ...accountsOf(world).map(({ lock }) => lock),
  ];
};

const holders = ({ owner, others }: Lock): Tree[] => [...(owner === null ? [] : [owner]), ...(others ?? [])];

/** Who holds a lock is an active transaction, and nobody waits for a lock that is free. */
const checkLocks = (world: World): void => {
  for (const lock of locksOf(world)) {
    const trees = holders(lock);
    if ((lock.mode === 0) !== (trees.length === 0))
      world.fail(`lock ${lock.name}: mode ${lock.mode}, ${trees.length} holders`);
    for (const tree of trees) {
      const isActive = tree.root.state === 'active' || tree.root.state === 'committing';
      if (!isActive || !tree.holds.includes(lock))
        world.fail(`lock ${lock.name} is held by a transaction that is ${tree.root.state}`);
    }
    for (const ticket of lock.queue ?? []) {
      if (ticket.state !== 'waiting' || ticket.txn.state !== 'active')
        world.fail(`lock ${lock.name}: a waiter that is ${ticket.txn.state}`);
      if (lock.mode === 0) world.fail(`lock ${lock.name} is free, and somebody waits for it`);
    }
  }
};

const CREATED = 2 ** 20;

const checkAccounts = (world: World): void => {
  const accounts = accountsOf(world);
  for (const [index, name] of KERNEL_RESOURCES.entries()) {
    const sum = accounts.reduce(
      (units, { free, held, spent }) =>
        units + (free[index] as number) + (held[index] as number) + (spent[index] as number),
      0,
    );
    if (sum !== CREATED) world.fail(`${name}: free + held + spent is ${sum}, created were ${CREATED}`);
  }
  for (const { owner, account, files, id } of world.kernel.threads.values()) {
    if (owner === 'kernel') continue;
    if (account.held[THREADS] !== 1 || account.held[OPEN_FILES] !== files.size)
      world.fail(`thread ${id}: its account does not hold what it has`);
  }
};

/** Each wired page is held by an account, once for each time it is wired. */
const checkWires = (world: World): void => {
  const { frames } = world.kernel.memory;
  for (const name of world.plugins) {
    const account = world.kernel.account(name);
    const wired = frames.wirable.reduce(
      (sum, page) => sum + (page?.payers.filter((payer) => payer === account).length ?? 0),
      0,
    );
    if (account.held[WIRED_PAGES] !== wired)
      world.fail(`${name} holds ${account.held[WIRED_PAGES]} wired pages, ${wired} are wired by it`);
  }
};

const checkShared = (world: World): void => {
  const state = new Map(world.kernel.accessors.shared.peekEntries());
  for (const key of new Set([...state.keys(), ...world.shared.keys()]))
    if (state.get(key) !== world.shared.get(key))
      world.fail(`shared ${key} is ${state.get(key)}, the replay has ${world.shared.get(key)}`);
};

/** What grafts did stands if they committed, and left no trace if not. Looked at while no graft's call is open. */
const checkIntents = (world: World): void => {
  const { kernel } = world;
  for (const { id, priority, owner } of kernel.threads.values())
    if (owner !== 'kernel' && world.priorities.get(id) !== priority)
      world.fail(`thread ${id}: priority ${priority}, not ${world.priorities.get(id)}`);
  for (const [key, count] of world.wires) {
    const [plugin, space, page] = key.split('/') as [string, string, string];
    const place = kernel.spaces.get(Number(space));
    if (place === undefined) {
      world.wires.delete(key);
      continue;
    }
    const payers = place.isResident(Number(page)) ? kernel.memory.toWire(place, Number(page)).payers : [];
    const wired = payers.filter((payer) => payer === kernel.account(plugin)).length;
    if (wired !== count) world.fail(`page ${page} of space ${space}: wired ${wired} times by ${plugin}, not ${count}`);
  }
  const { free, held, spent } = kernel.calls.treasury;
  for (const [index, units] of free.entries())
    if (held[index] !== 0 || units + (spent[index] as number) !== 2 ** 52)
      world.fail('calls have not given their units back');
};

const LISTED = { ready: 1, running: 1, waiting: 2, dead: 0 } as const;

const checkThreads = (world: World): void => {
  const { kernel } = world;
  let alive = 0;
  const ended = [...kernel.list.ids].filter((id) => id !== 0 && !kernel.threads.has(id)).length;
  if (ended > 0) world.fail(`${ended} threads are listed that have ended`);
  for (const thread of kernel.threads.values()) {
    if (thread.owner !== 'kernel') alive++;
    const { listed, state, id } = thread;
    if (listed < 0) continue;
    if (kernel.list.ids[listed] !== id || kernel.list.states[listed] !== LISTED[state])
      world.fail(
        `thread ${id} is ${state}, and listed as ${kernel.list.ids[listed]} in state ${kernel.list.states[listed]}`,
      );
  }
  if (alive !== kernel.alive) world.fail(`${alive} threads live, ${kernel.alive} are counted`);
};

/** How often others went first, of those that were ready. */
const passed = new WeakMap<Thread, number>();

/** The most urgent goes first, and among equals each has its turn. Slices that are handed on are outside of that. */
const checkTurns = (world: World, id: number, depth: number): void => {
  const threads = [...world.kernel.threads.values()];
  const chosen = world.kernel.threads.get(id);
  if (depth > 0 || world.delegates || chosen === undefined) return;
  for (const thread of threads) {
    if (thread.state !== 'ready' || thread.buried > 0) passed.set(thread, 0);
    else if (thread.priority < chosen.priority)
      world.fail(`thread ${id} runs, and ${thread.id}, which is more urgent, is ready`);
    else if (thread.priority === chosen.priority) passed.set(thread, (passed.get(thread) ?? 0) + 1);
    if ((passed.get(thread) ?? 0) > 4 * threads.length + 20) world.fail(`thread ${thread.id} is ready and never runs`);
  }
};

const EVERY = 8;

/** After an event. While locks go from hand to hand somebody is woken, and what is being released is in between. */
export const checkEvent = (world: World, event: EventName, a: number, b: number): void => {
  checkFrames(world);
  checkThreads(world);
  if (world.kernel.trace.events % EVERY === 0) checkTables(world);
  // Who comes back to a graft that waited was not chosen: the graft is finished first.
  if (event === 'switch' && world.last !== 'unbury') checkTurns(world, a, b);
  world.last = event;
  if (event === 'wake') return;
  checkLocks(world);
  checkAccounts(world);
  checkWires(world);
  checkShared(world);
  if (world.open.length === 0) checkIntents(world);
};

/** Nothing runs. */
export const checkRest = (world: World): void => {
  const { kernel } = world;
  checkFrames(world);
  checkTables(world);
  checkThreads(world);
  checkLocks(world);
  checkAccounts(world);
  checkWires(world);
  checkShared(world);
  if (world.open.length > 0 || world.running.length > 0) world.fail('calls of grafts are open, and nothing runs');
  checkIntents(world);
  const own = [...kernel.threads.values()].filter(({ txn }) => txn?.state === 'active').length;
  if (kernel.calls.transactions.active !== own)
    world.fail(`${kernel.calls.transactions.active} transactions are active, threads have ${own}`);
  for (const thread of kernel.threads.values()) {
    if (thread.state === 'running' || thread.buried > 0)
      world.fail(`thread ${thread.id} is ${thread.state}, and nothing runs`);
    const isQueued = kernel.dispatcher.isQueued(thread);
    if (isQueued !== (thread.state === 'ready'))
      world.fail(`thread ${thread.id} is ${thread.state}, in the run queue: ${isQueued}`);
  }
  if (kernel.calls.faults.length > 0)
    world.fail(`the kernel failed: ${String(kernel.calls.faults[0])} ${JSON.stringify(kernel.calls.faults[0])}`);
};

/** Nothing can happen any more: who is left waits for a message. */
export const checkEnd = (world: World): void => {
  for (const { id, state, owner } of world.kernel.threads.values()) {
    const step = world.steps.get(id) ?? 'nothing';
    if (owner !== 'kernel' && step !== 'receive' && step !== 'request')
      world.fail(`thread ${id} is ${state} for ever, in its step ${step}`);
  }
  if (world.kernel.alive > 0) return;
  if (world.kernel.treasury.held.some((units) => units !== 0)) world.fail('all threads have ended, and units are held');
  if (world.kernel.ports.open !== 0) world.fail('all threads have ended, and letters wait for their answers');
  if (world.kernel.accessors.locks.all().length > 0) world.fail('all threads have ended, and there are locks');
};
