// `eviction`: an application works through 2 MB of memory, round and round, and needs a short list of other pages again
// and again, while other programs want memory too. The kernel's second chance takes the listed pages between two uses;
// the graft gives another of the application's pages instead.
//
// All programs store to their pages once before anything is counted, so that every page has a copy on the disk. Between
// two references the other programs sleep: they compete for memory and for the disk, and not for the processor.

import { CPU_MHZ, GeneratorProgram, Kernel, type Steps, type Thread, type User } from 'graftwork/kernel-model';
import { type Figure, hashText, type Point, type Result, type Table } from '../report/index.ts';
import { compartments, type Kind } from './compartments.ts';
import type { Experiment } from './experiment.ts';
import { graftPackage } from './graft-package.ts';
import { numbersFrom } from './made-traces.ts';
import { MeasuredDisk } from './measured-disk.ts';
import { COMPARTMENT_FLAG, callCost_us, kindOf, realTimes } from './sample-cost.ts';

export interface EvictionOptions {
  readonly frames: number;
  /** Pages of the application's working memory; its listed pages lie behind them. */
  readonly working: number;
  readonly listed: number;
  /** Pages of working memory between two uses of the list. */
  readonly every: number;
  /** How often the application goes through its working memory. */
  readonly passes: number;
  /** Pages of each of the three other programs. */
  readonly others: readonly [loop: number, uniform: number, skewed: number];
  readonly seed: number;
  readonly kind: Kind;
  /** The number of pages the graft keeps: the listed ones first, then those of the working memory. Null: no graft. */
  readonly kept: number | null;
}

/** Counts since every page was on the disk. Times are emulated. */
export interface EvictionRun {
  readonly elapsed_ms: number;
  readonly listed_faults: number;
  readonly working_faults: number;
  /** The mean time from a fault of the application until the page is there. */
  readonly page_in_ms: number;
  /** The disk's share in that: the mean of a request. */
  readonly disk_ms: number;
  readonly calls: number;
  readonly exchanged: number;
  readonly others_references: number;
  readonly others_faults: number;
  /** Wrong bytes found in memory: none. */
  readonly wrong: number;
  readonly trace_hash: string;
}

const USER = 'ann';
const PAGE_SHIFT = 12;
const WORK_US = 1000;
const PAUSE_US = 2000;
const FREE_TARGET = 8;
const STORES = 0.25;

/** The first byte of a page, from the first store on. */
const byteOf = (page: number): number => (page * 7 + 1) & 255;

/** The page that the other programs want next. */
const wants = (
  [loop, uniform, skewed]: EvictionOptions['others'],
  random: () => number,
): readonly ((turn: number) => number)[] => [
  (turn) => turn % loop,
  () => Math.floor(uniform * random()),
  () => Math.floor(skewed * random() ** 3),
];

/** A run under way: the machine, and the progress of its programs. */
class Contest {
  readonly disk = new MeasuredDisk();
  readonly kernel: Kernel;
  readonly random: () => number;
  readonly application: Thread;
  readonly others: readonly Thread[];
  readonly counted = { listed_faults: 0, working_faults: 0, fault_us: 0, others_references: 0, wrong: 0 };
  #filled = 0;
  #over = false;
  #start = { us: 0, others_faults: 0, busy_us: 0, requests: 0, calls: 0, exchanged: 0 };
  #end_us = 0;
  readonly #options: EvictionOptions;

  constructor(options: EvictionOptions) {
    this.#options = options;
    const { frames, kind, working, listed, others, seed } = options;
    this.kernel = new Kernel({
      frames,
      disk: this.disk.open,
      compartments: compartments(kind),
      free_target: FREE_TARGET,
    });
    this.random = numbersFrom(seed);
    this.application = this.kernel.spawn({
      name: 'application',
      owner: USER,
      pages: working + listed,
      program: new GeneratorProgram((user) => this.#work(user)),
    });
    this.others = wants(others, this.random).map((want, i) => {
      const pages = others[i] as number;
      return this.kernel.spawn({
        name: `other ${i}`,
        owner: 'bob',
        pages,
        program: new GeneratorProgram((user) => this.#press(user, pages, want)),
      });
    });
  }

  get #others_faults(): number {
    return this.others.reduce((sum, { faults }) => sum + faults, 0);
  }

  /** Stores to every page, and waits until all programs have. */
  *#fill(user: User, pages: number): Steps {
    for (let page = 0; page < pages; page++) yield* user.store(page << PAGE_SHIFT, byteOf(page));
    this.#filled++;
    while (this.#filled <= this.others.length) yield* user.call('sleep', PAUSE_US);
  }

  *#press(user: User, pages: number, want: (turn: number) => number): Steps {
    yield* this.#fill(user, pages);
    for (let turn = 0; !this.#over; turn++) {
      const page = want(turn);
      if (this.random() < STORES) yield* user.store(page << PAGE_SHIFT, byteOf(page));
      else yield* this.#look(user, page);
      this.counted.others_references++;
      yield* user.call('sleep', PAUSE_US);
    }
  }

  *#look(user: User, page: number): Steps {
    if ((yield* user.load(page << PAGE_SHIFT)) !== byteOf(page)) this.counted.wrong++;
  }

  *#work(user: User): Steps {
    const { working, listed, every, passes } = this.#options;
    yield* this.#fill(user, working + listed);
    this.#begin();
    for (let turn = 0; turn < passes * working; turn++) {
      yield* this.#need(user, turn % working, 'working_faults');
      if (turn % every === every - 1)
        for (let i = 0; i < listed; i++) yield* this.#need(user, working + i, 'listed_faults');
    }
    this.#end_us = user.now_us;
    this.#over = true;
  }

  *#need(user: User, page: number, faults: 'listed_faults' | 'working_faults'): Steps {
    const before = { us: user.now_us, faults: this.application.faults };
    yield* this.#look(user, page);
    if (this.application.faults > before.faults) {
      this.counted[faults]++;
      this.counted.fault_us += user.now_us - before.us;
    }
    yield* user.compute(WORK_US * CPU_MHZ);
  }

  #begin(): void {
    const { kernel, disk } = this;
    this.counted.others_references = 0;
    this.#start = {
      us: kernel.events.now_us,
      others_faults: this.#others_faults,
      busy_us: disk.busy_us,
      requests: disk.requests,
      calls: kernel.calls.counts.committed,
      exchanged: kernel.memory.counts.exchanged,
    };
  }

  found(): EvictionRun {
    const { kernel, disk } = this;
    const { fault_us, ...counted } = this.counted;
    return {
      ...counted,
      elapsed_ms: (this.#end_us - this.#start.us) / 1000,
      page_in_ms: fault_us / (counted.listed_faults + counted.working_faults) / 1000,
      disk_ms: (disk.busy_us - this.#start.busy_us) / (disk.requests - this.#start.requests) / 1000,
      calls: kernel.calls.counts.committed - this.#start.calls,
      exchanged: kernel.memory.counts.exchanged - this.#start.exchanged,
      others_faults: this.#others_faults - this.#start.others_faults,
      trace_hash: kernel.trace.hash,
    };
  }
}

/** Runs the application to its end, with a graft that keeps some pages or without. */
export const runUnderPressure = async (options: EvictionOptions): Promise<EvictionRun> => {
  const { kept, working, listed } = options;
  const contest = new Contest(options);
  const { kernel, application } = contest;
  if (kept !== null) {
    const point = `kernel/address-space/${application.space?.id}/evict`;
    await kernel.install(await graftPackage('keep', { file: 'eviction/keep.ts', export: 'evict', point }), {
      user: USER,
    });
    const pages = Array.from({ length: kept }, (_, i) => (i < listed ? working + i : i - listed));
    const { shared } = kernel.points.table.get(point).grafts[0]?.columns ?? {};
    (shared as Int32Array).set([kept, ...pages]);
  }
  kernel.run();
  return contest.found();
};

const SMALL = { frames: 128, working: 96, listed: 6, every: 12, passes: 6, others: [40, 40, 40] } as const;
const FULL = { frames: 640, working: 512, listed: 16, every: 32, passes: 8, others: [160, 160, 160] } as const;
/** Recalled from the OSDI '96 paper's body. */
const VINO_PAGE_IN_MS = 18;

interface Row {
  readonly kept: number | null;
  readonly run: EvictionRun;
}

const tableOf = (rows: readonly Row[]): Table => ({
  kind: 'table',
  title: 'Emulated time and page faults',
  columns: [
    'pages kept',
    'time s',
    'faults on the list',
    'on other pages',
    'of the others, per 1,000 references',
    'graft calls',
    'exchanged',
  ],
  rows: rows.map(({ kept, run }) => [
    kept === null ? 'no graft' : String(kept),
    run.elapsed_ms / 1000,
    run.listed_faults,
    run.working_faults,
    (1000 * run.others_faults) / Math.max(1, run.others_references),
    run.calls,
    run.exchanged,
  ]),
  note:
    'A page that is exchanged takes the victim’s place in the global queue, so nobody else’s turn comes earlier; ' +
    'how the others fare stands in their column.',
});

const figureOf = (rows: readonly Row[]): Figure => ({
  kind: 'figure',
  title: 'Faults of the application against the number of pages that the graft keeps',
  x: { label: 'pages kept', unit: '' },
  y: { label: 'faults', unit: '' },
  series: [
    { name: 'on the list', points: rows.map(({ kept, run }): Point => [kept ?? 0, run.listed_faults]) },
    { name: 'all', points: rows.map(({ kept, run }): Point => [kept ?? 0, run.listed_faults + run.working_faults]) },
  ],
  marks: 'line',
});

export const eviction: Experiment = {
  name: 'eviction',
  describes:
    'A graft that keeps an application’s important pages: the faults that it saves, and what one of them pays for.',
  flags: COMPARTMENT_FLAG,
  async run({ small, seed, flags, progress }): Promise<Result> {
    const kind = kindOf(flags);
    const size = small ? SMALL : FULL;
    const rows: Row[] = [];
    for (const kept of [null, ...[0.5, 1, 2, 4].map((share) => Math.round(size.listed * share))]) {
      progress(`eviction: ${kept ?? 'no'} pages kept`);
      rows.push({ kept, run: await runUnderPressure({ ...size, seed, kind, kept }) });
    }
    const plain = (rows[0] as Row).run;
    const all = ({ listed_faults, working_faults }: EvictionRun): number => listed_faults + working_faults;
    const best = rows.reduce((a, b) => (b.run.elapsed_ms < a.run.elapsed_ms ? b : a));
    const call_us = await callCost_us('eviction', kind);
    return {
      name: 'eviction',
      title: 'Page eviction: important pages kept under memory pressure',
      parts: [tableOf(rows), figureOf(rows), await realTimes('eviction', kind, small)],
      facts: {
        compartment: kind,
        gain_percent: 100 * (1 - best.run.elapsed_ms / plain.elapsed_ms),
        best_kept: best.kept ?? 'no graft',
        saved_faults: all(plain) - all(best.run),
        page_in_ms: plain.page_in_ms,
        vino_page_in_ms_recalled: VINO_PAGE_IN_MS,
        graft_call_us: call_us,
        calls_per_saved_fault: (plain.page_in_ms * 1000) / call_us,
        calls_per_fault_saved_here: best.run.calls / Math.max(1, all(plain) - all(best.run)),
        wrong_bytes: rows.reduce((sum, { run }) => sum + run.wrong, 0),
      },
      hash: hashText(rows.map(({ run }) => JSON.stringify(run)).join()),
    };
  },
};
