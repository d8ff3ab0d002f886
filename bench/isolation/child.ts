// A process of the benchmark: it carries out one order, for one kind, and prepares its realm for that. It reports that
// it is alive after every step, and its result at the end; if it is silent for too long, it is killed.

import { lockdownRealm } from 'graftwork/compartments';
import { type Plugged, type PluginOrder, plugged, pluginIdle } from '../plugin/calls.ts';
import { type Calls, calls } from './calls.ts';
import { kindOf } from './kinds.ts';
import { type Fresh, fresh, type Idle, idle, type Start, start } from './life.ts';
import { type Stops, stops } from './stops.ts';

/** A part to be measured; `body` for `stops`. */
export interface Order {
  readonly part: keyof Reports;
  readonly kind: string;
  readonly body: string;
  readonly small: boolean;
  readonly seed: number;
  /** For `plugin` and `pluginIdle`. */
  readonly plugin?: PluginOrder;
}

export interface Reports {
  readonly calls: Calls;
  readonly start: Start;
  readonly fresh: Fresh;
  readonly idle: Idle;
  readonly stops: Stops;
  readonly plugin: Plugged;
  readonly pluginIdle: Idle;
}

export type Message = { readonly alive: true } | { readonly report: unknown } | { readonly error: string };

const tell = (message: Message): void => void process.send?.(message);

const carryOut = async ({ part, kind: name, body, small, seed, plugin }: Order): Promise<Reports[keyof Reports]> => {
  const kind = kindOf(name);
  const began_ms = performance.now();
  if (kind.locked) await lockdownRealm();
  const size = { small, seed, began_ms, alive: () => tell({ alive: true }) };
  switch (part) {
    case 'calls':
      return calls(kind, size);
    case 'start':
      return start(kind, size);
    case 'fresh':
      return fresh(kind, size);
    case 'idle':
      return idle(kind, size);
    case 'stops':
      return stops(kind, body, size);
    case 'plugin':
      return plugged(kind, plugin as PluginOrder, size);
    case 'pluginIdle':
      return pluginIdle(kind, plugin as PluginOrder, size);
  }
};

process.once('message', (order: Order) => {
  carryOut(order).then(
    (report) => tell({ report }),
    (error: unknown) => tell({ error: error instanceof Error ? `${error.stack}` : String(error) }),
  );
});
