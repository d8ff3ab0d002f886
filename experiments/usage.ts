// `usage`: which types of extensions actually get used? (The slides name it as future work.) Five applications share a
// kernel, each with the graft that suits it: how often each kind of graft point is called, the cost of that, and how
// much sooner an application is done than without its own graft, the others keeping theirs.

import { CPU_MHZ } from 'graftwork/kernel-model';
import { type Figure, hashText, type Result, type Table } from '../report/index.ts';
import type { Kind } from './compartments.ts';
import type { Experiment } from './experiment.ts';
import { COMPARTMENT_FLAG, kindOf } from './sample-cost.ts';
import { type LoadRun, runLoad, USES, type Use } from './usage-load.ts';

const NAMES: Readonly<Record<Use, readonly [graft: string, application: string]>> = {
  'compute-ra': ['read-ahead, one announced block', 'reads at random places that it knows'],
  evict: ['keeps a list of pages and a part of the loop', 'loops over memory, and needs a list of pages'],
  'schedule-delegate': ['hands slices to the server', 'three clients of one server'],
  transform: ['XOR', 'writes through a stream'],
  'thread-exit': ['counts', 'short jobs, which somebody counts'],
};

/** All grafts, none, and all but one. */
interface Runs {
  readonly all: LoadRun;
  readonly none: LoadRun;
  readonly without: Readonly<Record<Use, LoadRun>>;
}

const measured = async (scale: number, seed: number, kind: Kind, progress: (text: string) => void): Promise<Runs> => {
  const run = (uses: readonly Use[]): Promise<LoadRun> => {
    progress(`usage: ${uses.length} of ${USES.length} grafts`);
    return runLoad({ scale, seed, kind, uses });
  };
  const without = {} as Record<Use, LoadRun>;
  for (const use of USES) without[use] = await run(USES.filter((one) => one !== use));
  return { all: await run(USES), none: await run([]), without };
};

const costTable = ({ all }: Runs): Table => ({
  kind: 'table',
  title:
    'Graft points of a mixed load, all grafts installed: ' +
    'how often they were asked, and what that cost in emulated time',
  columns: [
    'point',
    'graft',
    'asked',
    'a second',
    'kept',
    'undone',
    'cycles, thousands',
    'µs a call',
    'share of the time %',
  ],
  rows: USES.map((use) => {
    const { calls, committed, aborted, own_us } = all.costs[use];
    const cycles = (own_us * CPU_MHZ) / 1000;
    return [
      use,
      NAMES[use][0],
      calls,
      (1000 * calls) / all.elapsed_ms,
      committed,
      aborted,
      Math.round(cycles),
      own_us / calls,
      own_us / (10 * all.elapsed_ms),
    ];
  }),
  note: 'Without what other threads did while a graft waited or was preempted.',
});

/** How much sooner an application was done than in another run, in hundredths of a percent. */
const sooner = ({ all }: Runs, than: LoadRun, use: Use): number =>
  Math.round(10_000 * (1 - all.done_ms[use] / than.done_ms[use])) / 100;

/** The gain of its own graft, the others keeping theirs. */
const gainOf = (runs: Runs, use: Use): number => sooner(runs, runs.without[use], use);

const gainTable = (runs: Runs): Table => ({
  kind: 'table',
  title: 'When each application is done, emulated time',
  columns: [
    'application',
    'point',
    'nobody has a graft, ms',
    'all but it, ms',
    'all, ms',
    'its own graft gains %',
    'all grafts gain %',
  ],
  rows: USES.map((use) => {
    const { all, none, without } = runs;
    return [
      NAMES[use][1],
      use,
      none.done_ms[use],
      without[use].done_ms[use],
      all.done_ms[use],
      gainOf(runs, use),
      sooner(runs, none, use),
    ];
  }),
  note:
    'What one gains others gain too: a page that stays is a read less in the queue of the one disk. A graft that ' +
    'encrypts or counts gains no time; it is there for what it does.',
});

const figureOf = (runs: Runs): Figure => ({
  kind: 'figure',
  title: 'What a graft costs and what it gains, as shares of time',
  x: { label: `1 ${USES.map((use, i) => `${i === 0 ? '' : `${i + 1} `}${use}`).join(', ')}`, unit: '' },
  y: { label: 'share', unit: '%' },
  series: [
    {
      name: 'of the machine’s time, cost',
      points: USES.map((use, i) => [i + 1, runs.all.costs[use].own_us / (10 * runs.all.elapsed_ms)]),
    },
    { name: 'of its application’s time, gained', points: USES.map((use, i) => [i + 1, gainOf(runs, use)]) },
  ],
  marks: 'bars',
});

const factsOf = (runs: Runs): Record<string, number | string> => {
  const { all } = runs;
  const most = USES.reduce((a, b) => (all.costs[b].calls > all.costs[a].calls ? b : a));
  const dearest = USES.reduce((a, b) => (all.costs[b].own_us > all.costs[a].own_us ? b : a));
  return {
    most_asked: most,
    dearest,
    asked: USES.reduce((sum, use) => sum + all.costs[use].calls, 0),
    grafts_share_percent: USES.reduce((sum, use) => sum + all.costs[use].own_us, 0) / (10 * all.elapsed_ms),
    ...Object.fromEntries(USES.map((use) => [`${use}_gain_percent`, gainOf(runs, use)])),
    exits_counted: all.exits_counted,
    elapsed_s: all.elapsed_ms / 1000,
  };
};

export const usage: Experiment = {
  name: 'usage',
  describes:
    'A mixed load of five applications: which graft points are asked how often, what they cost, and what they gain.',
  flags: COMPARTMENT_FLAG,
  async run({ small, seed, flags, progress }): Promise<Result> {
    const kind = kindOf(flags);
    const runs = await measured(small ? 1 : 6, seed, kind, progress);
    const facts = factsOf(runs);
    return {
      name: 'usage',
      title:
        `In a mixed load ${facts.most_asked} is asked most and ${facts.dearest} costs most; all grafts together ` +
        `take ${(facts.grafts_share_percent as number).toFixed(1)} % of the time`,
      parts: [costTable(runs), gainTable(runs), figureOf(runs)],
      facts: { compartment: kind, ...facts },
      hash: hashText(JSON.stringify(runs)),
    };
  },
};
