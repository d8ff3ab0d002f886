// The page from which an author or an operator decides where a plugin runs: first which kind to take, in words and with
// what a call costs there; then the figures, what each kind keeps out, and what could not be measured.

import { type Figure, hashText, type Point, quantile, type Result, type Table } from '../../report/index.ts';
import { IN_FLIGHT } from '../isolation/calls.ts';
import { kindOf } from '../isolation/kinds.ts';
import type { Idle } from '../isolation/life.ts';
import type { Row } from '../measure.ts';
import { duration, rowTable } from '../tables.ts';
import type { Plugged } from './calls.ts';

/** What was found of a kind; `idle` null: not measured. */
export interface Measured {
  readonly kind: string;
  readonly found: Plugged;
  readonly idle: Idle | null;
}

export interface Measurement {
  readonly plugin: string;
  readonly graft: string;
  readonly input: string;
  readonly seconds: number;
  readonly all: readonly Measured[];
}

type Ran = Measured & { readonly found: Extract<Plugged, { readonly why: null }> };

const ranOf = (all: readonly Measured[]): Ran[] => all.filter((one): one is Ran => one.found.why === null);

const last = (rows: readonly Row[]): Row => rows.at(-1) as Row;

const CHOICES: readonly (readonly [when: string, kinds: readonly string[]])[] = [
  ['somebody else wrote the plugin', ['process']],
  ['you have read it, and a call must be fast', ['isolate']],
  ['you wrote it yourself, and trust it like your own code', ['direct']],
  ['it is a policy in a program without a database', ['metered', 'ses']],
];

const megabytes = (idle: Idle | null): string => {
  if (idle === null) return 'not measured';
  return idle.proportional_mb < 0.1 ? '< 0.1 MB' : `${idle.proportional_mb.toFixed(1)} MB`;
};

/** What a kind costs here, in a sentence, or why it runs nothing. */
const costOf = ({ found, idle }: Measured): string => {
  if (found.why !== null) return `does not run there: ${found.why}`;
  const { median_ns, p99_ns = Number.NaN } = last(found.each);
  return (
    `a call takes ${duration(median_ns)}, one in a hundred more than ${duration(p99_ns)}; ` +
    `an idle plugin ${megabytes(idle)}`
  );
};

const keepsOf = (kind: string): string => {
  const { memory, cpu, survives } = kindOf(kind);
  const kept = [
    cpu === null ? 'stops no endless loop' : 'ends endless loops',
    memory === null ? 'does not limit memory' : 'limits memory',
    survives ? 'outlives the death of the engine' : 'ends with the engine',
  ];
  return kept.join('; ');
};

const choiceTable = (all: readonly Measured[]): Table => ({
  kind: 'table',
  title: 'Which kind to take',
  columns: ['if', 'take', 'what it costs here', 'what it keeps out'],
  rows: CHOICES.flatMap(([when, kinds]) => {
    const measured = all.filter(({ kind }) => kinds.includes(kind));
    return measured.map((one) => [when, one.kind, costOf(one), keepsOf(one.kind)]);
  }),
  note: 'Whatever the kind: a call that fails is undone, and the default answers.',
});

const figureTable = (ran: readonly Ran[]): Table => ({
  kind: 'table',
  title: 'Figures',
  columns: ['kind', 'p50', 'p99', 'calls a second', 'in flight', 'floor', '× floor', 'start', 'idle'],
  rows: ran.map(({ kind, found: { each, batch, noFloor, start }, idle }) => {
    const { median_ns, p99_ns = Number.NaN } = last(each);
    // A plain call is shorter than a reading of the clock: it is known from batches alone.
    const rows = kindOf(kind).waits ? each : batch;
    const floor = noFloor === null ? [duration((rows[0] as Row).median_ns), last(rows).ratio.toFixed(2)] : ['none', ''];
    return [
      kind,
      duration(median_ns),
      duration(p99_ns),
      Math.round(1e9 / last(batch).median_ns),
      kindOf(kind).waits ? IN_FLIGHT : 1,
      ...floor,
      duration(quantile(start.next_ms, 0.5) * 1e6),
      megabytes(idle),
    ];
  }),
  note:
    'A call goes through its graft point: a transaction, an account, checks both ways, commit. p50 and p99: of calls ' +
    'timed one by one. A floor is the same function with the same input, bare: a plain call for kinds in the host’s ' +
    'realm; isolated-vm’s applySync for isolate; for process a message to a forked process and back, with call-backs ' +
    'answered on the spot. Start: from the plugin’s text to its first answer. Idle: memory of one more plugin, pages ' +
    'that processes share divided among them.',
});

const keepsTable = (all: readonly Measured[]): Table => ({
  kind: 'table',
  title: 'What each kind keeps out',
  columns: [
    'kind',
    'for',
    'what a graft reaches',
    'what limits its memory',
    'what limits its time',
    'survives the engine’s death',
  ],
  rows: all.map(({ kind }) => {
    const { purpose, authority, memory, cpu, survives } = kindOf(kind);
    const reached = authority.replaceAll('`', '');
    return [kind, purpose, reached, memory ?? 'nothing', cpu ?? 'nothing', survives ? 'yes' : 'no'];
  }),
});

const latency = (ran: readonly Ran[]): Figure => ({
  kind: 'figure',
  title: 'A call',
  x: { label: 'kind', unit: '', names: ran.map(({ kind }) => kind) },
  y: { label: 'time', unit: 'µs', log: true },
  series: (['median_ns', 'p99_ns'] as const).map((which) => ({
    name: which === 'median_ns' ? 'p50' : 'p99',
    points: ran.map(({ found }, index): Point => [index + 1, (last(found.each)[which] ?? 0) / 1000]),
  })),
  marks: 'points',
});

/** Whether the floor took long enough to be timed call by call. */
const isTimed = (each: readonly Row[]): boolean => Number.isFinite(last(each).ratio);

/** Comparisons with floors, by title. */
export const floorTables = (all: readonly Measured[]): Record<string, readonly Row[]> =>
  Object.fromEntries(
    ranOf(all).flatMap(({ kind, found: { each, batch } }) =>
      each.length < 2
        ? []
        : [
            ...(isTimed(each) ? [[`${kind}: each call timed`, each] as const] : []),
            [`${kind}: ${kindOf(kind).waits ? `${IN_FLIGHT} in flight` : 'batches'}`, batch],
          ],
    ),
  );

const ANSWER_SHOWN = 200;

const factsOf = ({ plugin, graft, input, seconds, all }: Measurement): Record<string, string | number> => {
  const ran = ranOf(all);
  const answers = [...new Set(ran.map(({ found }) => found.answer))];
  const nulls = [...new Set(ran.flatMap(({ found }) => found.nulls))];
  const lines = all.flatMap(({ kind, found }): [string, string][] => {
    if (found.why !== null) return [[`not run in ${kind}`, found.why]];
    return found.noFloor === null ? [] : [[`no floor for ${kind}`, found.noFloor]];
  });
  return {
    plugin,
    graft,
    'bytes of input': input.length,
    answer: answers.map((answer) => answer.slice(0, ANSWER_SHOWN)).join(' or '),
    ...(answers.length > 1 && { 'the answers differ': 'between kinds: time, chance, or what it asks of its kind' }),
    ...(nulls.length > 0 && { 'answered null': `${nulls.join(', ')} (--callable gives what answers instead)` }),
    'seconds a kind': seconds,
    ...Object.fromEntries(lines),
  };
};

/** The results, as the page. */
export const pageOf = (measurement: Measurement): Result => {
  const { all, plugin, graft } = measurement;
  const ran = ranOf(all);
  return {
    name: plugin,
    title: `The graft ${graft} in every kind of compartment that ships, and what to choose.`,
    parts: [
      choiceTable(all),
      ...(ran.length > 0 ? [figureTable(ran), latency(ran)] : []),
      keepsTable(all),
      ...Object.entries(floorTables(all)).map(([title, rows]) => rowTable(title, rows)),
    ],
    facts: factsOf(measurement),
    hash: hashText(ran.map(({ found }) => found.answer).join()),
  };
};
