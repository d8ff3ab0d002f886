// The end of a run of the tests, for Jest: what its files shared ends and is removed.

import { rmSync } from 'node:fs';
import { endShared, RUN_FOLDER } from './postgres.ts';

export default (): void => {
  const run = process.env[RUN_FOLDER];
  if (run === undefined) return;
  endShared(run);
  rmSync(run, { recursive: true, force: true });
};
