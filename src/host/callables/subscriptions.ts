// Events between plugins: on(event, exportName) and emit(event, value). Both are effects: they happen when the
// transaction commits, and leave no trace when it aborts. A subscription lasts as long as its graft stands at its
// point. Each handler is called alone, in a transaction of its own.

import {
  badArgument,
  type CallableTree,
  type Graft,
  type Keeper,
  type Origin,
  plainFault,
  SUBSCRIPTIONS,
  WRITES,
} from '../../plugins/index.ts';
import { EMIT_DEPTH_MAX, EMITS_MAX } from './bounds.ts';
import { type Later, ownGraft } from './later.ts';
import { PerCall } from './per-call.ts';

const HOST: Origin = { depth: 0, principal: '' };

/** Who is told of an event, and who keeps that. */
type Subscribers = Map<Graft, Keeper | null>;

/** A graft that has subscribed meanwhile, or stands no more, gives back what this subscription holds. */
const subscribe = (handlers: Subscribers, graft: Graft, keeper: Keeper | null): void => {
  if (handlers.has(graft) || !graft.stands) keeper?.dropNow(SUBSCRIPTIONS, 1);
  else handlers.set(graft, keeper);
};

const forget = (handlers: Subscribers, graft: Graft): void => {
  handlers.get(graft)?.dropNow(SUBSCRIPTIONS, 1);
  handlers.delete(graft);
};

export class Subscriptions {
  readonly #later: Later;
  readonly #handlers: ReadonlyMap<string, Subscribers>;
  readonly #emits = new PerCall('emits', EMITS_MAX);

  /** `events`: the names of all events. */
  constructor(events: readonly string[], later: Later) {
    this.#later = later;
    this.#handlers = new Map(events.map((event) => [event, new Map()]));
  }

  #of(what: string, event: unknown): Subscribers {
    return this.#handlers.get(event as string) ?? badArgument(`${what}: there is no such event`);
  }

  /** The number of subscriptions whose grafts stand at their points. */
  get size(): number {
    this.sweep();
    return [...this.#handlers.values()].reduce((sum, handlers) => sum + handlers.size, 0);
  }

  /** Drops subscriptions of grafts that no longer stand at their points. */
  sweep(): void {
    for (const handlers of this.#handlers.values())
      for (const graft of [...handlers.keys()]) if (!graft.stands) forget(handlers, graft);
  }

  /**
   * Calls every subscribed graft with `value`, which is plain data. Returns before they are done. Throws
   * GRAFT_BAD_ARGUMENT for an unknown event.
   */
  emit(event: string, value: unknown, from: Origin = HOST): void {
    for (const graft of [...this.#of('emit', event).keys()])
      if (graft.stands)
        this.#later.invoke(graft, { event, value }, from).catch((error: unknown) => this.#later.failed(graft, error));
  }

  readonly callables: CallableTree = {
    on: {
      waits: false,
      run: (caller, [event, name]) => {
        const { txn, keeper = null } = caller;
        const handlers = this.#of('on', event);
        const graft = ownGraft(this.#later, 'on', caller, name);
        txn.charge(WRITES, 1);
        if (handlers.has(graft)) return;
        keeper?.keep(txn, SUBSCRIPTIONS, 1);
        txn.defer({ leave: () => subscribe(handlers, graft, keeper) });
      },
    },
    emit: {
      waits: false,
      run: ({ txn, depth, principal }, [event, value = null]) => {
        this.#of('emit', event);
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
