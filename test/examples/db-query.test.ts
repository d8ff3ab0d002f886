// The sample server's plugins: what the README and the page promise of each.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { page } from '../../examples/db-query/page.ts';
import { type Flights, openFlights } from '../support/flights.ts';

let flights: Flights;
let digest: string;

beforeAll(async () => {
  flights = await openFlights();
  digest = flights.digest();
});

afterAll(() => flights.close());

/** The busiest routes, counted here from the package's own file. */
const busiest = (): { origin: string; destination: string; flights: number }[] => {
  const file = fileURLToPath(new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets')));
  const counts = new Map<string, number>();
  for (const { origin, destination } of JSON.parse(readFileSync(file, 'utf8')) as {
    origin: string;
    destination: string;
  }[]) {
    counts.set(`${origin} ${destination}`, (counts.get(`${origin} ${destination}`) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([key, count]) => ({ origin: key.slice(0, 3), destination: key.slice(4), flights: count }));
};

describe('the honest query', () => {
  test('answers what the data say, and remembers its runs', async () => {
    await flights.install('busiest-routes');
    const first = await flights.point.invoke({ query: 'busiest-routes', parameters: { top: 5 } });
    expect(first.status).toBe('committed');
    if (first.status !== 'committed') return;
    expect(first.value.rows.map((row) => row[2])).toEqual(
      busiest()
        .slice(0, 5)
        .map((route) => route.flights),
    );
    await flights.point.call({ query: 'busiest-routes' });
    expect(flights.runs()).toBe(2);
  });

  test('refuses a parameter on purpose, and stays', async () => {
    const outcome = await flights.point.invoke({ query: 'busiest-routes', parameters: { top: 0 } });
    expect(outcome).toMatchObject({ status: 'refused', refusal: { code: 'bad-parameter' } });
    expect((await flights.point.invoke({ query: 'busiest-routes' })).status).toBe('committed');
  });
});

describe.each([
  ['half-update', 'thrown', 'half of 100 flights are written'],
  ['lock-hoarder', 'own-time', ''],
  ['nonsense', 'invalid-answer', 'a row has as many fields as there are columns'],
  ['process-killer', 'own-time', ''],
])('%s', (query, reason, detail) => {
  test(`ends as ${reason}, the default answers, nothing has changed, the honest one is served meanwhile`, async () => {
    await flights.install(query);
    const [outcome, honest] = await Promise.all([
      flights.point.invoke({ query }),
      flights.point.invoke({ query: 'busiest-routes' }),
    ]);
    expect(outcome).toMatchObject({
      status: 'default',
      value: { columns: ['table', 'rows'] },
      grafts: [{ graft: `${query}#query`, status: 'aborted', reason, removed: true }],
    });
    expect(outcome.grafts[0]?.undone.records).toBeGreaterThan(0);
    expect(outcome.grafts[0]?.detail ?? '').toContain(detail);
    expect(flights.digest()).toBe(digest);
    expect(honest.status).toBe('committed');
    const [record] = await flights.host.aborts({ limit: 1 });
    expect(record).toMatchObject({ graft: `${query}#query`, reason });
  });
});

test('an abort names the file and the line of the author', async () => {
  const records = await flights.host.aborts();
  const source = records.find((record) => record.graft === 'half-update#query')?.source ?? '';
  const lines = readFileSync(
    fileURLToPath(new URL('../../examples/db-query/plugins/half-update/main.ts', import.meta.url)),
    'utf8',
  ).split('\n');
  const line = lines.findIndex((text) => text.includes('throw new Error')) + 1;
  expect(source).toMatch(new RegExp(`^main\\.ts:${line}:\\d+$`));
});

test('the page tells what stands here, and nothing that is written into a page can leave its place', () => {
  const html = page(flights.host, 'http://127.0.0.1:1/"><script>', { flights: 20_000, airports: 3376 });
  expect(html).toContain('busiest-routes');
  expect(html).not.toContain('<script>');
});
