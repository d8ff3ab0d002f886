// Runs one random kernel, and says what did not hold.

import {
  type MakePolicy,
  makeClock,
  makeFifo,
  makeLirs,
  makeLru,
  makeMru,
  makeS3Fifo,
} from '../../../src/kernel-model/grafts/eviction/index.ts';
import { Kernel, type SectorDevice, WIRED_PAGES } from '../../../src/kernel-model/kernel/index.ts';
import { Disk, DRIVE_1995, type EventQueue } from '../../../src/kernel-model/machine/index.ts';
import { GraftError } from '../../../src/plugins/index.ts';
import { Random } from '../../support/random.ts';
import { checkEnd, checkEvent, checkRest } from './check.ts';
import { type Sectors, testDisk } from './disk.ts';
import { LIMITS, makerFor, NEEDS } from './grafts.ts';
import { meteredFor } from './metered.ts';
import { BLOCK, type Plan, type PluginPlan, type Policy } from './plan.ts';
import { programOf } from './program.ts';
import { type Counts, noCounts, Violation, World } from './world.ts';

const MAKERS: { readonly [P in Policy]: MakePolicy | null } = {
  'second-chance': null,
  fifo: makeFifo,
  lru: makeLru,
  mru: makeMru,
  clock: makeClock,
  s3fifo: makeS3Fifo,
  lirs: makeLirs,
};

const SECTORS_PER_BLOCK = 8;
const EVENTS_MAX = 400_000;
const EMULATED_US_MAX = 3_600_000_000;

const diskOf = ({ disk, seed, latency_us, blocks, swap_blocks }: Plan, bytes: Sectors) => {
  if (disk === 'none') return null;
  const sectors = (blocks + swap_blocks) * SECTORS_PER_BLOCK;
  if (disk !== 'drive')
    return testDisk({ sectors, bytes, latency_us, ...(disk === 'seeded' ? { random: new Random(seed + 1) } : {}) });
  return (events: EventQueue): SectorDevice => {
    const drive = new Disk({ spec: DRIVE_1995, events });
    return { sectors, submit: (request, done) => drive.submit(request, done) };
  };
};

const boot = (plan: Plan, counts: Counts, bytes: Sectors): World => {
  const worldOf = (): World => world;
  const kernel = new Kernel({
    frames: plan.frames,
    free_target: plan.free_target,
    policy: MAKERS[plan.policy]?.() ?? null,
    disk: diskOf(plan, bytes),
    buffers: plan.buffers,
    swap_blocks: plan.swap_blocks,
    compartments: (tick) => (plan.metered ? meteredFor : makerFor)(tick, plan.seed, plan.plugins, worldOf),
  });
  const world = new World(plan, kernel, counts);
  if (plan.disk !== 'none') kernel.format();
  for (const [index, { owner, priority, pages, shares, ...thread }] of plan.threads.entries()) {
    const space = world.threads[shares]?.space ?? null;
    const place = space === null ? { pages } : { space };
    const made = kernel.spawn({
      name: `t${index}`,
      owner,
      priority,
      ...place,
      program: programOf(worldOf, index, { owner, priority, pages, shares, ...thread }),
    });
    world.threads.push(made);
    world.priorities.set(made.id, priority);
  }
  return world;
};

const pointOf = ({ kernel, threads }: World, { seat, thread }: PluginPlan): string | null => {
  if (seat === 'victim') return 'kernel/memory/victim';
  if (seat === 'thread-exit') return 'kernel/events/thread-exit';
  const target = threads[thread];
  if (seat === 'schedule-delegate') return `kernel/thread/${target?.id}/schedule-delegate`;
  if (seat === 'evict') return target?.space === null ? null : `kernel/address-space/${target?.space?.id}/evict`;
  const open = kernel.points.list(`/kernel/${seat}/`);
  return open[thread % Math.max(1, open.length)]?.slice(1) ?? null;
};

const OWNED: readonly PluginPlan['seat'][] = ['evict', 'schedule-delegate'];

const install = async (world: World, index: number): Promise<void> => {
  const { kernel } = world;
  const plan = world.plan.plugins[index] as PluginPlan;
  const name = `p${index}`;
  const point = pointOf(world, plan);
  if (point === null || kernel.plugins.has(name)) return;
  const manifest = { api: 1, needs: NEEDS, limits: LIMITS, grafts: [{ point, export: 'run', order: 1 }] };
  const source = { name, version: '1.0.0', digest: name, code: '', sourceMap: '', manifest };
  const owner = world.plan.threads[plan.thread]?.owner;
  const mayNot =
    !plan.privileged &&
    (plan.seat === 'victim' || plan.seat === 'thread-exit' || (OWNED.includes(plan.seat) && owner !== plan.user));
  try {
    await kernel.install(source as never, { user: plan.user, privileged: plan.privileged });
  } catch (error) {
    if (!(error instanceof GraftError)) throw error;
    if (!['GRAFT_NEEDS', 'GRAFT_POINT_TAKEN', 'GRAFT_UNKNOWN_POINT'].includes(error.code))
      world.fail(`install of ${name}: ${error.message}`);
    return;
  }
  if (mayNot) world.fail(`${plan.user} has grafted ${point}`);
  world.plugins.add(name);
  world.delegates ||= plan.seat === 'schedule-delegate';
  if (plan.wires > 0) kernel.grant(name, WIRED_PAGES, plan.wires);
};

const round = async (world: World, number: number, length_us: number): Promise<void> => {
  const { kernel, plan } = world;
  for (const [index, plugin] of plan.plugins.entries()) {
    if (plugin.comes === number) await install(world, index);
    if (plugin.goes === number && kernel.plugins.has(`p${index}`)) kernel.plugins.remove(`p${index}`);
  }
  kernel.run(kernel.events.now_us + length_us);
  if (world.violation !== null) throw world.violation;
  checkRest(world);
};

/** The files are what was written, now and after a mount on another machine. */
const checkFiles = (world: World, bytes: Sectors): void => {
  const { kernel, plan } = world;
  const compare = (on: Kernel, when: string): void => {
    const names = on.finish(on.fs.list(on.finish(on.fs.lookup('')))).map(({ name }) => name);
    const expected = [...world.files.keys()].sort();
    if (
      names
        .filter((name) => name !== 'd')
        .sort()
        .join() !== expected.join()
    )
      world.fail(`${when}: files ${names.join()}, not ${expected.join()}`);
    for (const [name, contents] of world.files) {
      const inode = on.finish(on.fs.lookup(name));
      const into = new Uint8Array(contents.length + BLOCK);
      const got = on.finish(on.fs.read(inode, 0, into));
      if (got !== contents.length || Buffer.compare(into.subarray(0, got), contents) !== 0)
        world.fail(`${when}: ${name} is not what was written`);
    }
  };
  compare(kernel, 'at the end');
  if (plan.disk === 'drive') return;
  kernel.finish(kernel.fs.sync());
  const other = new Kernel({
    frames: 2,
    disk: diskOf(plan, bytes),
    swap_blocks: plan.swap_blocks,
    compartments: () => ({ kind: 'direct' }) as never,
  });
  other.mount();
  compare(other, 'mounted again');
};

const count = ({ kernel, counts }: World): void => {
  counts.kernels++;
  counts.events += kernel.trace.events;
  counts.preemptions += kernel.dispatcher.preemptions;
  counts.evictions += kernel.memory.counts.evictions;
  counts.page_outs += kernel.memory.counts.page_outs;
  counts.exchanged += kernel.memory.counts.exchanged;
};

export interface Result {
  readonly hash: string;
  /** What did not hold, or null. */
  readonly violation: Error | null;
  /** The last that happened. */
  readonly story: string;
}

const toEnd = async (world: World, bytes: Sectors): Promise<void> => {
  const { kernel, plan } = world;
  for (const [number, length_us] of plan.rounds.entries()) await round(world, number, length_us);
  const end_us = kernel.events.now_us + EMULATED_US_MAX;
  kernel.run(end_us);
  if (world.violation !== null) throw world.violation;
  if (kernel.events.now_us >= end_us) world.fail('it does not end');
  checkRest(world);
  checkEnd(world);
  if (plan.disk !== 'none') checkFiles(world, bytes);
};

/** Runs a kernel. Without `checks` it is only run, as a second machine for the same hash. */
export const runKernel = async (plan: Plan, checks = true, counts = noCounts()): Promise<Result> => {
  const bytes: Sectors = new Map();
  const world = boot(plan, counts, bytes);
  const { kernel } = world;
  kernel.trace.listener = (event, a, b, now_us) => {
    world.tell(`${now_us.toFixed(1)} ${event} ${a} ${b}`);
    if (event === 'bury') counts.graft_waits++;
    if (kernel.trace.events > EVENTS_MAX) world.fail(`more than ${EVENTS_MAX} events`);
    if (checks) checkEvent(world, event, a, b);
  };
  let violation: Error | null = null;
  try {
    await toEnd(world, bytes);
  } catch (error) {
    violation =
      world.violation ?? (error instanceof Violation ? error : new Error('the kernel threw', { cause: error }));
  }
  count(world);
  return { hash: `${kernel.trace.hash} ${kernel.trace.events} ${kernel.events.now_us}`, violation, story: world.story };
};
