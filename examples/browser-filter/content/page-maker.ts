// Compartments of plugins for pages. Their code runs in the realm of a page (realm/main.ts), but each call is a call of
// this host's: it begins here, waits for the page, and ends as the page says, so blame, budgets, records of aborts and
// removal are those of every graft. Plugins of other points get a process, as in every host.

import { MeteredMaker, ProcessMaker, type ProcessOptions, stored } from '../../../src/plugins/compartment/index.ts';
import {
  type Compartment,
  type CompartmentCall,
  type CompartmentSource,
  GraftError,
} from '../../../src/plugins/index.ts';
import { POINT } from './protocol.ts';
import type { Visits } from './visits.ts';

class PageCompartment implements Compartment {
  readonly kind = 'page';
  readonly heaps = 0;
  readonly waits = true;
  readonly #source: CompartmentSource;
  readonly #code: string;
  readonly #visits: Visits;

  constructor(source: CompartmentSource, code: string, visits: Visits) {
    this.#source = source;
    this.#code = code;
    this.#visits = visits;
  }

  #visitOf({ input }: CompartmentCall) {
    return this.#visits.get((input as { readonly page: string }).page);
  }

  start(call: CompartmentCall): void {
    const visit = this.#visitOf(call);
    if (visit === undefined) throw new GraftError('GRAFT_OVERLOADED', `${this.#source.plugin}: the page is gone`);
    const { plugin, grafts, load_ms } = this.#source;
    const { export: name = '', callable = [] } = grafts[call.index] ?? {};
    visit.offer(call, { plugin, code: this.#code, export: name, callable, own_ms: call.own_ms, load_ms });
  }

  /** A page that has not said in time how a graft ended is gone, as far as anybody knows: it gets no other. */
  abandon(call: CompartmentCall): void {
    const visit = this.#visitOf(call);
    visit?.withdraw(call);
    if (visit !== undefined && call.txn.doomed?.reason === 'total-time') this.#visits.close(visit.id);
  }

  dispose(): void {}
}

export class PageMaker extends ProcessMaker {
  readonly #visits: Visits;
  readonly #meter: MeteredMaker;

  /** `key` signs the rewritten code. */
  constructor(visits: Visits, key: Uint8Array, processes?: ProcessOptions) {
    super(processes);
    this.#visits = visits;
    this.#meter = new MeteredMaker({ key });
  }

  /** A plugin for pages is evaluated once, in a process and under limits, as every plugin is when it is installed. */
  override async load(source: CompartmentSource): Promise<Compartment> {
    const forPages = source.grafts.filter(({ point }) => point === POINT).length;
    if (forPages > 0 && forPages < source.grafts.length)
      throw new GraftError('GRAFT_INSTALL_FAILED', `${source.plugin}: a plugin for pages has no grafts elsewhere`);
    const code = forPages > 0 ? stored(this.#meter.rewrite(source.code)) : '';
    const tried = await super.load(source);
    if (forPages === 0) return tried;
    tried.dispose();
    return new PageCompartment(source, code, this.#visits);
  }
}
