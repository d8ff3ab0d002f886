// `read-ahead`: an application reads a file at random places that it knows beforehand, and computes between reads. The
// kernel's default looks for sequential reading, in vain; the graft fetches the announced blocks while the application
// computes. VINO's experiment: 12 MB, 3,000 reads of 4 KB.
//
// The disk does the same for the default and for the graft that fetches one block ahead. So the graft can only save
// time in which the disk is idle, and costs its calls. The break-even is found from the idle time: the disk's own time
// differs from run to run by luck, with the place of the platters.

import { ANNOUNCED_MAX, BLOCK_BYTES, CPU_MHZ, GeneratorProgram, Kernel } from 'graftwork/kernel-model';
import { type Figure, hashText, type Point, type Result, type Series, type Table } from '../report/index.ts';
import { compartments, type Kind } from './compartments.ts';
import type { Experiment } from './experiment.ts';
import { graftPackage } from './graft-package.ts';
import { numbersFrom } from './made-traces.ts';
import { MeasuredDisk } from './measured-disk.ts';
import { breakEven, COMPARTMENT_FLAG, callCost_us, kindOf, realTimes } from './sample-cost.ts';

/** Exports of the graft; null: the kernel's default. */
export type ReadAheadGraft = 'computeRa' | 'computeRaNext' | null;

export interface ReadAheadOptions {
  readonly blocks: number;
  readonly reads: number;
  /** Blocks in the buffer cache. */
  readonly buffers: number;
  readonly seed: number;
  readonly kind: Kind;
  readonly compute_us: number;
  readonly graft: ReadAheadGraft;
}

/** Means over the reads, in emulated microseconds. */
export interface ReadAheadRun {
  readonly read_us: number;
  /** The part of that in which the disk was idle. */
  readonly idle_us: number;
  /** The hash of the bytes read. */
  readonly bytes_hash: string;
  readonly calls: number;
  readonly trace_hash: string;
}

const USER = 'ann';
/** The cost for the application of one entry of its list. Chosen: two loads and two stores. */
const ANNOUNCE_CYCLES = 4;

/** Different bytes for every block: words with its number. */
const bytesOf = (block: number): Uint8Array => new Uint8Array(new Int32Array(BLOCK_BYTES / 4).fill(block + 1).buffer);

/** A booted kernel with the file on its disk, and an empty cache. */
const booted = (disk: MeasuredDisk, { blocks, buffers, kind }: ReadAheadOptions) => {
  const kernel = new Kernel({ frames: 16, disk: disk.open, buffers, compartments: compartments(kind) });
  kernel.format();
  const inode = kernel.finish(kernel.fs.create('data', 'file', blocks * BLOCK_BYTES));
  disk.fill(inode.extents, bytesOf);
  return { kernel, inode };
};

/** Reads at the places that the seed gives, with the default or with a graft. */
export const readRandomly = async (options: ReadAheadOptions): Promise<ReadAheadRun> => {
  const { blocks, reads, seed, compute_us, graft } = options;
  const random = numbersFrom(seed);
  const order = Int32Array.from({ length: Math.min(reads, ANNOUNCED_MAX) }, () => Math.floor(blocks * random()));
  const disk = new MeasuredDisk();
  const { kernel, inode } = booted(disk, options);
  const found = new Float64Array(order.length);
  const took = { all_us: 0, busy_us: 0 };
  let announce = (): void => {};
  const program = new GeneratorProgram(function* (user) {
    const begun = { us: user.now_us, busy_us: disk.busy_us };
    if (graft !== null) {
      announce();
      yield* user.compute(order.length * ANNOUNCE_CYCLES);
    }
    for (const [i, block] of order.entries()) {
      const bytes = (yield* user.call('read', file.id, block * BLOCK_BYTES, BLOCK_BYTES)) as Uint8Array;
      found[i] = new Int32Array(bytes.buffer).reduce((sum, word) => sum + word);
      yield* user.compute(compute_us * CPU_MHZ);
    }
    took.all_us = user.now_us - begun.us;
    took.busy_us = disk.busy_us - begun.busy_us;
  });
  const file = kernel.openFile(kernel.spawn({ name: 'reader', owner: USER, program }), inode);
  if (graft !== null) {
    const point = `kernel/file/${file.id}/compute-ra`;
    await kernel.install(await graftPackage('announced', { file: 'read-ahead/announced.ts', export: graft, point }), {
      user: USER,
    });
    const columns = kernel.points.table.get(point).grafts[0]?.columns as Readonly<Record<string, Int32Array>>;
    announce = () => {
      columns.announced?.set(order);
      columns.announced_count?.set([order.length]);
    };
  }
  kernel.run();
  const { committed } = kernel.calls.counts;
  return {
    read_us: took.all_us / order.length,
    idle_us: (took.all_us - took.busy_us) / order.length,
    bytes_hash: hashText(found.join()),
    calls: committed,
    trace_hash: kernel.trace.hash,
  };
};

const SMALL_US = [0, 50, 200, 500, 2000, 10_000, 40_000];
const FULL_US = [0, 20, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000, 15_000, 20_000, 40_000];
const GRAFTS: readonly (readonly [string, ReadAheadGraft])[] = [
  ['default', null],
  ['one ahead', 'computeRaNext'],
  ['four ahead', 'computeRa'],
];

/** The times of each way, at one amount of computing between reads. */
interface Row {
  readonly compute_us: number;
  readonly plain: ReadAheadRun;
  readonly next: ReadAheadRun;
  readonly four: ReadAheadRun;
}

const tableOf = (rows: readonly Row[], reads: number): Table => ({
  kind: 'table',
  title: `Emulated time of ${reads} random reads of 4 KB`,
  columns: [
    'computing a read, ms',
    ...GRAFTS.flatMap(([name]) => [`${name}: total s`, 'ms a read']),
    'one ahead saves µs',
    'four ahead saves µs',
  ],
  rows: rows.map(({ compute_us, plain, next, four }) => [
    compute_us / 1000,
    ...[plain, next, four].flatMap(({ read_us }) => [(read_us * reads) / 1e6, read_us / 1000]),
    Math.round(plain.read_us - next.read_us),
    Math.round(plain.read_us - four.read_us),
  ]),
  note:
    'Saved: a read, against the default. Four ahead also lets the disk sort its queue, which pays without any ' +
    'computing. The computing is in the times.',
});

const timesFigure = (rows: readonly Row[]): Figure => ({
  kind: 'figure',
  title: 'Emulated time a read, with and without the graft',
  x: { label: 'computing between reads', unit: 'ms' },
  y: { label: 'time a read', unit: 'ms' },
  series: (['plain', 'next', 'four'] as const).map(
    (way, i): Series => ({
      name: GRAFTS[i]?.[0] ?? '',
      points: rows.map((row): Point => [row.compute_us / 1000, row[way].read_us / 1000]),
    }),
  ),
  marks: 'line',
  note:
    'While computing is shorter than a read of the disk it disappears behind it; ' +
    'where it is longer, the disk does.',
});

/** Idle time saved a read by fetching one ahead. */
const idleSaved = (rows: readonly Row[]): Point[] =>
  rows.map(({ compute_us, plain, next }) => [compute_us, plain.idle_us - next.idle_us]);

const evenFigure = (rows: readonly Row[], even_us: number): Figure => ({
  kind: 'figure',
  title: 'Idle time of the disk that one block ahead saves, less what the graft costs',
  x: { label: 'computing between reads', unit: 'µs' },
  y: { label: 'saved a read', unit: 'µs' },
  series: [{ name: 'saved', points: idleSaved(rows).filter(([x]) => x <= 1000) }],
  marks: 'line',
  note:
    'Below zero the graft costs more than it saves. ' +
    `It breaks even at ${Math.round(even_us)} µs of computing a read.`,
});

const factsOf = (rows: readonly Row[], reads: number, even_us: number, call_us: number) => {
  const first = rows[0] as Row;
  const gain = (row: Row, way: 'next' | 'four'): number => 100 * (1 - row[way].read_us / row.plain.read_us);
  const best = rows.reduce((a, b) => (gain(b, 'next') > gain(a, 'next') ? b : a));
  return {
    reads,
    break_even_us: even_us,
    graft_call_us: call_us,
    disk_read_ms: (first.plain.read_us - first.plain.idle_us) / 1000,
    gain_percent: gain(best, 'next'),
    gain_at_ms: best.compute_us / 1000,
    saved_us: best.plain.read_us - best.next.read_us,
    sorted_gain_percent: Math.max(...rows.map((row) => gain(row, 'four'))),
    sorted_gain_without_computing_percent: gain(first, 'four'),
  };
};

export const readAhead: Experiment = {
  name: 'read-ahead',
  describes:
    'Random reads that the application announces: what its read-ahead graft saves, and from how much computing a ' +
    'read on.',
  flags: COMPARTMENT_FLAG,
  async run({ small, seed, flags, progress }): Promise<Result> {
    const kind = kindOf(flags);
    const size = small ? { blocks: 384, reads: 300, buffers: 32 } : { blocks: 3072, reads: 3000, buffers: 256 };
    const rows: Row[] = [];
    for (const compute_us of small ? SMALL_US : FULL_US) {
      progress(`read-ahead: ${compute_us} µs of computing a read`);
      const run = (graft: ReadAheadGraft): Promise<ReadAheadRun> =>
        readRandomly({ ...size, seed, kind, compute_us, graft });
      rows.push({ compute_us, plain: await run(null), next: await run('computeRaNext'), four: await run('computeRa') });
    }
    const even_us = breakEven(idleSaved(rows));
    const facts = factsOf(rows, size.reads, even_us, await callCost_us('read-ahead', kind));
    const { gain_percent, gain_at_ms } = facts;
    return {
      name: 'read-ahead',
      title:
        `One announced block ahead saves up to ${gain_percent.toFixed(0)} % of the time (at ${gain_at_ms} ms of ` +
        `computing a read), and pays from ${Math.round(even_us)} µs of computing on`,
      parts: [
        tableOf(rows, size.reads),
        timesFigure(rows),
        evenFigure(rows, even_us),
        await realTimes('read-ahead', kind, small),
      ],
      facts: { compartment: kind, ...facts },
      hash: hashText(JSON.stringify(rows)),
    };
  },
};
