#!/usr/bin/env node
// The executable `graftwork`. The rest is imported only once Node and isolated-vm are known to be fit.

import { versionFault, versionsHere } from './node-version.ts';

const fault = versionFault(versionsHere());
if (fault === null) {
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(fault);
  process.exitCode = 1;
}
