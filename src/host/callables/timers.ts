// schedule(ms, exportName): a graft of the plugin's own is called after a while, in a transaction of its own. A timer
// is an entry of a map (later-map.ts): it is there when the transaction that made it has committed, armed from then on,
// and again after a restart, with what is left of its time. The call that it makes deletes it in its own transaction:
// a host that ends before the COMMIT of that makes the call again. So it is made at least once. A timer is cancelled
// when its graft is gone.

import { randomUUID } from 'node:crypto';
import { type Callable, type Graft, GraftError, type Outcome, TIMERS, unexpected } from '../../plugins/index.ts';
import type { AbortReason, Clock, Ticket, Timer, Transaction } from '../../txn/index.ts';
import { TIMER_MS_MAX, TIMER_MS_MIN, TIMER_RETRY_MS } from './bounds.ts';
import { type GraftNames, type Later, namesOf, ownGraft } from './later.ts';
import { LaterMap, type LaterMaps } from './later-map.ts';

interface Scheduled {
  readonly graft: GraftNames;
  readonly ms: number;
  /** When it is due, by the machine's calendar: milliseconds since 1970. */
  readonly due_ms: number;
  readonly principal: string;
}

export class Timers {
  readonly #later: Later;
  readonly #clock: Clock;
  readonly #calendar: () => number;
  readonly #map: LaterMap<Scheduled>;
  readonly #armed = new Map<string, Timer>();
  /** Those whose calls run. */
  readonly #firing = new Set<string>();
  #closed = false;

  /** `calendar`: milliseconds since 1970. */
  constructor(later: Later, clock: Clock, maps: LaterMaps, calendar: () => number = Date.now) {
    this.#later = later;
    this.#clock = clock;
    this.#calendar = calendar;
    this.#map = new LaterMap('timers', TIMERS, maps);
  }

  /** The number of timers that are armed. */
  get pending(): number {
    return this.#armed.size;
  }

  #arm(key: string, ms: number): void {
    if (this.#closed) return;
    this.#armed.set(
      key,
      this.#clock.after(ms, () => void this.#fire(key)),
    );
  }

  async #fire(key: string): Promise<void> {
    this.#armed.delete(key);
    const timer = this.#map.get(key);
    const graft = timer === undefined ? 'gone' : this.#later.whereIs(timer.graft);
    if (timer === undefined || typeof graft === 'string') return;
    this.#firing.add(key);
    const isToRepeat = await this.#call(key, timer, graft);
    this.#firing.delete(key);
    if (this.#closed || this.#map.get(key) === undefined) return;
    if (isToRepeat) this.#arm(key, TIMER_RETRY_MS);
    else await this.#map.drop([key]);
  }

  /** Whether the call is to be made again: it was not kept, and that is no fault of the graft. */
  async #call(key: string, { ms, principal }: Scheduled, graft: Graft): Promise<boolean> {
    try {
      const last = (txn: Transaction): Ticket | null => this.#map.delete(txn, key);
      return isUndoneByOthers(await this.#later.invoke(graft, { timer_ms: ms }, { depth: 0, principal }, last));
    } catch (error) {
      this.#later.failed(graft, error);
      return error instanceof GraftError && error.code === 'GRAFT_STORE';
    }
  }

  /** Cancels the timers of grafts that are gone, and arms those whose grafts have come back. */
  async sweep(): Promise<void> {
    const gone: string[] = [];
    for (const [key, { graft, ms, due_ms }] of this.#map.entries()) {
      const where = this.#later.whereIs(graft);
      if (where === 'gone') gone.push(key);
      else if (where !== 'away' && !this.#armed.has(key) && !this.#firing.has(key))
        this.#arm(key, Math.max(0, Math.min(ms, due_ms - this.#calendar())));
    }
    for (const key of gone) this.#disarm(key);
    await this.#map.drop(gone);
  }

  #disarm(key: string): void {
    this.#armed.get(key)?.cancel();
    this.#armed.delete(key);
  }

  /** Nothing fires any more. */
  close(): void {
    this.#closed = true;
    for (const key of [...this.#armed.keys()]) this.#disarm(key);
  }

  readonly schedule: Callable = {
    waits: false,
    run: (caller, [ms, name]) => {
      if (!(typeof ms === 'number' && ms >= TIMER_MS_MIN && ms <= TIMER_MS_MAX))
        return unexpected('schedule', `${TIMER_MS_MIN} to ${TIMER_MS_MAX} milliseconds`, ms);
      const graft = namesOf(ownGraft(this.#later, 'schedule', caller, name));
      const { txn, principal, keeper = null } = caller;
      const key = `${graft.export} ${randomUUID()}`;
      const timer: Scheduled = { graft, ms, due_ms: this.#calendar() + ms, principal };
      const ticket = this.#map.add(txn, key, timer, keeper);
      if (ticket !== null) return ticket;
      txn.defer({ leave: () => this.#committed(key, timer) });
      return null;
    },
  };

  #committed(key: string, { graft, ms }: Scheduled): void {
    if (this.#later.whereIs(graft) === 'gone') void this.#map.drop([key]);
    else this.#arm(key, ms);
  }
}

/** Reasons that no graft is blamed for, and that pass. */
const PASSING: readonly unknown[] = ['host-fault', 'store-conflict', 'deadlock', 'cancelled'] satisfies AbortReason[];

const isUndoneByOthers = (outcome: Outcome<unknown>): boolean =>
  (outcome.status === 'aborted' && PASSING.includes(outcome.reason)) ||
  outcome.grafts.some(({ status, reason }) => status === 'aborted' && PASSING.includes(reason));
