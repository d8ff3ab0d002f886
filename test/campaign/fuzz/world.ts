// One life of a host over a folder, opened for the fuzzer: its state (books.ts) and its points (points.ts).

import { join } from 'node:path';
import { createHost, GraftError, type Host, type ReportedEvent } from '../../../src/host/index.ts';
import { IsolateMaker } from '../../../src/plugins/compartment/index.ts';
import { Books, ENTITIES } from './books.ts';
import type { Kind, Life } from './plan.ts';
import { type Listener, Points } from './points.ts';

export interface WorldOptions extends Listener {
  readonly folder: string;
  readonly kind: Kind;
  readonly life: Life;
  /** Told of each message that left, and of the move it is of. */
  sent(id: string, move: string): void;
}

export interface World {
  readonly host: Host;
  readonly books: Books;
  readonly points: Points;
}

const errorText = (error: unknown): string =>
  error instanceof GraftError ? `${error.code} ${error.message}` : String(error);

const causeOf = (error: Error): string => `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;

/**
 * Part of the game: accessors that break on purpose, timers and events for which no queue had room, a new version that
 * fails at once.
 */
const isExpected = ({ what, error }: Exclude<ReportedEvent, { what: 'log' | 'console' }>): boolean =>
  what === 'upgrade-undone' ||
  (error instanceof GraftError && error.code === 'GRAFT_OVERLOADED') ||
  (error instanceof Error && causeOf(error).includes('on purpose'));

const kindOptions = (kind: Kind, { processes, shares }: Life): object => {
  if (kind === 'isolate') return { compartment: new IsolateMaker() };
  return {
    processes: { ...processes, ...(shares ? { groupOf: (name: string) => (name < 'p2' ? 'both' : name) } : {}) },
  };
};

/** Opens the folder's host and brings its memory to what the folder says. */
export const openWorld = async (options: WorldOptions): Promise<World> => {
  const { folder, kind, life } = options;
  const host = await createHost({
    store: `sqlite:${join(folder, 'fuzz.db')}`,
    registry: join(folder, 'registry.db'),
    entities: ENTITIES,
    report: (event) => {
      if (event.what !== 'log' && event.what !== 'console' && !isExpected(event))
        options.alarm(`the host reports ${event.what}: ${event.name}: ${errorText(event.error)}`);
    },
    ...kindOptions(kind, life),
  });
  const books = new Books(host, (id, move) => options.sent(id, move));
  const points = new Points(host, books, kind, options);
  await books.open();
  return { host, books, points };
};
