// The targets of the kinds. A target is not listed if its kind, or its part, was not measured.

import { quantile } from '../../report/index.ts';
import type { Row } from '../measure.ts';
import type { Target } from '../target.ts';
import type { Found } from './survey.ts';

const ratio = (rows: readonly Row[] | undefined): number | null => rows?.at(-1)?.ratio ?? null;

/** The longest median over bodies and limits, beyond the limit, in ms; NaN: a body was not stopped. */
export const overshoot = ({ stops }: Found): number | null => {
  if (stops === undefined) return null;
  const medians = Object.values(stops).flatMap((one) => {
    if (typeof one === 'string') return [];
    if ('lost' in one) return [Number.POSITIVE_INFINITY];
    return one.map(({ limit_ms, stopped_ms }) => quantile(stopped_ms, 0.5) - limit_ms);
  });
  return Math.max(...medians);
};

type Bound = Pick<Target, 'at_most' | 'at_least'>;
type TargetRow = readonly [kind: string, what: string, value: (found: Found) => number | null, bound: Bound];

const TARGETS: readonly TargetRow[] = [
  ['isolate', 'isolate: add p50 / raw applySync', ({ calls }) => ratio(calls?.works.add?.each), { at_most: 1.3 }],
  ['isolate', 'isolate: policy p50 / raw columns', ({ calls }) => ratio(calls?.works.policy?.each), { at_most: 1.3 }],
  [
    'isolate',
    'isolate: filter p50 / fastest raw way',
    ({ calls }) => ratio(calls?.works.filter?.each),
    { at_most: 1.3 },
  ],
  ['metered', 'metered: policy p50, µs', ({ calls }) => perCall_us(calls?.works.policy?.each), { at_most: 0.6 }],
  ['process', 'process: add p50 / child_process message', ({ calls }) => ratio(calls?.works.add?.each), { at_most: 1 }],
  [
    'process',
    'process: calls a second, 64 in flight',
    ({ calls }) => perSecond(calls?.works.add?.batch),
    { at_least: 70_000 },
  ],
  ['isolate', 'isolate: an idle plugin, MB', ({ idle }) => idle?.resident_mb ?? null, { at_most: 3 }],
  ['isolate', 'isolate: stopped after its limit, ms, the worst of five', overshoot, { at_most: 20 }],
  ['process', 'process: stopped after its limit, ms, the worst of five', overshoot, { at_most: 50 }],
  ['isolate', 'isolate: next answer after an abort, ms', ({ fresh }) => median(fresh?.thrown_ms), { at_most: 5 }],
  ['process', 'process: next answer after an abort, ms', ({ fresh }) => median(fresh?.thrown_ms), { at_most: 5 }],
];

const perCall_us = (rows: readonly Row[] | undefined): number | null => {
  const row = rows?.at(-1);
  return row === undefined ? null : row.median_ns / 1000;
};

export const perSecond = (rows: readonly Row[] | undefined): number | null => {
  const row = rows?.at(-1);
  return row === undefined ? null : 1e9 / row.median_ns;
};

export const median = (values: readonly number[] | undefined): number | null =>
  values === undefined ? null : quantile(values, 0.5);

export const targetsOf = (all: readonly Found[]): Target[] =>
  TARGETS.flatMap(([kind, what, value, bound]) => {
    const found = all.find((one) => one.kind === kind);
    const measured = found === undefined ? null : value(found);
    return measured === null ? [] : [{ what, value: measured, ...bound }];
  });
