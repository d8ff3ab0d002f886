// The graft point `db/query`: downloaded queries over the flights. A query is a plugin; `input.query` says which one
// answers. It runs next to the data, in a transaction: its writes are kept if its answer is good, and undone if not.

import type { Host, HostPoint } from 'graftwork';
import { z } from 'zod';

const Input = z.strictObject({
  query: z.string().max(100),
  parameters: z.record(z.string().max(50), z.union([z.string().max(200), z.number()])).optional(),
});
const Scalar = z.union([z.string().max(500), z.number(), z.null()]);
const Output = z.strictObject({
  query: z.string(),
  columns: z.array(z.string().max(100)).max(20),
  rows: z.array(z.array(Scalar).max(20)).max(1000),
});

export type Query = z.infer<typeof Input>;
export type Table = z.infer<typeof Output>;

/** Declares the point. The default answers with the names of the queries. */
export const declarePoint = (host: Host, size: { flights: number; airports: number }): HostPoint<Query, Table> =>
  host.graftPoint({
    name: 'db/query',
    describes: 'A downloaded query over airports and flights; input.query names the plugin.',
    kind: 'function',
    input: Input,
    output: Output,
    select: (input) => input.query,
    default: (input) => ({
      query: input.query,
      columns: ['table', 'rows'],
      rows: [
        ['airport', size.airports],
        ['flight', size.flights],
      ],
    }),
    check: (answer) =>
      answer.rows.every((row) => row.length === answer.columns.length) ||
      'a row has as many fields as there are columns',
    callable: {
      airport: host.table('airport').callables({ read: 'all' }),
      flight: host.table('flight').callables({ read: 'all', write: ['delay'] }),
      query_run: host.table('query_run').callables({ read: 'all', write: 'all', insert: true }),
      log: host.log,
    },
    limits: { own_ms: 500, total_ms: 5000, calls: 200, writes: 2000 },
  });
