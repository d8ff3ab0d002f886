// A failure: the error of a plugin, flattened to bounded text.
//
// This runs inside the realm and inside the clock of the call, because reading `name`, `message` and `stack` of a
// thrown object may run its getters. Proxies are not touched. The texts inform people; no decision of the host depends
// on them. The text of an error also tells the errors that it stands for, and what caused it (thrown.ts).

import { ANSWER_BYTES_MAX, ERROR_TEXT_MAX, type Failure } from '../../protocol.ts';
import { charCodeAt, indexOf, slice, stringify, toWellFormed, trimEnd } from './natives.ts';
import { primitiveText, textProperty, thrownText } from './thrown.ts';

/** The name under which the realm's script is compiled. */
export const REALM_FILENAME = 'graftwork:realm';
/** The line at which isolated-vm joins the stack of the process to that of the isolate. */
const ENGINE_FRAME = '(<isolated-vm boundary>)';

/** `text` as a string that may cross: at most `length` UTF-16 units, well formed, without NUL. */
export function boundedText(text: string, length: number): string {
  const cut = toWellFormed(text.length > length ? slice(text, 0, length) : text);
  if (indexOf(cut, '\0') < 0) return cut;
  let clean = '';
  for (let i = 0; i < cut.length; i++) clean += charCodeAt(cut, i) === 0 ? '\uFFFD' : cut[i];
  return clean;
}

/** `stack` without the frames that are not the plugin's: the realm's own, and those of the process around it. */
const pluginFrames = (stack: string): string => {
  const text = boundedText(stack, 2 * ERROR_TEXT_MAX.stack);
  let kept = '';
  for (let at = 0; at < text.length; ) {
    const end = indexOf(text, '\n', at) + 1 || text.length;
    const line = slice(text, at, end);
    if (indexOf(line, ENGINE_FRAME) >= 0) break;
    if (indexOf(line, REALM_FILENAME) < 0) kept += line;
    at = end;
  }
  return boundedText(trimEnd(kept), ERROR_TEXT_MAX.stack);
};

/** A failure whose texts are the program's own. */
export function plainFailure(reason: Failure['reason'], name: string, message: string): Failure {
  return { reason, name, message: boundedText(message, ERROR_TEXT_MAX.message), stack: '' };
}

/** A call took more of its own time than its limit. */
export function lateFailure(limit_ms: number): Failure {
  return plainFailure('own-time', 'OwnTime', `more than ${limit_ms} ms of its own`);
}

/** The isolate was ended because it used more memory than its limit. */
export function memoryFailure(): Failure {
  return plainFailure('memory-limit', 'MemoryLimit', 'more memory than its limit');
}

/** An answer is longer than one value may be. */
export function longFailure(): Failure {
  return plainFailure('invalid-answer', 'InvalidAnswer', `answer: more than ${ANSWER_BYTES_MAX} bytes`);
}

/** What the engine brings out of an isolate when a call has ended well, and nobody handled a rejection in it. */
export function rejectionFailure(error: unknown): Failure {
  const failure = thrownFailure(error, () => false);
  return { ...failure, message: boundedText(`unhandled rejection: ${failure.message}`, ERROR_TEXT_MAX.message) };
}

/** Flattens a thrown value. Its getters may run; errors of theirs count as empty text. */
export function thrownFailure(thrown: unknown, isProxy: (value: object) => boolean): Failure {
  if (typeof thrown === 'function') return plainFailure('thrown', 'function', 'a function was thrown');
  if (typeof thrown !== 'object' || thrown === null)
    return plainFailure('thrown', typeof thrown, primitiveText(thrown));
  if (isProxy(thrown)) return plainFailure('thrown', 'object', 'a proxy was thrown');
  const name = boundedText(textProperty(thrown, 'name') || 'object', ERROR_TEXT_MAX.name);
  const message = boundedText(thrownText(thrown, isProxy), ERROR_TEXT_MAX.message);
  return { reason: 'thrown', name, message, stack: pluginFrames(textProperty(thrown, 'stack')) };
}

/** The JSON text of a failure. */
export function failureText({ reason, name, message, stack }: Failure): string {
  const [title, text] = [stringify(name), stringify(message)];
  return `{"reason":${stringify(reason)},"name":${title},"message":${text},"stack":${stringify(stack)}}`;
}
