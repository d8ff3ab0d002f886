// The data set: airports and flights of the United States, from the npm package vega-datasets, in the application's own
// tables.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Host } from 'graftwork';
import { EntitySchema } from 'typeorm';

export const Airport = new EntitySchema({
  name: 'airport',
  columns: {
    iata: { type: 'text', primary: true },
    name: { type: 'text' },
    city: { type: 'text' },
    state: { type: 'text' },
  },
});

export const Flight = new EntitySchema({
  name: 'flight',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    date: { type: 'text' },
    origin: { type: 'text' },
    destination: { type: 'text' },
    distance: { type: 'integer' },
    delay: { type: 'integer' },
  },
  indices: [{ name: 'flight_origin', columns: ['origin'] }],
});

/** A downloaded query's record of its runs. */
export const QueryRun = new EntitySchema({
  name: 'query_run',
  columns: {
    query: { type: 'text', primary: true },
    runs: { type: 'integer' },
    flights: { type: 'integer' },
    answer: { type: 'text' },
  },
});

export const ENTITIES = [Airport, Flight, QueryRun];

interface FlightRow {
  date: string;
  delay: number;
  distance: number;
  origin: string;
  destination: string;
}

const read = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../data/${file}`, import.meta.resolve('vega-datasets'))), 'utf8');

/** Rows of a CSV file whose fields may be quoted. */
const csv = (text: string): string[][] =>
  text
    .trim()
    .split(/\r?\n/)
    .map((line) =>
      [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, field = '']) =>
        field.replace(/^"|"$/g, '').replaceAll('""', '"'),
      ),
    );

/** Fills the tables at the first start, in one transaction. Gives the numbers of flights and airports. */
export const importData = async (host: Host): Promise<{ flights: number; airports: number }> => {
  const [airport, flight] = [host.table('airport'), host.table('flight')];
  const flights = JSON.parse(read('flights-20k.json')) as FlightRow[];
  const [, ...airports] = csv(read('airports.csv'));
  if (flight.find({ limit: 1 }).length === 0) {
    await host.transaction(async (txn) => {
      for (const [iata = '', name = '', city = '', state = ''] of airports)
        await airport.in(txn).insert({ iata, name, city, state });
      for (const { date, origin, destination, distance, delay } of flights)
        await flight.in(txn).insert({ date, origin, destination, distance, delay });
    });
  }
  return { flights: flights.length, airports: airports.length };
};
