// A call of a graft in a process, through its graft point, against a message to a forked process and back, and against
// a bare echo of the frame: one after the other, with one call-back, and 64 in flight.

import { machine } from '../report/index.ts';
import type { Benchmark } from './benchmark.ts';
import { graftCalls } from './call-contenders.ts';
import { eachCall, inFlight, type Row } from './measure.ts';
import { bareEcho, rawMessage } from './raw-calls.ts';

const IN_FLIGHT = 64;

export const call: Benchmark = {
  name: 'call',
  describes: 'a call of a graft in a process, against a message to a forked process and a bare echo',
  async run({ small, seed, progress }) {
    const [raw, echo, grafts] = [await rawMessage(), await bareEcho(), await graftCalls()];
    const contenders = [raw, echo, grafts.none, grafts.one];
    try {
      progress('one call after the other');
      const single = await eachCall(contenders, { rounds: small ? 2 : 20, count: small ? 50 : 2000, warmup: 1 });
      progress(`${IN_FLIGHT} in flight`);
      const many = await inFlight(
        [raw, echo, grafts.none],
        { rounds: small ? 2 : 9, count: small ? 500 : 50_000, warmup: 1 },
        IN_FLIGHT,
      );
      const ns = (rows: readonly Row[], index: number): number => rows[index]?.median_ns ?? Number.NaN;
      return {
        benchmark: 'call',
        seed,
        small,
        machine: machine(['isolated-vm']),
        tables: { 'one after the other': single, [`${IN_FLIGHT} in flight`]: many },
        targets: [
          { what: 'graft call / child_process message', value: ns(single, 2) / ns(single, 0), at_most: 1.1 },
          { what: 'graft call / bare echo', value: ns(single, 2) / ns(single, 1), at_most: Number.POSITIVE_INFINITY },
          { what: 'one call-back / bare echo', value: (ns(single, 3) - ns(single, 2)) / ns(single, 1), at_most: 1.2 },
          { what: 'graft calls a second, pipelined', value: 1e9 / ns(many, 2), at_least: 50_000 },
        ],
      };
    } finally {
      for (const contender of contenders) await contender.close();
    }
  },
};
