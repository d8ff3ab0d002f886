// The results of the hostile corpus by kind, as the hostile harness reports them (`npm run hostile -- --report DIR`,
// its hostile.json).

import { existsSync, readFileSync } from 'node:fs';

/** The result of a kind, in words. */
export type Survived = (kind: string) => string;

interface Column {
  readonly kind: string;
  /** By class of attack: entries passed, failed, and not run with this kind. */
  readonly classes: Readonly<
    Record<string, { readonly passed: number; readonly failed: number; readonly apart: number }>
  >;
}

const NOT_RUN = 'not run';

const inWords = ({ classes }: Column): string => {
  const all = Object.values(classes);
  const passed = all.reduce((sum, one) => sum + one.passed, 0);
  const failed = all.reduce((sum, one) => sum + one.failed, 0);
  return passed + failed === 0 ? NOT_RUN : `${passed} of ${passed + failed}`;
};

/** Reads a report. If there is none, or none of a kind, the words say so. */
export const survivedOf = (file: string | undefined): Survived => {
  if (file === undefined || !existsSync(file)) return () => NOT_RUN;
  const columns = JSON.parse(readFileSync(file, 'utf8')) as readonly Column[];
  return (kind) => {
    const column = columns.find((one) => one.kind === kind);
    return column === undefined ? NOT_RUN : inWords(column);
  };
};
