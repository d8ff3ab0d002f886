#!/usr/bin/env node
// The executable `graftwork`. The rest is imported only once Node and isolated-vm are known to be fit.

import { versionFault, versionsHere } from './node-version.ts';

// Whoever reads the output may leave before its end, as `head` does: nothing is left to be said then.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  console.error(code === 'EPIPE' ? 'graftwork: nobody reads the output any more (EPIPE)' : `graftwork: ${message}`);
  process.exit(1);
});

const fault = versionFault(versionsHere());
if (fault === null) {
  const { run } = await import('./program.ts');
  process.exitCode = await run(process.argv.slice(2));
} else {
  console.error(fault);
  process.exitCode = 1;
}
