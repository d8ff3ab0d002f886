// Checking what crosses at a graft point: plain data, then the point's schema, then its post-condition.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PLAIN_BOUNDS, plainFault } from './plain.ts';

/** A value that passed, or where (`path`, from the value's own root) and why it did not. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

const pathOf = (issue: StandardSchemaV1.Issue): string =>
  (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step)).reduce((path, step) => `${path}.${step}`, '');

const WHY_MAX = 300;
const refused = (why: string): { ok: false; why: string } => ({ ok: false, why: why.slice(0, WHY_MAX) });

/** Checks a value against a schema, where there is one, and that what comes out of it is plain data. */
export const checkValue = <T>(
  value: unknown,
  schema: StandardSchemaV1<unknown, T> | undefined,
  isProxy: (value: object) => boolean,
): Checked<T> => {
  const fault = plainFault(value, PLAIN_BOUNDS, isProxy);
  if (fault !== null) return refused(`${fault.path}: ${fault.why}`);
  if (schema === undefined) return { ok: true, value: value as T };
  const result = schema['~standard'].validate(value);
  if (result instanceof Promise) return refused('the schema is asynchronous');
  if (result.issues === undefined) return { ok: true, value: result.value };
  const issue = result.issues[0];
  return refused(issue === undefined ? 'the schema refuses it' : `${pathOf(issue)}: ${issue.message}`);
};
