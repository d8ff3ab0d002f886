// Whatever a package writes, its bundle holds nothing of the machine's files, and what is said of it does not tell
// whether there are any. Each of the bundler's two walls is looked at without the other: this is the first, so the
// bundler here is one without walls around it, which could read every file (bundler/walls.test.ts has the second).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Bundler, type BundlerReply } from '../../../src/plugins/package/bundler/bundler.ts';
import { bundlerCommands } from '../../../src/plugins/package/bundler/command.ts';
import { type ImportForm, importForms } from './import-forms.ts';

const ENDLESS_MS = 600_000;
const SECRET = 'HOST-SECRET';

const parent = mkdtempSync(join(tmpdir(), 'imports-'));
// Names of one length.
const [there, nowhere] = [join(parent, 'there'), join(parent, 'empty')];
mkdirSync(there);
const SOURCES: Readonly<Record<string, string>> = {
  json: JSON.stringify({ secret: SECRET, compilerOptions: { jsxFactory: SECRET } }),
  js: `export default '${SECRET}';`,
  ts: `export default '${SECRET}';`,
  txt: SECRET,
  map: JSON.stringify({ version: 3, sources: [SECRET], names: [], mappings: 'AAAA' }),
};
for (const [ending, text] of Object.entries(SOURCES)) writeFileSync(join(there, `secret.${ending}`), text);

let bundler: Bundler;
beforeAll(async () => {
  await new Promise<void>((ready) => {
    bundler = new Bundler(bundlerCommands(false), { ready: () => ready(), ended: () => {} });
  });
});
afterAll(() => {
  bundler.dismiss();
  rmSync(parent, { recursive: true });
});

const made = ({ files }: ImportForm): Promise<BundlerReply> => {
  const main = Object.keys(files).find((path) => path.startsWith('main.')) as string;
  const entries = Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  const given = { name: 'x', main: `./${main}`, graftwork: { api: 1, grafts: [] } };
  return bundler.make({ entries, given: JSON.stringify(given) }, ENDLESS_MS);
};

/**
 * All that a reply says, bytes as text, but for the name of the folder that its form was written with, and the digest.
 */
const said = (reply: BundlerReply, folder: string): string =>
  JSON.stringify(reply)
    .replace(/__toBinary\(\\"([^\\]*)\\"\)/g, (_, base64: string) => Buffer.from(base64, 'base64').toString())
    .replaceAll(folder.slice(1), 'FOLDER')
    .replace(/"digest":"\w+"/, '');

test('in 300 ways', async () => {
  const [forms, same] = [importForms(there), importForms(nowhere)];
  expect(forms.length).toBeGreaterThan(200);
  const wrong: unknown[] = [];
  const kinds: Record<string, number> = {};
  for (const [index, form] of forms.entries()) {
    const reply = await made(form);
    const text = said(reply, there);
    kinds[reply.is] = (kinds[reply.is] ?? 0) + 1;
    if (text.includes(SECRET) || text !== said(await made(same[index] as ImportForm), nowhere))
      wrong.push({ what: form.what, text });
  }
  expect(wrong).toEqual([]);
  // Some are refused; comments, types and URLs are not.
  expect(kinds).toEqual({ refused: expect.any(Number), made: expect.any(Number) });
});

test('and would be found out if it did', async () => {
  const inside: ImportForm = {
    what: 'a file of the package',
    files: {
      'main.ts': "import x from './secret.json'; export const f = () => x;",
      'secret.json': SOURCES.json as string,
    },
  };
  expect(said(await made(inside), there)).toContain(SECRET);
});
