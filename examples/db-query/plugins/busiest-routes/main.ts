// An honest downloaded query: reads flights page by page, joins them with airports, aggregates, and records its run in
// a table of its own.

import { refuse } from 'graftwork-sdk';
import { type Flight, Routes } from './routes.ts';

interface Api {
  airport: { find(options: object): { iata: string; city: string }[] };
  flight: { find(options: object): Flight[] };
  query_run: {
    find(options: object): { runs: number }[];
    insert(row: object): unknown;
    update(where: object, changes: object): number;
  };
  log(text: string): void;
}

const PAGE = 1000;

export const query = (input: { query: string; parameters?: { top?: number } }, api: Api) => {
  const top = input.parameters?.top ?? 10;
  if (!Number.isInteger(top) || top < 1 || top > 100)
    return refuse('bad-parameter', 'top is a whole number from 1 to 100');

  const routes = new Routes();
  for (let offset = 0; ; offset += PAGE) {
    const flights = api.flight.find({
      columns: ['origin', 'destination', 'delay'],
      orderBy: [{ column: 'id' }],
      limit: PAGE,
      offset,
    });
    for (const flight of flights) routes.add(flight);
    if (flights.length < PAGE) break;
  }

  const busiest = routes.busiest(top);
  const ends = [...new Set(busiest.flatMap((route) => [route.origin, route.destination]))];
  const cities = new Map(
    api.airport
      .find({ columns: ['iata', 'city'], where: { iata: { op: 'in', value: ends } } })
      .map((airport) => [airport.iata, airport.city]),
  );
  const rows = busiest.map((route) => [
    cities.get(route.origin) ?? null,
    cities.get(route.destination) ?? null,
    route.flights,
    route.meanDelay,
  ]);

  const answer = `${rows[0]?.[0]} to ${rows[0]?.[1]}`;
  const [last] = api.query_run.find({ where: { query: input.query } });
  if (last === undefined) api.query_run.insert({ query: input.query, runs: 1, flights: routes.flights, answer });
  else api.query_run.update({ query: input.query }, { runs: last.runs + 1, flights: routes.flights, answer });
  api.log(`${routes.flights} flights, ${rows.length} routes`);
  return { query: input.query, columns: ['from', 'to', 'flights', 'mean delay, minutes'], rows };
};
