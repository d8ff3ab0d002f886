// The sample server's host in a temporary folder, without its HTTP: flights, the point db/query, and the sample
// plugins.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENTITIES, importData } from '../../examples/db-query/data.ts';
import { declarePoint, type Query, type Table } from '../../examples/db-query/point.ts';
import { createHost, type Host, type HostPoint } from '../../src/host/index.ts';

export interface Flights {
  readonly host: Host;
  readonly point: HostPoint<Query, Table>;
  /** Of all rows of all flights. */
  digest(): string;
  runs(): number;
  install(sample: string): Promise<void>;
  close(): Promise<void>;
}

export const openFlights = async (): Promise<Flights> => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-flights-'));
  const host = await createHost({
    store: `sqlite:${join(folder, 'flights.db')}`,
    registry: join(folder, 'registry.db'),
    entities: ENTITIES,
    report: () => {},
  });
  const size = await importData(host);
  const point = declarePoint(host, size);
  return {
    host,
    point,
    digest: () =>
      createHash('sha256')
        .update(JSON.stringify(host.table('flight').find({ limit: 1_000_000 })))
        .digest('hex'),
    runs: () => (host.table('query_run').find()[0]?.runs as number | undefined) ?? 0,
    install: async (sample) => {
      await host.install(fileURLToPath(new URL(`../../examples/db-query/plugins/${sample}`, import.meta.url)));
    },
    close: async () => {
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
