// A call of a graft in a process, through its graft point, against a message to a forked process and back, and against a bare echo of the frame: one after the
// other, with one call-back, and 64 in flight.

import { machine, quantile } from '../src/kernel-model/experiments/index.ts';
import { bareEcho, type Contender, graftCalls, rawMessage } from './call-contenders.ts';
import { type Benchmark, hashOf, type Row, row } from './measure.ts';

const IN_FLIGHT = 64;

/** One call after the other; every latency counts. */
const oneByOne = async (contenders: readonly Contender[], rounds: number, count: number): Promise<Row[]> => {
  const times = contenders.map(() => [] as number[]);
  const values = contenders.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      for (let i = 0; i < count; i++) {
        const begun = performance.now();
        const value = await contender.call();
        if (round < 0) continue;
        times[index]?.push((performance.now() - begun) * 1e6);
        values[index]?.push(value);
      }
    }
  }
  const floor = quantile(times[0] ?? [], 0.5);
  return contenders.map((contender, index) => row(contender.name, times[index] ?? [], floor, hashOf(values[index] ?? [])));
};

/** Calls a second with 64 in flight, each as time per call. */
const manyAtOnce = async (contenders: readonly Contender[], rounds: number, count: number): Promise<Row[]> => {
  const times = contenders.map(() => [] as number[]);
  for (let round = -1; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      let left = count;
      const worker = async (): Promise<void> => {
        while (left-- > 0) await contender.call();
      };
      const begun = performance.now();
      await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
      if (round >= 0) times[index]?.push(((performance.now() - begun) * 1e6) / count);
    }
  }
  const floor = quantile(times[0] ?? [], 0.5);
  return contenders.map((contender, index) => row(contender.name, times[index] ?? [], floor, ''));
};

export const call: Benchmark = {
  name: 'call',
  describes: 'a call of a graft in a process, against a message to a forked process and a bare echo',
  async run({ small, seed, progress }) {
    const [raw, echo, grafts] = [await rawMessage(), await bareEcho(), await graftCalls()];
    const contenders = [raw, echo, grafts.none, grafts.one];
    try {
      progress('one call after the other');
      const single = await oneByOne(contenders, small ? 2 : 20, small ? 50 : 2000);
      progress(`${IN_FLIGHT} in flight`);
      const many = await manyAtOnce([raw, echo, grafts.none], small ? 2 : 9, small ? 500 : 50_000);
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
