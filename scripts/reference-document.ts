// Writes docs/reference.md and docs/reference-core.md from the types of the public face and their docstrings:
// `node scripts/reference-document.ts`.

import { writeFileSync } from 'node:fs';
import { readEntries, referenceDocuments } from './reference-text.ts';

for (const [path, text] of referenceDocuments(readEntries()))
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
