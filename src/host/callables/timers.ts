// schedule(ms, exportName): a graft of the plugin's own is called after a while, in a transaction of its own. The timer
// is counted and kept (TIMERS) at once, with its undo, and armed by the commit. It is cancelled when its graft no
// longer stands at its point, and when the host closes.

import { type Callable, type Graft, type Keeper, TIMERS, unexpected, WRITES } from '../../plugins/index.ts';
import type { Clock, Timer, Undoable } from '../../txn/index.ts';
import { TIMER_MS_MAX, TIMER_MS_MIN } from './bounds.ts';
import { callLater, type Later, ownGraft } from './later.ts';

interface Scheduled {
  readonly graft: Graft;
  readonly keeper: Keeper | null;
  /** Null until the transaction has committed. */
  timer: Timer | null;
}

const SCHEDULE: Undoable = {
  name: 'schedule',
  undo(place, _key, scheduled) {
    (place as Set<Scheduled>).delete(scheduled as Scheduled);
  },
};

export class Timers {
  readonly #later: Later;
  readonly #clock: Clock;
  readonly #plugins = new Map<string, Set<Scheduled>>();

  constructor(later: Later, clock: Clock) {
    this.#later = later;
    this.#clock = clock;
  }

  /** The number of timers that have not fired. */
  get pending(): number {
    return [...this.#plugins.values()].reduce((sum, timers) => sum + timers.size, 0);
  }

  #of(plugin: string): Set<Scheduled> {
    let timers = this.#plugins.get(plugin);
    if (timers === undefined) {
      timers = new Set();
      this.#plugins.set(plugin, timers);
    }
    return timers;
  }

  #arm(scheduled: Scheduled, timers: Set<Scheduled>, ms: number, principal: string): void {
    if (!scheduled.graft.stands) this.#forget(timers, scheduled);
    else
      scheduled.timer = this.#clock.after(ms, () => {
        this.#forget(timers, scheduled);
        callLater(this.#later, scheduled.graft, { timer_ms: ms }, { depth: 0, principal });
      });
  }

  /** Cancels the timers of grafts that no longer stand at their points. */
  sweep(): void {
    for (const [plugin, timers] of this.#plugins) {
      for (const scheduled of timers) if (!scheduled.graft.stands) this.#cancel(timers, scheduled);
      if (timers.size === 0) this.#plugins.delete(plugin);
    }
  }

  /** Cancels all timers. */
  close(): void {
    for (const timers of this.#plugins.values()) for (const scheduled of timers) this.#cancel(timers, scheduled);
  }

  /** One whose transaction has not ended is left to that. */
  #cancel(timers: Set<Scheduled>, scheduled: Scheduled): void {
    if (scheduled.timer === null) return;
    scheduled.timer.cancel();
    this.#forget(timers, scheduled);
  }

  #forget(timers: Set<Scheduled>, scheduled: Scheduled): void {
    timers.delete(scheduled);
    scheduled.keeper?.dropNow(TIMERS, 1);
  }

  readonly schedule: Callable = {
    waits: false,
    run: ({ txn, plugin, principal, keeper = null }, [ms, name]) => {
      if (!(typeof ms === 'number' && ms >= TIMER_MS_MIN && ms <= TIMER_MS_MAX))
        return unexpected('schedule', `${TIMER_MS_MIN} to ${TIMER_MS_MAX} milliseconds`, ms);
      const graft = ownGraft(this.#later, 'schedule', plugin, name);
      const timers = this.#of(plugin);
      txn.charge(WRITES, 1);
      keeper?.keep(txn, TIMERS, 1);
      const scheduled: Scheduled = { graft, keeper, timer: null };
      txn.tree.log.push(SCHEDULE, timers, graft.export, scheduled);
      timers.add(scheduled);
      txn.defer({ leave: () => this.#arm(scheduled, timers, ms, principal) });
      return null;
    },
  };
}
