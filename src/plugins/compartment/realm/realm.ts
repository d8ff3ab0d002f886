// The script that prepares a realm inside a bare isolate, bundled to one expression whose value is `prepare` (realm-script.ts).
//
// 1. The child runs it in an empty context and calls `prepare(bridge, grafts)`: scrub, capture, no plugin code yet. It gets the realm's one
//    function back, `step`, which it always calls under a time-out.
// 2. step(LOAD, 0, code) evaluates the plugin and looks its grafts up.
// 3. step(START, graft, input) runs a graft. When it returns, the engine drains the microtasks, still under the time-out.
// 4. step(FINISH) follows only where START answered with the empty text: the graft returned a promise, and by now it has settled or never will.
// A step's answer is a text: one letter and JSON (steps.ts). What a plugin threw never leaves as an exception.

import { PLAIN_BOUNDS, plainFault } from '../../plain.ts';
import { ANSWER_IGNORED, type Failure, type LoadMessage } from '../../protocol.ts';
import { apiMaker, type Bridge } from './api.ts';
import { failureText, plainFailure, thrownFailure } from './failure.ts';
import { jsonText } from './json-text.ts';
import { getPrototypeOf, hasOwn, indirectEval, ownKeys, parse, promisePrototype, promiseThen, stringify } from './natives.ts';
import { defineRefuse, refusalText } from './refusal.ts';
import { scrub } from './scrub.ts';
import { STEP_FINISH, STEP_START, type Step } from './steps.ts';

type Graft = (input: unknown, api: object) => unknown;
type Exports = Record<string, unknown> | null | undefined;

interface Call {
  readonly ignored: boolean;
  state: 'running' | 'fulfilled' | 'rejected';
  value: unknown;
}

const NAMES_MAX = 1000;
const NAME_LENGTH_MAX = 200;

const failed = (failure: Failure): string => `F${failureText(failure)}`;
const notCallable = (what: string): string => failed(plainFailure('not-callable', 'NotCallable', what));

/** The JSON text of the names of exported functions, as far as they are own properties of the exports. */
const exportedNames = (exported: Exports): string => {
  if (typeof exported !== 'object' || exported === null) return '[]';
  const keys = ownKeys(exported);
  let text = '';
  for (let i = 0; i < keys.length && i < NAMES_MAX; i++) {
    const key = keys[i] as string | symbol;
    if (typeof key === 'symbol' || key.length > NAME_LENGTH_MAX) continue;
    if (typeof exported[key] === 'function') text += `${text === '' ? '' : ','}${stringify(key)}`;
  }
  return `[${text}]`;
};

class Realm {
  readonly #isProxy: (value: object) => boolean;
  readonly #grafts: LoadMessage['grafts'];
  readonly #functions: (Graft | undefined)[];
  readonly #apis: ((call: object) => object)[];
  /** The call that runs, or ran last. */
  #current: Call | undefined;

  constructor(bridge: Bridge, grafts: LoadMessage['grafts']) {
    this.#isProxy = scrub();
    const host = { bridge, isProxy: this.#isProxy, isCurrent: (call: object) => call === this.#current };
    this.#grafts = grafts;
    this.#functions = grafts.map(() => undefined);
    this.#apis = grafts.map(({ callable }) => apiMaker(callable, host));
    defineRefuse(() => this.#current);
  }

  load(code: string): string {
    try {
      const exported = indirectEval(`${code}\n//# sourceURL=plugin.js`) as Exports;
      for (let i = 0; i < this.#grafts.length; i++) {
        const name = this.#grafts[i]?.export as string;
        const graft = exported === null || exported === undefined ? undefined : exported[name];
        if (typeof graft !== 'function') return notCallable(`the export ${name} is not a function`);
        this.#functions[i] = graft as Graft;
      }
      return `R${exportedNames(exported)}`;
    } catch (thrown) {
      return failed(thrownFailure(thrown, this.#isProxy));
    }
  }

  start(index: number, text: string): string {
    const ignored = index >= ANSWER_IGNORED;
    const at = ignored ? index - ANSWER_IGNORED : index;
    const call: Call = { ignored, state: 'running', value: undefined };
    this.#current = call;
    const graft = at < this.#functions.length ? this.#functions[at] : undefined;
    const makeApi = this.#apis[at];
    if (graft === undefined || makeApi === undefined) return notCallable(`there is no graft ${at}`);
    try {
      const value = graft(parse(text), makeApi(call));
      return this.#follows(call, value) ? '' : this.#answered(call, value);
    } catch (thrown) {
      return this.#threw(call, thrown);
    }
  }

  finish(): string {
    const call = this.#current as Call;
    if (call.state === 'rejected') return this.#threw(call, call.value);
    if (call.state === 'fulfilled') return this.#answered(call, call.value);
    return failed(plainFailure('thrown', 'PendingPromise', 'the promise that the graft returned never settles'));
  }

  /** Whether `value` is a promise whose `then` runs nothing of the plugin; if so, `call` follows it from now on. */
  #follows(call: Call, value: unknown): boolean {
    if (typeof value !== 'object' || value === null || this.#isProxy(value)) return false;
    if (getPrototypeOf(value) !== promisePrototype || hasOwn(value, 'constructor')) return false;
    const settle = (state: Call['state']) => (settled: unknown) => {
      call.state = state;
      call.value = settled;
    };
    try {
      promiseThen(value as Promise<unknown>, settle('fulfilled'), settle('rejected'));
    } catch {
      return false; // An object that only inherits from Promise.prototype.
    }
    return true;
  }

  #answered(call: Call, value: unknown): string {
    if (call.ignored) return 'Rnull';
    const fault = plainFault(value, PLAIN_BOUNDS, this.#isProxy);
    if (fault === null) return `R${jsonText(value)}`;
    return failed(plainFailure('invalid-answer', 'InvalidAnswer', `answer${fault.path}: ${fault.why}`));
  }

  #threw(call: Call, thrown: unknown): string {
    const refused = refusalText(thrown, call);
    return refused === undefined ? failed(thrownFailure(thrown, this.#isProxy)) : `N${refused}`;
  }
}

/** Makes a realm of the context that it runs in. `bridge` waits for the host; `grafts` is the JSON of a LOAD's. */
export function prepare(bridge: Bridge, grafts: string): Step {
  const realm = new Realm(bridge, parse(grafts) as LoadMessage['grafts']);
  return (step, graft, text) => {
    if (step === STEP_START) return realm.start(graft, text);
    return step === STEP_FINISH ? realm.finish() : realm.load(text);
  };
}
