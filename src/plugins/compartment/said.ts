// What a plugin's side says, as its host reads it: nothing of it is believed. A process may have been taken over, and
// so may a worker.

import { GraftError } from '../errors.ts';
import { PLAIN_BOUNDS, plainFault } from '../plain.ts';
import { ERROR_TEXT_MAX, type Failure } from '../protocol.ts';
import type { Ending } from './compartment.ts';

export const EMPTY_FAILURE: Failure = { reason: 'compartment-lost', name: '', message: '', stack: '' };
export const INVALID = Symbol('invalid');

/** The value of a JSON text, or INVALID. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return INVALID;
  }
};

const text = (value: unknown, max: number): string =>
  typeof value === 'string' ? value.slice(0, max).toWellFormed() : '';

const REASONS: readonly string[] = [
  'thrown',
  'own-time',
  'memory-limit',
  'limit',
  'invalid-answer',
  'not-callable',
  'compartment-lost',
];

/** What was said of a failure, bounded again. */
export const failureOf = (value: unknown): Failure => {
  if (typeof value !== 'object' || value === null) return EMPTY_FAILURE;
  const said = value as Record<string, unknown>;
  const reason = REASONS.includes(said.reason as string) ? (said.reason as Failure['reason']) : 'compartment-lost';
  const { name, message, stack } = ERROR_TEXT_MAX;
  return { reason, name: text(said.name, name), message: text(said.message, message), stack: text(said.stack, stack) };
};

const CODE = /^[A-Za-z0-9_.:-]{1,64}$/;

/** What was said of a refusal, bounded again. */
export const refusalOf = (value: unknown): { code: string; message: string } => {
  const said = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const code = text(said.code, 64);
  return { code: CODE.test(code) ? code : 'refused', message: text(said.message, ERROR_TEXT_MAX.message) };
};

/** The end that a step's answer tells: a direct value, or a letter and a text (realm/steps.ts). */
export const endingOf = (answer: unknown, own_ms: number): Ending => {
  if (answer === null || typeof answer === 'number' || typeof answer === 'boolean')
    return { kind: 'value', value: answer, own_ms };
  const said = typeof answer === 'string' ? answer : '';
  if (said[0] === 'T') return { kind: 'value', value: said.slice(1), own_ms };
  const value = parseJson(said.slice(1));
  if (value === INVALID) return { kind: 'failed', failure: EMPTY_FAILURE, own_ms };
  if (said[0] === 'R') return { kind: 'value', value, own_ms };
  if (said[0] === 'N') return { kind: 'refused', ...refusalOf(value), own_ms };
  return { kind: 'failed', failure: failureOf(value), own_ms };
};

/** The arguments of a host call. Throws GRAFT_BAD_ARGUMENT. */
export const argumentsOf = (json: string): unknown[] => {
  const args = parseJson(json);
  if (args === INVALID) throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are not JSON');
  if (!Array.isArray(args)) throw new GraftError('GRAFT_BAD_ARGUMENT', 'arguments that are no list');
  const fault = plainFault(args, PLAIN_BOUNDS);
  if (fault !== null) throw new GraftError('GRAFT_BAD_ARGUMENT', `${fault.path}: ${fault.why}`);
  return args;
};

/** An error of the host's as a graft may see it. */
export const seen = (error: unknown): { code: string; message: string } =>
  error instanceof GraftError
    ? { code: error.code, message: error.message }
    : { code: 'GRAFT_INTERNAL', message: 'an accessor failed' };

/** What install throws where a plugin could not be loaded. */
export const installFailed = (plugin: string, { reason, name, message }: Failure): GraftError =>
  new GraftError('GRAFT_INSTALL_FAILED', `${plugin}: ${[reason, name, message].filter(Boolean).join(': ')}`);
