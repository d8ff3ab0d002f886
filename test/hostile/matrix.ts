// The table of classes and kinds: how many entries of a class passed, of how many that could be run.

import type { Verdict } from './attack.ts';
import type { Entry } from './entry.ts';

export interface Cell {
  readonly passed: number;
  readonly failed: number;
  /** Not run with this kind: skipped, or not applicable. */
  readonly apart: number;
}

export interface Column {
  readonly kind: string;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly failed: readonly { readonly id: string; readonly why: string }[];
}

export type Judged = Pick<Verdict, 'id' | 'status' | 'why'>;

export const columnOf = (kind: string, entries: readonly Entry[], verdicts: readonly Judged[]): Column => {
  const cells = new Map<string, Cell>();
  for (const [index, entry] of entries.entries()) {
    const { status } = verdicts[index] as Judged;
    const { passed, failed, apart } = cells.get(entry.class) ?? { passed: 0, failed: 0, apart: 0 };
    const isRun = status === 'passed' || status === 'failed';
    cells.set(entry.class, {
      passed: passed + (status === 'passed' ? 1 : 0),
      failed: failed + (status === 'failed' ? 1 : 0),
      apart: apart + (isRun ? 0 : 1),
    });
  }
  const failed = verdicts.filter(({ status }) => status === 'failed').map(({ id, why }) => ({ id, why }));
  return { kind, cells, failed };
};

const textOf = (cell: Cell | undefined): string => {
  if (cell === undefined || cell.passed + cell.failed === 0) return '–';
  return `${cell.passed} / ${cell.passed + cell.failed}${cell.apart > 0 ? ` (${cell.apart} not run)` : ''}`;
};

const classesOf = (columns: readonly Column[]): string[] => [
  ...new Set(columns.flatMap(({ cells }) => [...cells.keys()])),
];

/** A table: of each class, how many passed of those run. */
export const markdownOf = (columns: readonly Column[]): string => {
  const head = [
    `| class | ${columns.map(({ kind }) => kind).join(' | ')} |`,
    `| --- |${' --: |'.repeat(columns.length)}`,
  ];
  const rows = classesOf(columns).map(
    (name) => `| ${name} | ${columns.map(({ cells }) => textOf(cells.get(name))).join(' | ')} |`,
  );
  return `${[...head, ...rows].join('\n')}\n`;
};

export const jsonOf = (columns: readonly Column[]): object =>
  columns.map(({ kind, cells, failed }) => ({ kind, classes: Object.fromEntries(cells), failed }));
