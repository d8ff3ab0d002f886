// How a call ended, read from what the plugin's side tells. Nothing of it is believed: a process may have been taken
// over, and so may a realm. Texts are bounded again, and what does not fit ends the call as `compartment-lost`. That an
// answer is plain data is not checked here: the invocation does that, for every kind alike.

import type { GraftError } from '../errors.ts';
import { InstallFailed } from '../install-failed.ts';
import { ANSWER_BYTES_MAX, ERROR_TEXT_MAX, type Failure, LOST } from '../protocol.ts';
import type { Ending } from './compartment.ts';
import { boundedText, longFailure } from './realm/failure.ts';

export { LOST };

/** The end of a call that failed. */
export const failedWith = (failure: Failure, own_ms = 0): Ending => ({ kind: 'failed', failure, own_ms });

export const INVALID = Symbol('invalid');

/** The value of a JSON text; INVALID: it is none. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return INVALID;
  }
};

const text = (value: unknown, max: number): string => (typeof value === 'string' ? boundedText(value, max) : '');

const REASONS: readonly string[] = [
  'thrown',
  'own-time',
  'memory-limit',
  'limit',
  'invalid-answer',
  'not-callable',
  'compartment-lost',
];

/** A reported failure, bounded again. */
const toldFailure = (value: unknown): Failure => {
  if (typeof value !== 'object' || value === null) return LOST;
  const told = value as Record<string, unknown>;
  const reason = REASONS.includes(told.reason as string) ? (told.reason as Failure['reason']) : 'compartment-lost';
  const { name, message, stack } = ERROR_TEXT_MAX;
  return { reason, name: text(told.name, name), message: text(told.message, message), stack: text(told.stack, stack) };
};

const CODE = /^[A-Za-z0-9_.:-]{1,64}$/;

/** A reported refusal, bounded again. */
export const toldRefusal = (value: unknown): { code: string; message: string } => {
  const told = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const code = text(told.code, 64);
  return { code: CODE.test(code) ? code : 'refused', message: text(told.message, ERROR_TEXT_MAX.message) };
};

/**
 * The ending that a step's answer reports: a direct value, or a letter and a text (realm/steps.ts). Null: it is
 * neither.
 */
export const toldEnding = (answer: unknown, own_ms: number): Ending | null => {
  if (answer === null || typeof answer === 'number' || typeof answer === 'boolean')
    return { kind: 'value', value: answer, own_ms };
  if (typeof answer !== 'string') return null;
  const letter = answer[0];
  if (letter === 'T') return { kind: 'value', value: answer.slice(1), own_ms };
  if (answer.length > ANSWER_BYTES_MAX) return failedWith(longFailure(), own_ms);
  const value = parseJson(answer.slice(1));
  if (value === INVALID) return null;
  if (letter === 'R') return { kind: 'value', value, own_ms };
  if (letter === 'N') return { kind: 'refused', ...toldRefusal(value), own_ms };
  return letter === 'F' ? failedWith(toldFailure(value), own_ms) : null;
};

/** The same; an answer that is neither loses the call. */
export const endingOf = (answer: unknown, own_ms: number): Ending =>
  toldEnding(answer, own_ms) ?? failedWith(LOST, own_ms);

/** A fault of a plugin: its module or answer has a form that the compartment does not accept. */
export class Fault extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The error of an install whose plugin could not be loaded. */
export const installFailed = (plugin: string, failure: Failure): GraftError => new InstallFailed(plugin, failure);
