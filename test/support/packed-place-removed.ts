// After a run of Jest: the folder of the packed packages is removed.

import { rmSync } from 'node:fs';

export default (): void => rmSync(process.env.GRAFTWORK_PACKED as string, { recursive: true, force: true });
