// The ses compartment: each plugin in a SES Compartment of the locked realm (lockdown.ts), with nothing of the host but
// its api. Authority is bounded, time and memory are not: it is for reviewed code, and for the browser. A metered one
// (metered.ts) bounds time besides.

import { GraftError } from '../errors.ts';
import type {
  CompartmentCall,
  CompartmentMaker,
  CompartmentSource,
  Ending,
  Compartment as PluginCompartment,
} from './compartment.ts';
import { type Ask, apiOf, failureOf, graftFunctions, mute, type Seat } from './in-realm.ts';
import { type Instance, Instances } from './instances.ts';
import { isLockedDown } from './lockdown.ts';
import { answerOf, copied, crossing, refusedBy, refusing } from './sealed.ts';

const face = (ask: Ask): object => harden((...args: unknown[]): unknown => crossing(ask, args));

const evaluated = (source: CompartmentSource): Instance => {
  const seat: Seat = { current: null };
  const realm = new Compartment({ globals: { __graftwork_refuse: refusing(seat) }, __options__: true });
  const exported: unknown = realm.evaluate(`${source.code}\n//# sourceURL=plugin.js`);
  return {
    seat,
    functions: graftFunctions(source.plugin, exported, source.grafts),
    apis: source.grafts.map((graft, index) => apiOf(seat, index, graft, face)),
    principal: null,
    dropped: false,
  };
};

class SesCompartment implements PluginCompartment {
  readonly kind = 'ses';
  readonly waits = false;
  readonly #instances: Instances;
  readonly #now_ms: () => number;

  constructor(instances: Instances, now_ms: () => number) {
    this.#instances = instances;
    this.#now_ms = now_ms;
  }

  run(call: CompartmentCall): Ending {
    const begun_ms = this.#now_ms();
    let instance: Instance;
    try {
      instance = this.#instances.take(call);
    } catch (error) {
      return { kind: 'failed', failure: failureOf(error), own_ms: this.#now_ms() - begun_ms };
    }
    try {
      const graft = instance.functions[call.index] as Instance['functions'][number];
      const value = graft(copied(call.input), instance.apis[call.index] as object);
      if (typeof value === 'object') mute(value);
      return { kind: 'value', value: call.ignoresAnswer ? null : answerOf(value), own_ms: this.#now_ms() - begun_ms };
    } catch (error) {
      const own_ms = this.#now_ms() - begun_ms;
      return refusedBy(error, call, own_ms) ?? { kind: 'failed', failure: failureOf(error), own_ms };
    } finally {
      this.#instances.give(instance);
    }
  }

  abandon(call: CompartmentCall): void {
    this.#instances.drop(call);
  }

  dispose(): void {
    this.#instances.clear();
  }
}

/** Throws GRAFT_INSTALL_FAILED where the realm is not locked down. */
export const checkLocked = (kind: string): void => {
  if (!isLockedDown())
    throw new GraftError(
      'GRAFT_INSTALL_FAILED',
      `a ${kind} compartment needs a realm that is locked down (lockdownRealm)`,
    );
};

/** An error of a module's evaluation, as install tells it. */
export const installFailed = (plugin: string, error: unknown): GraftError => {
  if (error instanceof GraftError) return error;
  const { name, message } = failureOf(error);
  return new GraftError('GRAFT_INSTALL_FAILED', `${plugin}: ${[name, message].filter(Boolean).join(': ')}`);
};

/**
 * Hosts plugins in SES compartments of the calling realm. `now_ms` is the clock of what is reported as own time;
 * nothing is limited by it.
 */
export const sesMaker = (now_ms: () => number = () => performance.now()): CompartmentMaker => ({
  kind: 'ses',
  waits: false,
  async load(source: CompartmentSource): Promise<PluginCompartment> {
    checkLocked('ses');
    const instances = new Instances(() => evaluated(source));
    try {
      instances.prepare();
    } catch (error) {
      throw installFailed(source.plugin, error);
    }
    return new SesCompartment(instances, now_ms);
  },
});
