// What a hostile graft may answer: the strict schema of the corpus's contract, and what an answer betrays.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { httpAnswer } from '../../src/host/index.ts';
import { type Entry, literalKeys } from './entry.ts';

const ROWS_MAX = 1000;

const isRow = (row: unknown): boolean =>
  typeof row === 'object' &&
  row !== null &&
  Object.keys(row).length === 2 &&
  Number.isSafeInteger((row as { id?: unknown }).id) &&
  typeof (row as { name?: unknown }).name === 'string';

const isNumber = (value: unknown): boolean => typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
const isText = (value: unknown): boolean => typeof value === 'string';

const KNOWN: Record<string, (value: unknown) => boolean> = {
  total: isNumber,
  n: isNumber,
  spread: isNumber,
  r: isText,
  seen: isText,
  leaked: isText,
  same: (value) => typeof value === 'boolean',
  rows: (value) => Array.isArray(value) && value.length <= ROWS_MAX && value.every(isRow),
};

type Checked = StandardSchemaV1.Result<unknown>;

const refused = (message: string): Checked => ({ issues: [{ message }] });

const check = (value: unknown, others: (rest: Record<string, unknown>) => string | null): Checked => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refused('not an object');
  const rest: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(value)) {
    if (!Object.hasOwn(KNOWN, key)) rest[key] = part;
    else if (KNOWN[key]?.(part) !== true) return refused(`${key} is not what it should be`);
  }
  const fault = others(rest);
  return fault === null ? { value } : refused(fault);
};

const httpFault = (rest: Record<string, unknown>): string | null => {
  const result = httpAnswer['~standard'].validate(rest) as Checked;
  return result.issues?.[0]?.message ?? null;
};

/**
 * Entries that answer with other keys get these as well, as whatever plain data they are; those about answers
 * themselves do not.
 */
export const answerSchema = (entry: Entry): StandardSchemaV1<unknown, unknown> => {
  const own = new Set(entry.class === 'result' ? [] : literalKeys(entry.source));
  const others = (rest: Record<string, unknown>): string | null => {
    const unknown = Object.keys(rest).find((key) => !own.has(key));
    return unknown === undefined ? null : `unknown key ${unknown.slice(0, 50)}`;
  };
  const rule = entry.class === 'http' ? httpFault : others;
  return { '~standard': { version: 1, vendor: 'hostile', validate: (value) => check(value, rule) } };
};

const HOST_TEXT = /\/(?:home|srv|opt|app|work|tmp|usr|root)\/|node_modules|node:internal|file:\/\//;

/** What a text that a plugin gave away shows of its host, or null. What stands in its own source is its own. */
const hostTextIn = (text: string, source: string, secrets: readonly string[]): string | null => {
  const secret = secrets.find((one) => text.includes(one) && !source.includes(one));
  if (secret !== undefined) return 'a secret of another plugin';
  const found = HOST_TEXT.exec(text)?.[0];
  return found !== undefined && !source.includes(found) ? `a path of the host: ${text.slice(0, 200)}` : null;
};

/** What an answer that was committed shows to have gone wrong, or null. */
export const betrayal = (entry: Entry, answer: unknown, secrets: readonly string[]): string | null => {
  const { r, same } = (typeof answer === 'object' && answer !== null ? answer : {}) as Record<string, unknown>;
  if (typeof r === 'string' && /LEAK/.test(r)) return `the plugin reports ${r.slice(0, 200)}`;
  if (typeof r === 'string' && /['"`]contained/.test(entry.source) && r !== 'contained')
    return `an escape: r is ${r.slice(0, 200)}`;
  if (same === false) return 'two looks at the keys of one transaction differed';
  return hostTextIn(JSON.stringify(answer) ?? '', entry.source, secrets);
};
