// What the walls around a plugin's process cost: a tiny call, the start of a process and its memory, with walls and
// without. Every pair has two processes of its own, which are measured in turn; what counts is the ratio, or the
// difference, within each pair, over all pairs.

import { readFileSync } from 'node:fs';
import { createHost } from 'graftwork';
import { machine, quantile } from '../report/index.ts';
import { ProcessMaker, type Walls, wallsText } from '../src/plugins/compartment/index.ts';
import type { Benchmark } from './benchmark.ts';
import { hashOf, type Row, row } from './measure.ts';

interface Size {
  readonly pairs: number;
  /** Starts of each kind a pair. */
  readonly starts: number;
  /** Blocks of calls of each process, in turn. */
  readonly blocks: number;
  readonly calls: number;
  readonly warmup: number;
}

const SMALL: Size = { pairs: 2, starts: 1, blocks: 2, calls: 50, warmup: 50 };
const FULL: Size = { pairs: 20, starts: 5, blocks: 20, calls: 500, warmup: 2000 };

const KINDS = ['none', 'wanted'] as const satisfies readonly Walls[];
const NAMES = { none: 'without walls', wanted: 'with walls' };
type Kind = (typeof KINDS)[number];

/** The two in another order each time. */
const inTurn = (turn: number): Kind[] => (turn % 2 === 0 ? [...KINDS] : [...KINDS].reverse());

interface Callee {
  call(): Promise<number>;
  pid(): number;
  close(): Promise<void>;
}

const calleeOf = async (walls: Walls): Promise<Callee> => {
  const host = await createHost({ store: 'memory', processes: { walls, spares: 0 } });
  const point = host.graftPoint<number, number>({ name: 'p', kind: 'function', default: () => Number.NaN });
  const graftwork = { api: 1, grafts: [{ point: 'p', export: 'graft' }] };
  await host.install({
    manifest: { name: 'tiny', graftwork },
    files: { 'index.js': 'export const graft = (n) => n + 1;' },
  });
  return { call: () => point.call(1), pid: () => host.pids()[0] as number, close: () => host.close() };
};

const PAGE_BYTES = 4096;

/** Memory that is the process's alone: resident pages less shared ones, in MB; not a number where Linux is not. */
const ownMemory_mb = (pid: number): number => {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
    return ((Number(resident) - Number(shared)) * PAGE_BYTES) / 2 ** 20;
  } catch {
    return Number.NaN;
  }
};

/** Times of every call in ns, by kind. */
type Found = Record<Kind, number[]>;

const nothing = (): Found => ({ none: [], wanted: [] });

const block = async ({ call }: Callee, count: number, times: number[]): Promise<void> => {
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    if ((await call()) !== 2) throw new Error('a graft did not answer');
    times.push((performance.now() - begun) * 1e6);
  }
};

const callPair = async ({ blocks, calls, warmup }: Size, turn: number): Promise<{ times: Found; own_mb: Found }> => {
  const callees = { none: await calleeOf('none'), wanted: await calleeOf('wanted') };
  const times = nothing();
  const own_mb = nothing();
  try {
    for (const kind of KINDS) await block(callees[kind], warmup, []);
    for (let at = 0; at < blocks; at++)
      for (const kind of inTurn(turn + at)) await block(callees[kind], calls, times[kind]);
    for (const kind of KINDS) own_mb[kind].push(ownMemory_mb(callees[kind].pid()));
    return { times, own_mb };
  } finally {
    for (const kind of KINDS) await callees[kind].close();
  }
};

const EMPTY = { plugin: 'empty', code: '({ graft: () => 1 })', memory_mb: 16, load_ms: 5000 };
const GRAFTS = [{ export: 'graft', callable: [], columns: [] }];

/** From nothing to a loaded plugin, in ns. */
const start = async (walls: Walls): Promise<number> => {
  const maker = new ProcessMaker({ walls, spares: 0 });
  const begun = performance.now();
  await maker.load({ ...EMPTY, grafts: GRAFTS });
  const took_ns = (performance.now() - begun) * 1e6;
  maker.close();
  return took_ns;
};

/** The median of some figures, and between which two of them the true one lies in 19 of 20 cases. */
const medianOf = (figures: readonly number[]): { median: number; interval: string } => {
  const sorted = figures.toSorted((a, b) => a - b);
  const n = sorted.length;
  const low = Math.max(0, Math.floor(n / 2 - 0.98 * Math.sqrt(n)));
  const [from, to] = [sorted[low], sorted[n - 1 - low]] as [number, number];
  return { median: quantile(sorted, 0.5), interval: `95 %: ${from.toFixed(3)} to ${to.toFixed(3)}` };
};

const rowsOf = (times: Found): Row[] =>
  KINDS.map((kind) => row(NAMES[kind], times[kind], quantile(times.none, 0.5), hashOf([times[kind].length])));

const within = (pairs: readonly Found[], compare: (wanted: number, none: number) => number) =>
  medianOf(pairs.map(({ none, wanted }) => compare(quantile(wanted, 0.5), quantile(none, 0.5))));

const together = (pairs: readonly Found[]): Found => ({
  none: pairs.flatMap(({ none }) => none),
  wanted: pairs.flatMap(({ wanted }) => wanted),
});

const NS_PER_MS = 1e6;

export const walls: Benchmark = {
  name: 'walls',
  describes: "the walls around a plugin's process: a tiny call, a start and memory, with and without",
  async run({ small, seed, progress }) {
    const size = small ? SMALL : FULL;
    const calls: Found[] = [];
    const memory: Found[] = [];
    const starts: Found[] = [];
    for (let turn = 0; turn < size.pairs; turn++) {
      progress(`pair ${turn + 1} of ${size.pairs}`);
      const { times, own_mb } = await callPair(size, turn);
      calls.push(times);
      memory.push(own_mb);
      const took = nothing();
      for (let at = 0; at < size.starts; at++) for (const kind of inTurn(turn + at)) took[kind].push(await start(kind));
      starts.push(took);
    }
    const call = within(calls, (wanted, none) => wanted / none);
    const begin = within(starts, (wanted, none) => (wanted - none) / NS_PER_MS);
    const own = within(memory, (wanted, none) => wanted - none);
    const { facts } = new ProcessMaker({ spares: 0 });
    return {
      benchmark: 'walls',
      seed,
      small,
      machine: { ...machine(['isolated-vm']), walls: wallsText(facts) },
      tables: { 'tiny call': rowsOf(together(calls)), 'start, with a plugin loaded': rowsOf(together(starts)) },
      targets: [
        { what: `tiny call: with / without (${call.interval})`, value: call.median, at_most: 1.03 },
        { what: `start: with − without, ms (${begin.interval})`, value: begin.median, at_most: 5 },
        { what: `memory: with − without, MB (${own.interval})`, value: own.median, at_most: Number.POSITIVE_INFINITY },
      ],
    };
  },
};
