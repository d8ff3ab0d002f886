// The ready-made callables of a host, for points to list under `callable`:
//
//   const locks = host.callables.locks();
//   const events = host.callables.events(['stock/changed']);
//   host.graftPoint({ …, callable: { ...locks.callables, ...events.callables, sleep: host.callables.sleep } });
//
// All of them act in the graft's transaction, with the locks, effects and undo records that everything else uses.

import { A_WHOLE, type Callable, checkOptions, type OptionChecks } from '../../plugins/index.ts';
import type { Clock } from '../../txn/index.ts';
import { abort, onAbort } from './abort.ts';
import { callByName } from './call-by-name.ts';
import { Handles, type Opener } from './handles.ts';
import type { Later } from './later.ts';
import type { LaterMaps } from './later-map.ts';
import { Locks } from './locks.ts';
import { ResponseHeaders } from './response-headers.ts';
import { sleep } from './sleep.ts';
import { type Events, Subscriptions } from './subscriptions.ts';
import { Timers } from './timers.ts';

/** What the callables need of their host. */
export interface HostCallablesOptions extends Later {
  readonly clock: Clock;
  readonly maps: LaterMaps;
  /** A point as a callable for grafts of other points. Throws GRAFT_UNKNOWN_POINT. */
  pointCallable(point: string): Callable;
}

const LOCK_TIMEOUT_MS = 500;
const LOCKS_OPTIONS: OptionChecks = {
  lock_timeout_ms: ['milliseconds, from 0', (value) => typeof value === 'number' && value >= 0],
};
const HANDLES_OPTIONS: OptionChecks = { most: A_WHOLE };

export class HostCallables {
  readonly #options: HostCallablesOptions;
  readonly #subscriptions: Subscriptions;
  readonly #timers: Timers;
  readonly #locks: Locks[] = [];
  readonly #handles: Handles[] = [];
  /** `sleep(ms)`: waits, at most a minute. Only for compartments that can wait. */
  readonly sleep: Callable = sleep;
  /**
   * `schedule(ms, exportName)`: calls a graft of the plugin's own that stands at an event point, after 100 ms to 24
   * days, also after a restart; at most 16 at a time.
   */
  readonly schedule: Callable;
  /** `abort()`: the call cannot commit any more. */
  readonly abort: Callable = abort;
  /** `onAbort(…)`: always refused. */
  readonly onAbort: Callable = onAbort;

  /** @internal Use `host.callables`. */
  constructor(options: HostCallablesOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options, options.maps);
    this.#timers = new Timers(options, options.clock, options.maps);
    this.schedule = this.#timers.schedule;
  }

  /**
   * `lock(name)` and `unlock(name)`. `lock_timeout_ms` (default 500): how long a transaction waits before the holder is
   * aborted.
   */
  locks(options: { readonly lock_timeout_ms?: number } = {}): Locks {
    checkOptions(options, LOCKS_OPTIONS, 'locks');
    const locks = new Locks(options.lock_timeout_ms ?? LOCK_TIMEOUT_MS);
    this.#locks.push(locks);
    return locks;
  }

  /**
   * `call(name, input)`. `points`: the name that grafts use → the name of a graft point, which may be declared later.
   */
  calls(points: Readonly<Record<string, string>>): Callable {
    return callByName(Object.keys(points), (name) => this.#options.pointCallable(points[name] as string));
  }

  /** `open(name)`, `read(handle)`, `close(handle)`; at most `most` (default 16) open in a call. */
  handles(open: Opener, options: { readonly most?: number } = {}): Handles {
    checkOptions(options, HANDLES_OPTIONS, 'handles');
    const handles = new Handles(open, options.most);
    this.#handles.push(handles);
    return handles;
  }

  /**
   * `on(event, exportName)` and `emit(event, value)`, and `emit` for the host itself. Throws GRAFT_BAD_OPTION for an
   * event that is declared already.
   */
  events(names: readonly string[]): Events {
    return this.#subscriptions.declare(names);
  }

  /** `header(name, value)` of an HTTP answer. */
  headers(): ResponseHeaders {
    return new ResponseHeaders();
  }

  /**
   * Open resources: named locks that are held or waited for, handles, and timers that have not fired.
   * @internal
   */
  get inUse(): { readonly locks: number; readonly handles: number; readonly timers: number } {
    return {
      locks: this.#locks.reduce((sum, { held }) => sum + held.length, 0),
      handles: this.#handles.reduce((sum, { open }) => sum + open, 0),
      timers: this.#timers.pending,
    };
  }

  /**
   * Drops subscriptions and timers of grafts that are gone, and arms timers whose grafts have come back. Resolves when
   * that is kept, or its failure is reported.
   * @internal
   */
  async sweep(): Promise<void> {
    await Promise.all([this.#subscriptions.sweep(), this.#timers.sweep()]);
  }

  /** @internal */
  close(): void {
    this.#timers.close();
  }
}
