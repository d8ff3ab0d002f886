// The beginning of a run of the tests, for Jest: a folder in which all its files find what they share, the PostgreSQL
// (postgres.ts) and the packed packages (packed.ts). run-end.ts is its end.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RUN_FOLDER } from './postgres.ts';

export default (): void => {
  process.env[RUN_FOLDER] = mkdtempSync(join(tmpdir(), 'graftwork-run-'));
};
