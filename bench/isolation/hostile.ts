// What each kind survived of the hostile corpus, as the hostile harness reports it (`npm run hostile -- --report FILE`).

import { existsSync, readFileSync } from 'node:fs';

/** In words, what a kind survived. */
export type Survived = (kind: string) => string;

interface KindReport {
  readonly passed: number;
  readonly of: number;
}

const isReport = (value: unknown): value is KindReport =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as KindReport).passed === 'number' &&
  typeof (value as KindReport).of === 'number';

/** Reads a report; where there is none, or none of a kind, it says `not run`. */
export const survivedOf = (file: string | undefined): Survived => {
  if (file === undefined || !existsSync(file)) return () => 'not run';
  const { kinds = {} } = JSON.parse(readFileSync(file, 'utf8')) as { kinds?: Record<string, unknown> };
  return (kind) => {
    const report = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
    return isReport(report) ? `${report.passed} of ${report.of}` : 'not run';
  };
};
