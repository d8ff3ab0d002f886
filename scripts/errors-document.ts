// Writes docs/errors.md from the error table: `node scripts/errors-document.ts`.

import { writeFileSync } from 'node:fs';
import { ERRORS } from '../src/plugins/index.ts';

const rows = Object.entries(ERRORS).map(([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`);

writeFileSync(
  new URL('../docs/errors.md', import.meta.url),
  `# Error codes

What Graftwork throws at a caller is a \`GraftError\` with one of these codes; over HTTP it is
\`{ "error": { "code", "message" } }\` with the status. What a graft does wrong is never an error here, but an outcome
(ARCHITECTURE.md).

| code | HTTP status | meaning |
| --- | --- | --- |
${rows.join('\n')}
`,
);
