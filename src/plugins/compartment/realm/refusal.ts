// Refusing on purpose: `__graftwork_refuse(code, message)` throws an object that only the realm can make.
//
// The refusal is kept beside that object, not in it, and under the number of its call. So no change that the plugin
// makes to the object, no look-alike, and no refusal kept from an earlier call is taken for one.

import { boundedText } from './failure.ts';
import {
  charCodeAt,
  freeze,
  NativeError,
  NativeTypeError,
  NativeWeakMap,
  pin,
  put,
  stringify,
  weakGet,
  weakPut,
} from './natives.ts';

const REFUSAL_CODE_MAX = 64;
const REFUSAL_MESSAGE_MAX = 1000;

interface RefusalText {
  readonly call: number;
  readonly text: string;
}

const refusals = new NativeWeakMap<object, RefusalText>();

/** Letters, digits and `_ . : -`. */
const isCodeUnit = (unit: number): boolean =>
  (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 45 && unit <= 58 && unit !== 47) || unit === 95;

const isCode = (code: unknown): code is string => {
  if (typeof code !== 'string' || code.length === 0 || code.length > REFUSAL_CODE_MAX) return false;
  for (let i = 0; i < code.length; i++) if (!isCodeUnit(charCodeAt(code, i))) return false;
  return true;
};

/** Defines `__graftwork_refuse` on the global object; `currentCall` gives the number of the running call. */
export function defineRefuse(currentCall: () => number): void {
  const refuse = (code: unknown, message: unknown = ''): never => {
    if (!isCode(code))
      throw new NativeTypeError(`a refusal's code has 1 to ${REFUSAL_CODE_MAX} letters, digits or _ . : -`);
    if (typeof message !== 'string') throw new NativeTypeError("a refusal's message is a string");
    const bounded = boundedText(message, REFUSAL_MESSAGE_MAX);
    const refusal = new NativeError(bounded);
    pin(refusal, 'name', 'Refusal');
    put(refusal, 'code', code);
    weakPut(refusals, refusal, {
      call: currentCall(),
      text: `{"code":${stringify(code)},"message":${stringify(bounded)}}`,
    });
    throw refusal;
  };
  pin(globalThis, '__graftwork_refuse', freeze(refuse));
}

/** The JSON text of the refusal `thrown`, if it was made in call number `call`; else undefined. */
export function refusalText(thrown: unknown, call: number): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const refused = weakGet(refusals, thrown);
  return refused !== undefined && refused.call === call ? refused.text : undefined;
}
