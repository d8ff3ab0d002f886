// Rows and targets as tables of the report kit: the terminal, Markdown and HTML show the same.

import type { Table } from '../report/index.ts';
import type { Row } from './measure.ts';
import { met, type Target } from './target.ts';

/** Time in the unit that fits. */
export const duration = (ns: number): string => {
  if (ns < 1000) return `${ns.toFixed(1)} ns`;
  return ns < 1e6 ? `${(ns / 1000).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
};

/** One comparison. */
export const rowTable = (title: string, rows: readonly Row[]): Table => ({
  kind: 'table',
  title,
  columns: ['', 'median', 'p10', 'p90', 'p99', '× floor'],
  rows: rows.map(({ name, median_ns, p10_ns, p90_ns, p99_ns, ratio }) => [
    name,
    ...[median_ns, p10_ns, p90_ns].map(duration),
    p99_ns === undefined ? '' : duration(p99_ns),
    ratio.toFixed(2),
  ]),
});

const figureOf = ({ value }: Target): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(2);

const boundOf = ({ at_most, at_least }: Target): string =>
  at_most === undefined ? `≥ ${at_least?.toLocaleString('en')}` : `≤ ${at_most}`;

/** The targets, and whether they were met. */
export const targetTable = (targets: readonly Target[]): Table => ({
  kind: 'table',
  title: 'Targets',
  columns: ['target', 'measured', 'bound', ''],
  rows: targets.map((target) => [target.what, figureOf(target), boundOf(target), met(target) ? 'met' : 'MISSED']),
});
