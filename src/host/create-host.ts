// Makes a host: its options checked, its store and its registry opened, in this order; what fails closes what is open.

import { Transactions } from '../txn/index.ts';
import { Host } from './host.ts';
import { type HostEvent, HostEvents, toStandardError } from './host-event.ts';
import { machineClock } from './machine-clock.ts';
import { checkHostOptions, DEFAULT_STORE, type HostOptions } from './options.ts';
import { memoryRegistry, type Registry } from './registry.ts';
import { isPostgres, openPostgres, openRegistry, openStore, type Store } from './store/index.ts';

/** Makes a host. Throws GRAFT_BAD_OPTION for options that are unknown or not allowed, and the store's coded errors. */
export const createHost = async (options: HostOptions = {}): Promise<Host> => {
  checkHostOptions(options);
  const events = new HostEvents(options.report ?? toStandardError);
  const report = events.tell;
  const transactions = new Transactions({
    clock: machineClock,
    report: ({ what, operation, error }) => report({ what, name: operation, error }),
  });
  const store = await storeOf(options, transactions, report);
  let registry: Registry | null = null;
  try {
    registry = await registryOf(options, store, report);
    const kept = { plugins: registry.plugins(), missing: registry.missing() };
    return new Host(options, transactions, store, registry, kept, events);
  } catch (error) {
    await registry?.close();
    await store?.close();
    throw error;
  }
};

type Reporting = (event: HostEvent) => void;

/** Null: none. */
const storeOf = async (
  { store: where = DEFAULT_STORE, entities, maySynchronize = false }: HostOptions,
  transactions: Transactions,
  report: Reporting,
): Promise<Store | null> => {
  if (where === 'memory') return null;
  const failed = (error: unknown): void => report({ what: 'store-failed', name: 'store', error });
  const options = { transactions, entities: entities ?? null, maySynchronize, report: failed };
  return isPostgres(where) ? openPostgres(where, options) : openStore(where, options);
};

/** In a file; or else in the store's database where that is PostgreSQL; or else in memory. */
const registryOf = async ({ registry }: HostOptions, store: Store | null, report: Reporting): Promise<Registry> => {
  if (registry === undefined) return store?.registry ?? memoryRegistry();
  return openRegistry(registry, { report: (error) => report({ what: 'store-failed', name: 'registry', error }) });
};
