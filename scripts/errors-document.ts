// Writes docs/errors.md from the tables of errors and of reasons: `node scripts/errors-document.ts`.

import { writeFileSync } from 'node:fs';
import { ERRORS } from '../src/plugins/index.ts';
import { ABORT_REASONS } from '../src/txn/index.ts';

const rows = Object.entries(ERRORS).map(([code, { status, meaning }]) => `| \`${code}\` | ${status} | ${meaning} |`);
const reasons = Object.entries(ABORT_REASONS).map(([reason, meaning]) => `| \`${reason}\` | ${meaning} |`);

writeFileSync(
  new URL('../docs/errors.md', import.meta.url),
  `# Error codes

What Graftwork throws at a caller is a \`GraftError\` with one of these codes; over HTTP it is
\`{ "error": { "code", "message" } }\` with the status. What a graft does wrong is never an error here, but an outcome,
with one of the reasons below.

| code | HTTP status | meaning |
| --- | --- | --- |
${rows.join('\n')}

## Reasons of aborts

Why a call, or a graft in it, was undone: \`reason\` of an outcome and of each report in it. What counts against a graft
removes it, unless its point has a \`budget\`.

| reason | meaning |
| --- | --- |
${reasons.join('\n')}
`,
);
