// Before a run of Jest: an empty folder in which its tests keep the packed packages (packed.ts), for all its workers.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default (): void => {
  process.env.GRAFTWORK_PACKED = mkdtempSync(join(tmpdir(), 'graftwork-packed-'));
};
