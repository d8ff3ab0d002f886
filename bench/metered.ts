// The cost of metering: the same graft in a ses and in a metered compartment of one locked realm, so that the counters
// are the only difference. Best rounds are compared: other load of the machine makes a round slower, never faster.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { machine } from '../report/index.ts';
import type { Benchmark } from './benchmark.ts';
import type { Row } from './measure.ts';

export const metered: Benchmark = {
  name: 'metered',
  describes: 'the same grafts in ses and metered compartments: what counting fuel costs',
  async run({ small, seed, progress }) {
    progress('in a worker, locked down');
    const worker = new Worker(new URL('metered-realm.ts', import.meta.url), { workerData: small });
    const [tables] = (await once(worker, 'message')) as [Record<string, readonly Row[]>];
    await worker.terminate();
    const best = (rows: readonly Row[]): number => (rows[1]?.p10_ns ?? Number.NaN) / (rows[0]?.p10_ns ?? Number.NaN);
    return {
      benchmark: 'metered',
      seed,
      small,
      machine: machine(['ses', 'acorn']),
      tables,
      targets: [
        ...Object.entries(tables)
          .filter(([title]) => title !== 'one tiny call')
          .map(([title, rows]) => ({ what: `${title}, metered / ses`, value: best(rows), at_most: 1.3 })),
        { what: 'a tiny metered call, ns', value: tables['one tiny call']?.[1]?.p10_ns ?? Number.NaN, at_most: 200 },
      ],
    };
  },
};
