// A prepared realm (realm/) in a context of node:vm, entered through one compiled script: only a script's run has a
// time-out, and drains the context's promises before it returns. Used in the host's thread by `vm`, and in its workers
// by `worker`.

import { constants, createContext, Script } from 'node:vm';
import {
  type Bridge,
  type Direct,
  LONG,
  type Outside,
  type RealmSetup,
  STEP_TEXT,
  type Step,
} from '../../src/plugins/compartment/realm/index.ts';

type Arm = (step: number, graft: number, input: Direct | string) => void;

/**
 * Puts a function on the context's global object that takes the one step for which it was armed, and gives the function
 * that arms it. If a plugin calls the former, it gets nothing.
 */
const GATE = `((step) => {
  let at = -1, graft = 0, input = null;
  const value = () => {
    const now = at;
    at = -1;
    return now < 0 ? undefined : step(now, graft, input);
  };
  Object.defineProperty(globalThis, '__graftwork_enter', { value });
  return (a, b, c) => { at = a; graft = b; input = c; };
})`;
const ENTER = new Script('__graftwork_enter()', { filename: 'graftwork:enter' });

export class VmRealm {
  readonly #context: object;
  readonly #arm: Arm;

  /** `realm` is the script that prepares a realm. No plugin code runs yet. */
  constructor(
    realm: Script,
    setup: RealmSetup,
    bridge: Bridge,
    outside: Outside,
    memory: readonly SharedArrayBuffer[],
  ) {
    this.#context = createContext(constants.DONT_CONTEXTIFY, { microtaskMode: 'afterEvaluate' });
    const gate: (step: Step) => Arm = new Script(GATE).runInContext(this.#context);
    const prepare: (bridge: Bridge, outside: Outside, setup: string, ...memory: SharedArrayBuffer[]) => Step =
      realm.runInContext(this.#context);
    this.#arm = gate(prepare(bridge, outside, JSON.stringify(setup), ...memory));
  }

  /**
   * Takes a step, within `timeout` ms. The answer is a direct value, PENDING, or a letter and JSON. Throws if the
   * time-out ended it.
   */
  enter(step: number, graft: number, input: Direct | string, timeout?: number): Direct | string {
    const answer = this.#take(step, graft, input, timeout);
    return answer === LONG ? (this.#take(STEP_TEXT, 0, null, timeout) as unknown as [string])[0] : answer;
  }

  #take(step: number, graft: number, input: Direct | string, timeout: number | undefined): Direct | string {
    this.#arm(step, graft, input);
    return ENTER.runInContext(this.#context, timeout === undefined ? {} : { timeout });
  }
}
