// Visits: pages that were given the injected script. A visit's realm is handed out once, with a token that nothing else
// holds; from then on the visit is a line of exchanges (protocol.ts), of which only the next one counts.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { type CompartmentCall, endingOf } from '../../../src/plugins/compartment/index.ts';
import { type Answer, type Exchange, type Run, SIGNATURE_HEADER, signatureOf, type Told } from './protocol.ts';

/** Visits that are remembered; the oldest goes first. */
const VISITS_MAX = 1000;

/** A graft that waits for its page. */
interface Offer {
  readonly call: CompartmentCall;
  readonly run: Run;
}

export class Visit {
  readonly id = randomBytes(16).toString('hex');
  readonly token = randomBytes(32);
  readonly url: string;
  /** The realm's script has been handed out. */
  taken = false;
  #begun = false;
  #over = false;
  #numbers = 0;
  #offer: Offer | null = null;
  /** Told of the next graft, or that there is none. */
  #wants: (() => void) | null = null;

  constructor(url: string) {
    this.url = url;
  }

  /** A graft of the page's call is to run. */
  offer(call: CompartmentCall, run: Omit<Run, 'number'>): void {
    this.#offer = { call, run: { ...run, number: ++this.#numbers } };
    this.#wants?.();
  }

  /** The host has given a graft's call up. */
  withdraw(call: CompartmentCall): void {
    if (this.#offer?.call === call) this.#offer = null;
  }

  /** No graft is to run any more. */
  end(): void {
    this.#over = true;
    this.#wants?.();
  }

  /** No graft is to run in it any more. */
  get isOver(): boolean {
    return this.#over && this.#offer === null;
  }

  /** The realm says something: what it is told. `begin` begins the page's call. Null: nothing may be said now. */
  async exchange(
    { number, ended }: Exchange,
    begin: () => void,
  ): Promise<(Answer & { readonly graft: string | null }) | null> {
    if (this.#wants !== null || (number === 0) === this.#begun) return null;
    this.#begun = true;
    const told = this.#settle(number, ended);
    if (number === 0) begin();
    await this.#next();
    const graft = told === null ? null : `${told.run.plugin}#${told.run.export}`;
    return { kept: told?.call.txn.state === 'committed', next: this.#offer?.run ?? null, graft };
  }

  /** Ends the call of this number, where it still runs. */
  #settle(number: number, ended: Told | null): Offer | null {
    const offer = this.#offer;
    if (offer === null || offer.run.number !== number || ended === null) return null;
    const { call } = offer;
    this.#offer = null;
    // An ending that says nothing is nobody's fault: the page has changed under the graft, or its time was over.
    if (ended.ending === '') call.txn.doom('cancelled', ended.why);
    call.ended(endingOf(ended.ending, ended.own_ms));
    return offer;
  }

  async #next(): Promise<void> {
    if (this.#offer !== null || this.#over) return;
    await new Promise<void>((resolve) => {
      this.#wants = resolve;
    });
    this.#wants = null;
  }

  isSigned(text: string, signature: unknown): boolean {
    const due = Buffer.from(signatureOf(this.token, 'to host', text));
    const given = Buffer.from(String(signature));
    return given.length === due.length && timingSafeEqual(given, due);
  }

  /** A text to the realm, and its header. */
  signed(text: string): { readonly [SIGNATURE_HEADER]: string } {
    return { [SIGNATURE_HEADER]: signatureOf(this.token, 'to realm', text) };
  }
}

export class Visits {
  readonly #visits = new Map<string, Visit>();

  open(url: string): Visit {
    const visit = new Visit(url);
    this.#visits.set(visit.id, visit);
    const [oldest] = this.#visits.keys();
    if (this.#visits.size > VISITS_MAX && oldest !== undefined) this.close(oldest);
    return visit;
  }

  get(id: string): Visit | undefined {
    return this.#visits.get(id);
  }

  close(id: string): void {
    this.#visits.get(id)?.end();
    this.#visits.delete(id);
  }
}
