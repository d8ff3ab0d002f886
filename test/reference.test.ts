// The reference is what the types and their docstrings say, and each option in it has a meaning and a line of example.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import type { Entry } from '../scripts/reference.ts';
import { EXAMPLES } from '../scripts/reference-examples.ts';
import { readEntries, referenceDocuments } from '../scripts/reference-text.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const exported = readEntries();
const documents = referenceDocuments(exported);
const host = new Map(exported).get('graftwork') ?? [];

test('the documents are what `node scripts/reference-document.ts` writes', () => {
  for (const [path, text] of documents) expect(readFileSync(ROOT + path, 'utf8')).toBe(text);
});

test('every exported name of every entry stands in one of them', () => {
  const headings = new Set(documents.flatMap(([, text]) => [...text.matchAll(/^### (.*)$/gm)].map(([, name]) => name)));
  const names = exported.flatMap(([, one]) => one.map(({ name }) => name));
  expect(names.length).toBeGreaterThan(100);
  expect(names.filter((name) => !headings.has(name))).toEqual([]);
});

const isAsked = ({ name, kind }: { name: string; kind: string }): boolean =>
  (kind === 'class' && name.startsWith('Host')) ||
  name === 'GraftError' ||
  /Options$|^(Limits|StateSpec|MapSpec|TableGrant|Installer|HostPoint|HostTable)$/.test(name);
const asked: Entry[] = host.flatMap((one) => (isAsked(one) ? one.members : one.kind === 'function' ? [one] : []));

test('every option, every function and every member of a host has a meaning and a line of example', () => {
  expect(asked.length).toBeGreaterThan(60);
  const silent = asked.filter(({ name, text }) => text === '' || EXAMPLES[name] === undefined);
  expect(silent.map(({ name }) => name)).toEqual([]);
});

test('no example is of what is not there', () => {
  const names = new Set(asked.map(({ name }) => name));
  expect(Object.keys(EXAMPLES).filter((name) => !names.has(name))).toEqual([]);
});
