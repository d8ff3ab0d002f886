// Parts of the experiments of the four sample grafts: the flag that names their compartment, the cost of a call of the
// sample (in emulated time, and in real time by its paths), and the break-even.

import type { Kernel } from 'graftwork/kernel-model';
import type { Point, Table } from '../report/index.ts';
import { isKind, KINDS, type Kind } from './compartments.ts';
import { abortRunner, pathsTable, runnersOf, timesOf } from './paths.ts';
import { SAMPLES, type Sample, type SampleName, staged } from './samples.ts';

export const COMPARTMENT_FLAG = {
  compartment: `${KINDS.join('|')}: where the graft runs; metered if not given`,
} as const;

/** The compartment in the flags. Throws RangeError for an unknown one. */
export const kindOf = ({ compartment = 'metered' }: Readonly<Record<string, string>>): Kind => {
  if (isKind(compartment)) return compartment;
  throw new RangeError(`no compartment ${compartment}; there are ${KINDS.join(', ')}`);
};

const sampleOf = (name: SampleName): Sample => SAMPLES.find((sample) => sample.name === name) as Sample;

/** The emulated time of `run` on a kernel, in microseconds. */
export const emulated_us = (kernel: Kernel, run: () => void): number => {
  const begun_us = kernel.events.now_us;
  run();
  return kernel.events.now_us - begun_us;
};

const TURNS = 256;

/** What the sample graft adds to a call of its policy method, in emulated microseconds: the mean of 256 calls. */
export const callCost_us = async (name: SampleName, kind: Kind): Promise<number> => {
  const mean_us = async (body: 'graft' | null): Promise<number> => {
    const { kernel, method } = await staged(sampleOf(name), kind, body);
    const all_us = emulated_us(kernel, () => {
      for (let turn = 0; turn < TURNS; turn++) method(turn);
    });
    return all_us / TURNS;
  };
  return (await mean_us('graft')) - (await mean_us(null));
};

/**
 * The cost of a call of the sample in real time, by its paths: unsafe, and safe in each kind of compartment. With
 * `direct` no other kind is measured, since the realm need not be locked down then.
 */
export const realTimes = (name: SampleName, kind: Kind, small: boolean): Promise<Table> =>
  realTimesOf(sampleOf(name), name, kind, small);

/** The same for a sample that is not in the list; `title` names it. */
export const realTimesOf = async (sample: Sample, title: string, kind: Kind, small: boolean): Promise<Table> => {
  const kinds = kind === 'direct' ? (['direct'] as const) : KINDS;
  const rounds = { rounds: small ? 5 : 31, calls: small ? 200 : 2000 };
  const { times } = timesOf(await runnersOf(sample, kinds, rounds.calls), rounds);
  const aborts = await Promise.all(
    kinds.map((one) => abortRunner(sample, one, one === 'isolate' ? 3 : rounds.calls / 10)),
  );
  return pathsTable(title, [...times, ...timesOf(aborts, { ...rounds, rounds: small ? 3 : 11 }).times]);
};

/**
 * Where a line of points, ascending in x, first rises above zero: between two points as on a straight line. NaN:
 * nowhere.
 */
export const breakEven = (points: readonly Point[]): number => {
  const after = points.findIndex(([, y]) => y > 0);
  if (after < 0) return Number.NaN;
  const [x, y] = points[after] as Point;
  const before = points[after - 1];
  return before === undefined ? x : before[0] + ((x - before[0]) * -before[1]) / (y - before[1]);
};
