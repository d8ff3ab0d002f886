// Makes a host: its options checked, its store and its registry opened, in this order; what fails closes what is open.

import { Transactions } from '../txn/index.ts';
import { Host } from './host.ts';
import { HostEvents, toStandardError } from './host-event.ts';
import { machineClock } from './machine-clock.ts';
import { checkHostOptions, DEFAULT_STORE, type HostOptions } from './options.ts';
import { memoryRegistry, type Registry } from './registry.ts';
import { openRegistry, openStore } from './store/index.ts';

/** Makes a host. Throws GRAFT_BAD_OPTION for options that are unknown or not allowed, and the store's coded errors. */
export const createHost = async (options: HostOptions = {}): Promise<Host> => {
  checkHostOptions(options);
  const events = new HostEvents(options.report ?? toStandardError);
  const report = events.tell;
  const transactions = new Transactions({
    clock: machineClock,
    report: ({ what, operation, error }) => report({ what, name: operation, error }),
  });
  const url = options.store ?? DEFAULT_STORE;
  const store =
    url === 'memory'
      ? null
      : await openStore(url, {
          transactions,
          entities: options.entities ?? null,
          maySynchronize: options.maySynchronize ?? false,
          report: (error) => report({ what: 'store-failed', name: 'store', error }),
        });
  let registry: Registry | null = null;
  try {
    registry =
      options.registry === undefined
        ? memoryRegistry()
        : await openRegistry(options.registry, {
            report: (error) => report({ what: 'store-failed', name: 'registry', error }),
          });
    const kept = { plugins: registry.plugins(), missing: registry.missing() };
    return new Host(options, transactions, store, registry, kept, events);
  } catch (error) {
    await registry?.close();
    await store?.close();
    throw error;
  }
};
