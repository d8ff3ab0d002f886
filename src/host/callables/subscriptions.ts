// Events between plugins: on(event, exportName) and emit(event, value). Both happen when the transaction commits, and
// leave no trace when it aborts. A subscription is an entry of a map (later-map.ts): it lasts, over restarts too, until
// its graft is gone. Each handler is called alone, in a transaction of its own.

import {
  badArgument,
  type CallableTree,
  GraftError,
  type Origin,
  plainFault,
  SUBSCRIPTIONS,
  shown,
  unknownName,
  WRITES,
} from '../../plugins/index.ts';
import { EMIT_DEPTH_MAX, EMITS_MAX } from './bounds.ts';
import { type GraftNames, type Later, namesOf, ownGraft } from './later.ts';
import { LaterMap, type LaterMaps } from './later-map.ts';
import { PerCall } from './per-call.ts';

const HOST: Origin = { depth: 0, principal: '' };

interface Subscribed {
  readonly event: string;
  readonly graft: GraftNames;
}

const keyOf = ({ event, graft }: Subscribed): string =>
  JSON.stringify([event, graft.installer, graft.plugin, graft.point, graft.export]);

/** The subscriptions of a host, to all its events. */
export class Subscriptions {
  readonly #later: Later;
  readonly #map: LaterMap<Subscribed>;
  readonly #names = new Set<string>();

  constructor(later: Later, maps: LaterMaps) {
    this.#later = later;
    this.#map = new LaterMap('subscriptions', SUBSCRIPTIONS, maps);
  }

  /** Declares events. Throws GRAFT_BAD_OPTION for a name that is taken: nobody could tell whose subscriptions are. */
  declare(events: readonly string[]): Events {
    for (const event of events) {
      if (this.#names.has(event))
        throw new GraftError('GRAFT_BAD_OPTION', `the event ${shown(event)} is declared already`);
      this.#names.add(event);
    }
    return new Events(events, this.#later, this.#map);
  }

  /** Drops subscriptions of grafts that are gone. */
  async sweep(): Promise<void> {
    const gone = this.#map.entries().filter(([, { graft }]) => this.#later.whereIs(graft) === 'gone');
    await this.#map.drop(gone.map(([key]) => key));
  }
}

/** Some of the events of a host. */
export class Events {
  readonly #later: Later;
  readonly #map: LaterMap<Subscribed>;
  readonly #events: ReadonlySet<string>;
  readonly #emits = new PerCall('emits', EMITS_MAX);

  /** @internal Use `host.callables.events`. */
  constructor(events: readonly string[], later: Later, map: LaterMap<Subscribed>) {
    this.#later = later;
    this.#map = map;
    this.#events = new Set(events);
  }

  #check(what: string, event: unknown): string {
    if (this.#events.has(event as string)) return event as string;
    return badArgument(`${what}: ${unknownName('event', event, this.#events)}`);
  }

  /** The number of subscriptions to these events whose grafts stand at their points. */
  get size(): number {
    return this.#map.entries().filter(([, { event, graft }]) => this.#events.has(event) && this.#stands(graft)).length;
  }

  #stands(names: GraftNames): boolean {
    return typeof this.#later.whereIs(names) !== 'string';
  }

  /**
   * Calls every subscribed graft with `value`, which is plain data. Returns before they are done. Throws
   * GRAFT_BAD_ARGUMENT for an unknown event.
   */
  emit(event: string, value: unknown, from: Origin = HOST): void {
    this.#check('emit', event);
    for (const [, one] of this.#map.entries()) {
      const graft = one.event === event ? this.#later.whereIs(one.graft) : 'gone';
      if (typeof graft !== 'string')
        this.#later.invoke(graft, { event, value }, from).catch((error: unknown) => this.#later.failed(graft, error));
    }
  }

  readonly callables: CallableTree = {
    on: {
      waits: false,
      run: (caller, [name, exported]) => {
        const event = this.#check('on', name);
        const { txn, keeper = null } = caller;
        const subscribed = { event, graft: namesOf(ownGraft(this.#later, 'on', caller, exported)) };
        const key = keyOf(subscribed);
        if (this.#map.get(key) !== undefined) {
          txn.charge(WRITES, 1);
          return;
        }
        const ticket = this.#map.add(txn, key, subscribed, keeper);
        if (ticket !== null) return ticket;
        txn.defer({ leave: () => void (this.#stands(subscribed.graft) || this.#map.drop([key])) });
      },
    },
    emit: {
      waits: false,
      run: ({ txn, depth, principal }, [event, value = null]) => {
        this.#check('emit', event);
        const fault = plainFault({ event, value });
        if (fault !== null) throw txn.doom('limit', `emit: the event${fault.path}: ${fault.why}`);
        this.#emits.take(txn);
        if (depth >= EMIT_DEPTH_MAX) throw txn.doom('limit', `events nested deeper than ${EMIT_DEPTH_MAX}`);
        txn.charge(WRITES, 1);
        txn.defer({ leave: () => this.emit(event as string, value, { depth: depth + 1, principal }) });
      },
    },
  };
}
