// `abort-cost`: the cost of an abort in real time, against the locks that the transaction held and the undo records
// that it had written, with the plane that fits best. VINO's was about 35 µs and 10 µs a lock (recalled from the OSDI
// '96 paper's body).

import { CPU_MHZ, Kernel } from 'graftwork/kernel-model';
import { acquire, type Lock, type Transaction, type Undoable, WRITE } from 'graftwork/txn';
import { type Figure, hashText, megahertz, type Point, quantile, type Result, type Table } from '../report/index.ts';
import { compartments } from './compartments.ts';
import type { Experiment } from './experiment.ts';

/** Recalled, in microseconds on VINO's machine. */
const VINO = { base_us: 35, lock_us: 10 };
const LOCKS = [0, 1, 2, 4, 8, 16, 32, 64];
const RECORDS = [0, 16, 64, 256, 1024];

/** Restores a word, as the undo of most accessors does. */
const RESTORE: Undoable = {
  name: 'word',
  undo(place, key, before) {
    (place as Int32Array)[key as number] = before as number;
  },
};

class Bench {
  readonly #kernel = new Kernel({ frames: 1, disk: null, compartments: compartments('direct') });
  readonly #locks: readonly Lock[] = Array.from({ length: 64 }, (_, i) =>
    this.#kernel.accessors.locks.get(`ann/lock ${i}`),
  );
  readonly words = new Int32Array(1024);

  /** Begins a transaction, takes that many locks and changes that many words. */
  #begun(locks: number, records: number): Transaction {
    const txn = this.#kernel.calls.transactions.begin();
    for (let i = 0; i < locks; i++) acquire(txn, this.#locks[i] as Lock, WRITE);
    for (let i = 0; i < records; i++) {
      txn.tree.log.push(RESTORE, this.words, i, this.words[i] as number);
      this.words[i] = i + 1;
    }
    return txn;
  }

  /** Nanoseconds of one abort: the median over batches. */
  abort_ns(locks: number, records: number, batches: number): number {
    const times: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      let sum_ms = 0;
      for (let i = 0; i < 20; i++) {
        const txn = this.#begun(locks, records);
        const begun_ms = performance.now();
        txn.abort('cancelled');
        sum_ms += performance.now() - begun_ms;
      }
      times.push((sum_ms * 1e6) / 20);
    }
    return quantile(times, 0.5);
  }
}

/** A measured place: locks, records, nanoseconds. */
type Sample = readonly [locks: number, records: number, ns: number];

/** Solves three linear equations by elimination. */
const solve = (rows: number[][]): number[] => {
  for (let i = 0; i < 3; i++) {
    const pivot = rows[i] as number[];
    for (let j = 0; j < 3; j++) {
      if (j === i) continue;
      const row = rows[j] as number[];
      const factor = (row[i] as number) / (pivot[i] as number);
      for (let k = i; k < 4; k++) row[k] = (row[k] as number) - factor * (pivot[k] as number);
    }
  }
  return rows.map((row, i) => (row[3] as number) / (row[i] as number));
};

/** The plane a + b·locks + c·records of least squared distance, and the root mean square of the rest. */
export const plane = (samples: readonly Sample[]): { a: number; b: number; c: number; residual: number } => {
  const sums = [0, 1, 2].map(() => [0, 0, 0, 0]);
  for (const [locks, records, ns] of samples) {
    const terms = [1, locks, records, ns];
    for (let i = 0; i < 3; i++) {
      const row = sums[i] as number[];
      for (let j = 0; j < 4; j++) row[j] = (row[j] as number) + (terms[i] as number) * (terms[j] as number);
    }
  }
  const [a, b, c] = solve(sums) as [number, number, number];
  const squares = samples.reduce((sum, [locks, records, ns]) => sum + (ns - a - b * locks - c * records) ** 2, 0);
  return { a, b, c, residual: Math.sqrt(squares / samples.length) };
};

const tableOf = (samples: readonly Sample[]): Table => ({
  kind: 'table',
  title: 'One abort, µs',
  columns: ['locks held', ...RECORDS.map((records) => `${records} undo records`)],
  rows: LOCKS.map((locks) => [locks, ...samples.filter(([held]) => held === locks).map(([, , ns]) => ns / 1000)]),
  note: 'Each time has one reading of the clock in it.',
});

const figureOf = (samples: readonly Sample[]): Figure => ({
  kind: 'figure',
  title: 'One abort against the locks it releases',
  x: { label: 'locks held', unit: '' },
  y: { label: 'abort', unit: 'µs' },
  series: RECORDS.map((records) => ({
    name: `${records} undo records`,
    points: samples.filter(([, written]) => written === records).map(([locks, , ns]): Point => [locks, ns / 1000]),
  })),
  marks: 'line',
});

export const abortCost: Experiment = {
  name: 'abort-cost',
  describes: 'What an abort costs against the locks held and the undo records written, with the fitted plane.',
  run({ small, progress }): Promise<Result> {
    progress('abort-cost');
    const bench = new Bench();
    const batches = small ? 15 : 101;
    for (const records of RECORDS) bench.abort_ns(8, records, batches);
    const samples = LOCKS.flatMap((locks) =>
      RECORDS.map((records): Sample => [locks, records, bench.abort_ns(locks, records, batches)]),
    );
    const { a, b, c, residual } = plane(samples);
    const mhz = megahertz();
    const cycles = (ns: number): number => Math.round((ns * mhz) / 1000);
    const fit: Table = {
      kind: 'table',
      title: 'abort ≈ a + b · locks + c · records',
      columns: ['', 'a', 'b, a lock', 'c, a record', 'residual'],
      rows: [
        ['ours, ns', a, b, c, residual],
        [`ours, cycles at ${mhz} MHz`, cycles(a), cycles(b), cycles(c), cycles(residual)],
        ['VINO [paper, recalled], cycles at 120 MHz', VINO.base_us * CPU_MHZ, VINO.lock_us * CPU_MHZ, '', ''],
      ],
      note: 'Records of one word each. The report of an abort names up to 20 places, which is part of a.',
    };
    return Promise.resolve({
      name: 'abort-cost',
      title: 'What an abort costs, by what it takes back',
      parts: [tableOf(samples), figureOf(samples), fit],
      facts: { base_ns: a, lock_ns: b, record_ns: c, residual_ns: residual },
      hash: hashText(bench.words.join()),
    });
  },
};
