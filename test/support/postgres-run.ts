// A run of the tests has one folder in which its files find the PostgreSQL that they share (postgres.ts). This is the
// run's beginning, for Jest; postgres-end.ts is its end.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RUN_FOLDER } from './postgres.ts';

export default (): void => {
  process.env[RUN_FOLDER] = mkdtempSync(join(tmpdir(), 'graftwork-run-'));
};
