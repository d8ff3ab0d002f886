// The one measuring harness. A benchmark names contenders, one of them the floor. Their rounds are interleaved, so that
// other load of the machine hits all alike, and every figure is reported as a ratio to the floor of the same run.

import { hashText, quantile } from '../report/index.ts';

/** A contender. `round` does `count` operations and gives what they computed, so that nothing is optimised away. */
export interface Contender {
  readonly name: string;
  round(count: number): number | Promise<number>;
}

/** One operation at a time. */
export interface CallContender {
  readonly name: string;
  /** A call; its answer as a number goes into the hash. */
  call(): number | Promise<number>;
  close(): Promise<void>;
}

export interface Row {
  readonly name: string;
  /** Per operation: over the rounds, or over all calls if each was timed. */
  readonly median_ns: number;
  readonly p10_ns: number;
  readonly p90_ns: number;
  /** Only if each call was timed. */
  readonly p99_ns?: number;
  /** Median against the floor's median. */
  readonly ratio: number;
  /** FNV-1a of the answers of the rounds; equal for contenders that do the same work. */
  readonly hash: string;
}

export interface Rounds {
  readonly rounds: number;
  /** Operations a round. */
  readonly count: number;
  readonly warmup: number;
}

/** FNV-1a over numbers, as text. */
export const hashOf = (values: readonly number[]): string => hashText(values.join());

/** Measures contenders in interleaved rounds; the first is the floor. */
export const compare = async (contenders: readonly Contender[], { rounds, count, warmup }: Rounds): Promise<Row[]> => {
  const times = contenders.map(() => [] as number[]);
  const values = contenders.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      const begun = performance.now();
      const pending = contender.round(count);
      const value = typeof pending === 'number' ? pending : await pending;
      const ns = ((performance.now() - begun) * 1e6) / count;
      if (round < 0) continue;
      times[index]?.push(ns);
      values[index]?.push(value);
    }
  }
  return contenders.map((contender, index) =>
    row(contender.name, times[index] ?? [], quantile(times[0] ?? [], 0.5), hashOf(values[index] ?? [])),
  );
};

/** A row from times in ns per operation. */
export const row = (name: string, times: readonly number[], floor_ns: number, hash: string): Row => {
  const median_ns = quantile(times, 0.5);
  return {
    name,
    median_ns,
    p10_ns: quantile(times, 0.1),
    p90_ns: quantile(times, 0.9),
    ratio: median_ns / floor_ns,
    hash,
  };
};

/** The time of one reading of the clock, in ns: it is part of every call that is timed by itself. */
const clockCost = (): number => {
  const times: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const begun = performance.now();
    times.push((performance.now() - begun) * 1e6);
  }
  return quantile(times, 0.5);
};

/** Measures every call by itself, one after the other, contenders in turn; the first is the floor. */
export const eachCall = async (
  contenders: readonly CallContender[],
  { rounds, count, warmup }: Rounds,
): Promise<Row[]> => {
  const clock_ns = clockCost();
  const times = contenders.map(() => [] as number[]);
  const values = contenders.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      for (let i = 0; i < count; i++) {
        const begun = performance.now();
        const pending = contender.call();
        const value = typeof pending === 'number' ? pending : await pending;
        const ns = (performance.now() - begun) * 1e6 - clock_ns;
        if (round < 0) continue;
        times[index]?.push(Math.max(0, ns));
        values[index]?.push(value);
      }
    }
  }
  const floor = quantile(times[0] ?? [], 0.5);
  return contenders.map((contender, index) => {
    const all = times[index] ?? [];
    return { ...row(contender.name, all, floor, hashOf(values[index] ?? [])), p99_ns: quantile(all, 0.99) };
  });
};

/** Time per call with so many calls in flight; the first contender is the floor. */
export const inFlight = async (
  contenders: readonly CallContender[],
  { rounds, count, warmup }: Rounds,
  flight: number,
): Promise<Row[]> => {
  const times = contenders.map(() => [] as number[]);
  for (let round = -warmup; round < rounds; round++) {
    for (const [index, contender] of contenders.entries()) {
      let left = count;
      const worker = async (): Promise<void> => {
        while (left-- > 0) await contender.call();
      };
      const begun = performance.now();
      await Promise.all(Array.from({ length: flight }, worker));
      if (round >= 0) times[index]?.push(((performance.now() - begun) * 1e6) / count);
    }
  }
  const floor = quantile(times[0] ?? [], 0.5);
  return contenders.map((contender, index) => row(contender.name, times[index] ?? [], floor, ''));
};
