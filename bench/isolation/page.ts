// The page from which a person chooses a kind: first which kind stops what at which price, then the figures behind it.
// Tables and figures are plain data; the terminal, Markdown and HTML show the same.

import { type Figure, hashText, type Point, quantile, type Result, type Table } from '../../report/index.ts';
import type { Row } from '../measure.ts';
import { duration, rowTable, targetTable } from '../tables.ts';
import type { Target } from '../target.ts';
import { BODIES } from './bodies.ts';
import { CALL_SIZES, IN_FLIGHT } from './calls.ts';
import type { Survived } from './hostile.ts';
import { kindOf } from './kinds.ts';
import type { Found } from './survey.ts';
import { median, perSecond } from './targets.ts';
import { WORK, WORK_WORDS } from './work.ts';

const WORKS = Object.keys(WORK);
const BODY_NAMES = Object.keys(BODIES);
const UNKNOWN = 'not measured';
const MS = 1e6;

const ms = (value: number): string => duration(value * MS);

/** Two digits, for comparing at a glance. */
const roughly = (ns: number): string => {
  const [value, unit] = duration(ns).split(' ') as [string, string];
  return `${Number(Number(value).toPrecision(2))} ${unit}`;
};

const medianText = (values: readonly number[] | undefined): string =>
  values === undefined ? UNKNOWN : ms(quantile(values, 0.5));

const lastOf = (rows: readonly Row[] | undefined): Row | null => rows?.at(-1) ?? null;

type Stopped = NonNullable<Found['stops']>[string];

const isStopped = (one: Stopped): boolean => typeof one === 'string' || !('lost' in one);

/** How grafts that never end are ended, in words. */
const stopsInWords = ({ stops }: Found): string => {
  if (stops === undefined) return UNKNOWN;
  const all = Object.entries(stops).filter(([, one]) => one !== 'none');
  const lost = all.filter(([, one]) => !isStopped(one)).length;
  if (lost > 0) return `no: ${lost} of ${all.length} hang the host`;
  const late = all.flatMap(([, one]) =>
    typeof one === 'object' && !('lost' in one)
      ? one.map(({ limit_ms, stopped_ms }) => quantile(stopped_ms, 0.5) - limit_ms)
      : [],
  );
  const worst = Math.max(...late);
  return worst <= 0 ? 'yes, within its limit' : `yes, ${roughly(worst * MS)} late at most`;
};

const callsInWords = ({ calls }: Found): string[] =>
  WORKS.map((name) => {
    const row = lastOf(calls?.works[name]?.each);
    return row === null ? UNKNOWN : roughly(row.median_ns);
  });

const megabytes = (mb: number): string => (mb < 0.1 ? '< 0.1 MB' : `${mb.toFixed(1)} MB`);

const yes = (is: boolean): string => (is ? 'yes' : 'no');

const decision = (all: readonly Found[], survived: Survived): Table => ({
  kind: 'table',
  title: 'Which kind of compartment',
  columns: [
    'kind',
    'for',
    'ends endless code',
    'limits memory',
    'survives the engine’s death',
    'hostile corpus survived',
    ...WORKS.map((name) => `a call: ${name}`),
    'start',
    'idle',
  ],
  rows: all.map((found) => {
    const { memory, survives, purpose } = kindOf(found.kind);
    const { start, idle } = found;
    return [
      found.kind,
      purpose,
      stopsInWords(found),
      yes(memory !== null),
      yes(survives),
      survived(found.kind),
      ...callsInWords(found),
      start === undefined ? UNKNOWN : roughly(quantile(start.next_ms, 0.5) * MS),
      idle === undefined ? UNKNOWN : megabytes(idle.resident_mb),
    ];
  }),
  note:
    'A call: the median through its graft point, in a transaction, with an account, checked both ways, committed. ' +
    `${WORKS.map((name) => `${name} ${WORK_WORDS[name]}`).join('; ')}. ` +
    'Start: from a plugin’s text of 5 KB to its first answer. ' +
    'Idle: the resident sets of the host and of its processes, divided by the plugins.',
});

/** Claims that cannot be measured: those of the conformance suite. */
const claimTable = (all: readonly Found[]): Table => ({
  kind: 'table',
  title: 'What holds a graft',
  columns: ['kind', 'what it reaches', 'what limits its memory', 'what limits its time'],
  rows: all.map(({ kind }) => {
    const { authority, memory, cpu } = kindOf(kind);
    return [kind, authority.replaceAll('`', ''), memory ?? 'nothing', cpu ?? 'nothing'];
  }),
});

const callTable = (all: readonly Found[]): Table => ({
  kind: 'table',
  title: 'Calls',
  columns: [
    'kind',
    'workload',
    'p50',
    'p10',
    'p90',
    'p99',
    'p50 × floor',
    'calls a second',
    'in flight',
    'time a call × floor',
  ],
  rows: all.flatMap(({ kind, calls }) =>
    Object.entries(calls?.works ?? {}).map(([name, { each, batch }]) => {
      const { median_ns, p10_ns, p90_ns, p99_ns = Number.NaN } = lastOf(each) as Row;
      const ratioOf = (rows: readonly Row[]): string => (rows.length < 2 ? '' : (lastOf(rows) as Row).ratio.toFixed(2));
      const flight = kindOf(kind).waits ? IN_FLIGHT : 1;
      const single = [median_ns, p10_ns, p90_ns, p99_ns].map(duration);
      return [kind, name, ...single, ratioOf(each), Math.round(perSecond(batch) ?? 0), flight, ratioOf(batch)];
    }),
  ),
  note:
    'p50 to p99: of calls timed one by one. Calls a second: of calls one behind the other or in flight, ' +
    'collection of garbage included. A floor does the same work without a compartment.',
});

const lifeTable = (all: readonly Found[]): Table => ({
  kind: 'table',
  title: 'Start, a fresh heap, memory',
  columns: [
    'kind',
    'first start in a process',
    'each later start',
    'p10 to p90',
    'a call-back',
    'answer after an abort',
    'after a kill',
    'idle: resident',
    'proportional',
  ],
  rows: all.map(({ kind, start, fresh, idle, calls }) => {
    const [none, one] = calls?.callBack ?? [];
    return [
      kind,
      start === undefined ? UNKNOWN : ms(start.first_ms),
      medianText(start?.next_ms),
      start === undefined ? UNKNOWN : [0.1, 0.9].map((p) => roughly(quantile(start.next_ms, p) * MS)).join(' to '),
      none === undefined || one === undefined ? UNKNOWN : duration(one.median_ns - none.median_ns),
      medianText(fresh?.thrown_ms),
      fresh?.killed_ms.length === 0 ? '–' : medianText(fresh?.killed_ms),
      idle === undefined ? UNKNOWN : megabytes(idle.resident_mb),
      idle === undefined ? UNKNOWN : megabytes(idle.proportional_mb),
    ];
  }),
  note:
    'A first start loads the engine, locks the realm down, bundles scripts. The answer after an abort comes from ' +
    'a fresh heap, after a kill from another process; a spare stood ready. Proportional: pages that several ' +
    'processes share are divided among them.',
});

/** The median under each limit, and the reason if it was not the limit. */
const stopCell = (one: Stopped | undefined): string => {
  if (one === undefined) return UNKNOWN;
  if (typeof one === 'string') return one === 'refused' ? 'not installed' : '–';
  if ('lost' in one) return `never: the host ${one.lost}`;
  const reasons = new Set(one.flatMap(({ reasons }) => reasons));
  const why = reasons.size === 1 && reasons.has('own-time') ? '' : ` (${[...reasons].join(', ')})`;
  return `${one.map(({ stopped_ms }) => quantile(stopped_ms, 0.5).toFixed(1)).join(' / ')} ms${why}`;
};

/** The number of honest calls that were aborted in between, under the same limits. */
const wronged = (stops: Found['stops']): number =>
  Object.values(stops ?? {}).reduce(
    (sum, one) => sum + (Array.isArray(one) ? one.reduce((all, { wronged }) => all + wronged, 0) : 0),
    0,
  );

const stopTable = (all: readonly Found[]): Table => ({
  kind: 'table',
  title: 'Time until what never ends was ended, under limits of 5 and 50 ms',
  columns: ['kind', ...BODY_NAMES, 'honest calls aborted'],
  rows: all.map(({ kind, stops }) => [kind, ...BODY_NAMES.map((name) => stopCell(stops?.[name])), wronged(stops)]),
  note:
    'Medians. After each the same plugin answers an honest call, under the same limit. A kind that counts ' +
    'fuel ends by work done, not by time. In brackets: why it ended, where that was not its own time.',
});

/** A value for each kind as points, the kinds side by side. */
const byKind = (
  title: string,
  y: { readonly label: string; readonly unit: string },
  all: readonly Found[],
  series: Readonly<Record<string, (found: Found) => number | null | undefined>>,
): Figure => ({
  kind: 'figure',
  title,
  x: { label: 'kind', unit: '', names: all.map(({ kind }) => kind) },
  y: { ...y, log: true },
  series: Object.entries(series).map(([name, value]) => ({
    name,
    points: all.flatMap((found, index): Point[] => {
      const at = value(found);
      return typeof at === 'number' ? [[index + 1, at]] : [];
    }),
  })),
  marks: 'points',
});

const each_us = (name: string, p: 'median_ns' | 'p99_ns') => (found: Found) => {
  const ns = lastOf(found.calls?.works[name]?.each)?.[p];
  return ns === undefined ? null : ns / 1000;
};

const perWork = <T>(make: (name: string) => T): Record<string, T> =>
  Object.fromEntries(WORKS.map((name) => [name, make(name)]));

const stopped_ms = (body: string) => (found: Found) => {
  const one = found.stops?.[body];
  return typeof one === 'object' && !('lost' in one) ? median(one.at(-1)?.stopped_ms) : null;
};

const figures = (all: readonly Found[]): Figure[] => [
  byKind(
    'A call, median',
    { label: 'p50', unit: 'µs' },
    all,
    perWork((name) => each_us(name, 'median_ns')),
  ),
  byKind(
    'A call, the slowest of a hundred',
    { label: 'p99', unit: 'µs' },
    all,
    perWork((name) => each_us(name, 'p99_ns')),
  ),
  byKind(
    'Calls a second',
    { label: 'calls', unit: '1/s' },
    all,
    perWork(
      (name) =>
        ({ calls }: Found) =>
          perSecond(calls?.works[name]?.batch),
    ),
  ),
  byKind('Start and a fresh heap', { label: 'time', unit: 'ms' }, all, {
    'start to the first answer': ({ start }) => median(start?.next_ms),
    'answer after an abort': ({ fresh }) => median(fresh?.thrown_ms),
  }),
  byKind('Memory of an idle plugin', { label: 'memory', unit: 'MB' }, all, {
    resident: ({ idle }) => idle?.resident_mb,
    proportional: ({ idle }) => idle?.proportional_mb,
  }),
  byKind(
    'Time until endless code was ended, limit 50 ms',
    { label: 'time', unit: 'ms' },
    all,
    Object.fromEntries(BODY_NAMES.map((name) => [name, stopped_ms(name)])),
  ),
];

/** Figures that have points. */
const drawn = (all: readonly Figure[]): Figure[] =>
  all.filter(({ series }) => series.some(({ points }) => points.length > 0));

const repetitions = (small: boolean): Record<string, string> => {
  const { batches, each, later, flight } = small ? CALL_SIZES.small : CALL_SIZES.full;
  return {
    'batches of calls': `${batches.rounds}`,
    'calls timed one by one': `${each.rounds} × ${each.count}; of kinds that wait ${later.rounds} × ${later.count}`,
    'calls in flight': `${flight.rounds} × ${flight.count}, ${IN_FLIGHT} at once`,
    'idle plugins': small ? '10, or 2 of kinds that wait' : '100',
    'endless bodies': `${small ? 2 : 50} under each limit`,
  };
};

const problemsOf = (all: readonly Found[]): Record<string, string> =>
  Object.fromEntries(
    all.flatMap(({ kind, problems = [] }) =>
      problems.length === 0 ? [] : [[`not measured of ${kind}`, problems.join('; ')]],
    ),
  );

/** The hash of the answers of all kinds. Throws if two kinds differ. */
const hashOfAll = (all: readonly Found[]): string =>
  hashText(
    WORKS.map((name) => {
      const hashes = new Set(all.flatMap(({ calls }) => calls?.works[name]?.hash ?? []));
      if (hashes.size > 1) throw new Error(`kinds answer ${name} differently: ${[...hashes].join(', ')}`);
      return [...hashes][0] ?? '';
    }).join(),
  );

/** The results, as the page. */
export const pageOf = (
  all: readonly Found[],
  targets: readonly Target[],
  tables: Readonly<Record<string, readonly Row[]>>,
  { small, survived }: { readonly small: boolean; readonly survived: Survived },
): Result => ({
  name: 'isolation',
  title: 'What each kind of compartment keeps out and ends, and what that costs.',
  parts: [
    decision(all, survived),
    claimTable(all),
    targetTable(targets),
    ...drawn(figures(all)),
    ...(all.some(({ calls }) => calls) ? [callTable(all)] : []),
    ...(all.some(({ start, fresh, idle }) => start ?? fresh ?? idle) ? [lifeTable(all)] : []),
    ...(all.some(({ stops }) => stops) ? [stopTable(all)] : []),
    ...Object.entries(tables).map(([title, rows]) => rowTable(title, rows)),
  ],
  facts: { ...repetitions(small), ...problemsOf(all) },
  hash: hashOfAll(all),
});
