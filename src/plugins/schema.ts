// What crosses at a graft point against a schema: plain data first, then whatever Standard Schema the point declares.
// answer.ts checks a graft's whole answer, post-condition included.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { PLAIN_BOUNDS, plainFault } from './plain.ts';
import { isFunction, isObject } from './type-guards.ts';

/** A value that passed, or where (`path`, from the value's own root) and why it did not. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string; readonly isHostFault?: true };

const pathOf = (issue: StandardSchemaV1.Issue): string =>
  (issue.path ?? [])
    .map((step) => String(typeof step === 'object' ? step.key : step))
    .reduce((path, step) => `${path}.${step}`, '');

/** Whether a value is a Standard Schema. */
export const isSchema = (value: unknown): boolean => (isObject(value) || isFunction(value)) && '~standard' in value;

const WHY_MAX = 300;
const refused = (why: string): { ok: false; why: string } => ({ ok: false, why: why.slice(0, WHY_MAX) });

/**
 * What a schema says of a value, or why it cannot say: it threw, or it would answer later. Nothing of a schema's own
 * error reaches the other side.
 */
const validated = <T>(value: unknown, schema: StandardSchemaV1<unknown, T>): StandardSchemaV1.Result<T> | string => {
  try {
    const result = schema['~standard'].validate(value);
    if (!(result instanceof Promise)) return result;
    result.catch(() => {});
    return 'the schema is asynchronous';
  } catch {
    return 'the schema failed';
  }
};

/** Checks a value against a schema, where there is one, and that what comes out of it is plain data. */
export const checkValue = <T>(
  value: unknown,
  schema: StandardSchemaV1<unknown, T> | undefined,
  isProxy: (value: object) => boolean,
): Checked<T> => {
  const fault = plainFault(value, PLAIN_BOUNDS, isProxy);
  if (fault !== null) return refused(`${fault.path}: ${fault.why}`);
  if (schema === undefined) return { ok: true, value: value as T };
  const result = validated(value, schema);
  if (typeof result === 'string') return { ...refused(result), isHostFault: true };
  if (result.issues === undefined) {
    const made = result.value === value ? null : plainFault(result.value, PLAIN_BOUNDS, isProxy);
    return made === null ? { ok: true, value: result.value } : refused(`${made.path}: the schema made ${made.why}`);
  }
  const issue = result.issues[0];
  return refused(issue === undefined ? 'the schema refuses it' : `${pathOf(issue)}: ${issue.message}`);
};

/** Checks a list of rows, each against the schema. */
export const checkRows = <T>(
  value: unknown,
  schema: StandardSchemaV1<unknown, T> | undefined,
  isProxy: (value: object) => boolean,
): Checked<T[]> => {
  const whole = checkValue<unknown>(value, undefined, isProxy);
  if (!whole.ok) return whole;
  if (!Array.isArray(value)) return refused(': no list of rows');
  if (schema === undefined) return { ok: true, value };
  const rows: T[] = [];
  for (let i = 0; i < value.length; i++) {
    const row = checkValue(value[i], schema, isProxy);
    if (!row.ok) return { ...row, ...refused(`[${i}]${row.why}`) };
    rows.push(row.value);
  }
  return { ok: true, value: rows };
};
