// Errors of PostgreSQL, by their codes of five characters (SQLSTATE).

import { GraftError } from '../../../plugins/index.ts';
import { Cut } from './wire.ts';

interface Answered {
  readonly code: string;
  readonly constraint?: string;
  readonly column?: string;
  readonly message: string;
}

/** What the database says of a statement; null: it has not answered. */
const answered = (error: unknown): Answered | null => {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? (error as Answered) : null;
};

export const codeOf = (error: unknown): string => answered(error)?.code ?? '';

export const isCut = (error: unknown): boolean => error instanceof Cut;

/** Transactions that ran beside this one cannot be put in an order with it, or wait for each other. */
export const SERIALIZATION = '40001';
export const DEADLOCK = '40P01';
/** Somebody who is not of this host keeps a row for too long. */
export const LOCK_NOT_AVAILABLE = '55P03';
/** A statement was ended from outside. */
export const CANCELLED = '57014';

const CONSTRAINTS: Readonly<Record<string, string>> = {
  '23502': 'NOT NULL',
  '23503': 'FOREIGN KEY',
  '23505': 'UNIQUE',
  '23514': 'CHECK',
  '23P01': 'EXCLUSION',
};

/**
 * An error as it may leave the store. A violated constraint, or a value that its column does not take, is the caller's
 * mistake and is named; of any other error only that it happened. Never SQL text, never values.
 */
export const asSeen = (error: unknown): unknown => {
  if (isCut(error)) return new GraftError('GRAFT_STORE', 'the connection to the database is gone', { cause: error });
  const answer = answered(error);
  if (answer === null) return error;
  const { code, constraint, column } = answer;
  if (code.startsWith('23')) {
    const name = constraint ?? column;
    const kind = CONSTRAINTS[code] ?? 'a';
    return new GraftError('GRAFT_BAD_ARGUMENT', `${kind} constraint failed${name === undefined ? '' : `: ${name}`}`);
  }
  if (code.startsWith('22')) return new GraftError('GRAFT_BAD_ARGUMENT', 'a value that its column does not take');
  return new GraftError('GRAFT_STORE', `the database failed: ${code}`, { cause: error });
};

/** The error for a database that cannot be opened. It names no password. */
export const cannotOpen = (where: string, error: unknown): GraftError => {
  if (error instanceof GraftError) return error;
  const why = String((error as { message?: unknown } | null)?.message);
  return new GraftError('GRAFT_STORE', `the database ${where} cannot be opened: ${why}`, { cause: error });
};
