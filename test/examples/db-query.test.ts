// The sample server's plugins: what the README and the page promise of each.

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { page } from '../../examples/db-query/page.ts';
import { createHost } from '../../src/host/index.ts';
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
  const { body } = page(flights.host, 'http://127.0.0.1:1/"><script>', { flights: 20_000, airports: 3376 });
  expect(body).toContain('busiest-routes');
  expect(body).toContain('The busiest routes, with the cities they join and their mean delay.');
  expect(body).not.toContain('<script>');
});

test('a start that cannot be ends with one line: a port that is taken, a folder that another server has', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-flights-'));
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const main = fileURLToPath(new URL('../../examples/db-query/main.ts', import.meta.url));
  const start = (env: Record<string, string>) =>
    promisify(execFile)(process.execPath, [main], { env: { ...process.env, GRAFTWORK_DATA: folder, ...env } }).then(
      () => 'started',
      ({ code, stderr }: { code: number; stderr: string }) => [code, stderr],
    );
  try {
    expect(await start({ PORT: `${port}` })).toEqual([
      1,
      expect.stringMatching(new RegExp(`^GRAFT_BAD_OPTION: port ${port} of 127.0.0.1 is in use[^\\n]*\\n$`)),
    ]);
    const other = await createHost({ store: `sqlite:${join(folder, 'flights.db')}` });
    expect(await start({ PORT: '0' })).toEqual([1, expect.stringMatching(/^GRAFT_IN_USE: [^\n]*\n$/)]);
    await other.close();
  } finally {
    taken.close();
    rmSync(folder, { recursive: true });
  }
});
