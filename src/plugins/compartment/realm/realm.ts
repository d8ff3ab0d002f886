// The script that prepares a realm inside a bare isolate, bundled to one expression whose value is `prepare`
// (script.ts).
//
// 1. The program outside runs it in an empty context and calls `prepare(bridge, outside, setup, …memory)`: scrub,
//    capture, bound, the web's API (web.ts); no plugin code yet. It gets the realm's one function back, `step`, which
//    it always calls with a clock running.
// 2. step(LOAD, 0, code) evaluates the plugin and looks its grafts up.
// 3. step(START, graft, input) runs a graft. When it returns, the engine drains the microtasks, still under the clock.
// 4. step(FINISH) follows only where START answered PENDING: the graft returned a promise, and by now it has settled or
//    never will.
// What steps take and answer: steps.ts. An error of the plugin never leaves as an exception.

import { ConsoleBudget } from '../../console-lines.ts';
import { PLAIN_BOUNDS, plainFault } from '../../plain.ts';
import { ANSWER_IGNORED, type Failure } from '../../protocol.ts';
import { apiMaker, type Bridge, columnViews } from './api.ts';
import { bound } from './bounds.ts';
import { failureText, plainFailure, thrownFailure } from './failure.ts';
import { jsonText } from './json-text.ts';
import {
  createProperty,
  defineProperty,
  getPrototypeOf,
  hasOwn,
  indirectEval,
  NativeError,
  now,
  ownKeys,
  parse,
  promisePrototype,
  promiseThen,
  rejectPromise,
  stringify,
} from './natives.ts';
import { type Outside, TELL } from './outside.ts';
import { defineRefuse, refusalText } from './refusal.ts';
import { scrub } from './scrub.ts';
import {
  BARE_TEXT_MAX,
  type Direct,
  type Entry,
  LONG,
  PENDING,
  type RealmSetup,
  STEP_ENTRY,
  STEP_FINISH,
  STEP_LOAD,
  STEP_START,
  type Step,
} from './steps.ts';
import { askOutside, defineWeb } from './web.ts';

type GraftCode = (input: unknown, api: object) => unknown;
type Exports = Record<string, unknown> | null | undefined;

/**
 * A graft, its api, and the owner that its api's functions work for: all its calls; or none, if each call gets an api
 * of its own.
 */
interface StandingGraft {
  readonly run: GraftCode;
  readonly makeApi: (owner: object) => object;
  readonly owner: object | null;
  readonly api: object | null;
}

/** A promise that a graft returned. */
interface Call {
  readonly ignored: boolean;
  state: 'running' | 'fulfilled' | 'rejected';
  value: unknown;
}

const NAMES_MAX = 1000;
const NAME_LENGTH_MAX = 200;
/** Names that a message lists. */
const SHOWN_MAX = 8;

const failed = (failure: Failure): string => `F${failureText(failure)}`;
const notCallable = (what: string): string => failed(plainFailure('not-callable', 'NotCallable', what));

/** The JSON text of the names of exported functions that are own properties of the exports, of the first `most`. */
const exportedNames = (exported: Exports, most = NAMES_MAX): string => {
  if (typeof exported !== 'object' || exported === null) return '[]';
  const keys = ownKeys(exported);
  let text = '';
  for (let i = 0; i < keys.length && i < most; i++) {
    const key = keys[i] as string | symbol;
    if (typeof key === 'symbol' || key.length > NAME_LENGTH_MAX) continue;
    if (typeof exported[key] === 'function') text += `${text === '' ? '' : ','}${stringify(key)}`;
  }
  return `[${text}]`;
};

/**
 * Makes a graft of one row into a graft of a list of rows. Answers are defined, not assigned: plugin code may have put
 * a setter on Array.prototype. If one answers with a promise, so does the whole.
 */
const forRows =
  (run: GraftCode): GraftCode =>
  (input, api) => {
    const rows = input as readonly unknown[];
    const answers: unknown[] = [];
    for (let i = 0; i < rows.length; i++) {
      const answer = run(rows[i], api);
      if (typeof answer === 'object' && answer !== null && getPrototypeOf(answer) === promisePrototype)
        return laterRows(run, rows, api, answers, answer);
      createProperty(answers, i, answer);
    }
    return answers;
  };

/** Calls the rest of the rows, one after the other, after the first that answered with a promise. */
const laterRows = async (
  run: GraftCode,
  rows: readonly unknown[],
  api: object,
  answers: unknown[],
  first: unknown,
): Promise<unknown[]> => {
  createProperty(answers, answers.length, await first);
  for (let i = answers.length; i < rows.length; i++) createProperty(answers, i, await run(rows[i], api));
  return answers;
};

class Realm {
  readonly #isProxy: (value: object) => boolean;
  readonly #setup: RealmSetup;
  readonly #apis: StandingGraft['makeApi'][];
  readonly #seats: StandingGraft[] = [];
  /** The promise of the running call, or of one before. */
  #call: Call | undefined;
  /** Numbers calls. */
  #number = 0;
  /** The owner whose api functions work now. */
  #owner: object | undefined;
  /** Why the running call cannot end well any more: it asked for more than a value may measure. */
  #exceeded = '';
  /** What the running call, or the module, may still say on its console; null: it has said nothing. */
  #console: ConsoleBudget | null = null;
  /** Whether the running call has answered. */
  #isDraining = false;
  /** The text that TEXT hands out. */
  #text = '';

  constructor(bridge: Bridge, outside: Outside, setup: RealmSetup, memory: readonly SharedArrayBuffer[]) {
    this.#isProxy = scrub();
    bound(setup.memory_mb, this.#isProxy);
    const host = {
      bridge,
      isProxy: this.#isProxy,
      isCurrent: (owner: object) => owner === this.#owner,
      exceeded: (what: string) => this.#exceed(what),
    };
    this.#setup = setup;
    let taken = 0;
    this.#apis = setup.grafts.map(({ callable, columns }) => {
      const views = columns.length === 0 ? null : columnViews(columns, memory.slice(taken, taken + columns.length));
      taken += columns.length;
      return apiMaker(callable, views, host);
    });
    defineRefuse(() => this.#number);
    const tell = (level: number, text: string): void => {
      this.#console ??= new ConsoleBudget();
      if (this.#console.take(text) !== 'dropped') askOutside(outside, TELL, level, text);
    };
    defineWeb({ on: globalThis, evaluate: indirectEval, outside, isProxy: this.#isProxy, tell, now });
  }

  /**
   * Where the call has answered already, and what remains of it runs in the drain, a rejection that nobody can handle
   * ends it.
   */
  #exceed(what: string): void {
    if (this.#exceeded === '') this.#exceeded = what;
    if (this.#isDraining) rejectPromise(new NativeError(what));
  }

  load(code: string): string {
    try {
      const exported = indirectEval(`${code}\n//# sourceURL=plugin.js`) as Exports;
      for (let i = 0; i < this.#setup.grafts.length; i++) {
        const name = this.#setup.grafts[i]?.export as string;
        const graft = exported === null || exported === undefined ? undefined : exported[name];
        if (typeof graft !== 'function')
          return notCallable(`the export ${name} is not a function; there is ${exportedNames(exported, SHOWN_MAX)}`);
        this.#sit(i, this.#setup.grafts[i]?.rows === true ? forRows(graft as GraftCode) : (graft as GraftCode));
      }
      return `R${exportedNames(exported)}`;
    } catch (thrown) {
      return failed(thrownFailure(thrown, this.#isProxy));
    }
  }

  #sit(index: number, run: GraftCode): void {
    const makeApi = this.#apis[index] as StandingGraft['makeApi'];
    const owner = this.#setup.lasting ? {} : null;
    const seat: StandingGraft = { run, makeApi, owner, api: owner === null ? null : makeApi(owner) };
    defineProperty(this.#seats, index, { __proto__: null, value: seat } as PropertyDescriptor);
  }

  start(index: number, input: Direct | string): Direct | string {
    const ignored = index >= ANSWER_IGNORED;
    const at = ignored ? index - ANSWER_IGNORED : index;
    const seat = at < this.#seats.length ? this.#seats[at] : undefined;
    if (seat === undefined) return notCallable(`there is no graft ${at}`);
    return this.#run(seat, typeof input === 'string' ? parse(input) : input, ignored);
  }

  entry(index: number): Entry {
    const seat = this.#seats[index] as StandingGraft;
    return (input) => this.#run(seat, input, false);
  }

  #run({ run, makeApi, owner, api }: StandingGraft, input: unknown, ignored: boolean): Direct | string {
    const own = owner ?? {};
    this.#owner = own;
    this.#number++;
    this.#console = null;
    this.#exceeded = '';
    this.#isDraining = false;
    try {
      const value = run(input, api ?? makeApi(own));
      return this.#follows(value, ignored) ? PENDING : this.#answered(value, ignored);
    } catch (thrown) {
      return this.#threw(thrown);
    }
  }

  finish(): Direct | string {
    const { state, value, ignored } = this.#call as Call;
    if (state === 'rejected') return this.#threw(value);
    if (state === 'fulfilled') return this.#answered(value, ignored);
    return failed(plainFailure('thrown', 'PendingPromise', 'the promise that the graft returned never settles'));
  }

  text(): [string] {
    const text = this.#text;
    this.#text = '';
    return [text];
  }

  /** Whether `value` is a promise whose `then` runs nothing of the plugin; if so, it is followed from now on. */
  #follows(value: unknown, ignored: boolean): boolean {
    if (typeof value !== 'object' || value === null || this.#isProxy(value)) return false;
    if (getPrototypeOf(value) !== promisePrototype || hasOwn(value, 'constructor')) return false;
    const call: Call = { ignored, state: 'running', value: undefined };
    this.#call = call;
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

  #answered(value: unknown, ignored: boolean): Direct | string {
    this.#isDraining = true;
    if (this.#exceeded !== '') return failed(plainFailure('limit', 'Limit', this.#exceeded));
    if (ignored) return null;
    const fault = plainFault(value, PLAIN_BOUNDS, this.#isProxy, true);
    if (fault !== null)
      return failed(plainFailure('invalid-answer', 'InvalidAnswer', `answer${fault.path}: ${fault.why}`));
    if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
    const text = typeof value === 'string' ? `T${value}` : `R${jsonText(value)}`;
    if (text.length <= BARE_TEXT_MAX) return text;
    this.#text = text;
    return LONG;
  }

  #threw(thrown: unknown): string {
    const refused = refusalText(thrown, this.#number);
    return refused === undefined ? failed(thrownFailure(thrown, this.#isProxy)) : `N${refused}`;
  }
}

/**
 * Makes a realm of the context that it runs in. `bridge` waits for the host; `outside` answers at once; `setup` is the
 * JSON of a RealmSetup; `memory` is that of its columns, in their order.
 */
export function prepare(bridge: Bridge, outside: Outside, setup: string, ...memory: SharedArrayBuffer[]): Step {
  const realm = new Realm(bridge, outside, parse(setup) as RealmSetup, memory);
  return (step, graft, given) => {
    const input = typeof given === 'object' && given !== null ? given[0] : given;
    if (step === STEP_START) return realm.start(graft, input);
    if (step === STEP_LOAD) return realm.load(input as string);
    if (step === STEP_ENTRY) return realm.entry(graft);
    return step === STEP_FINISH ? realm.finish() : realm.text();
  };
}
