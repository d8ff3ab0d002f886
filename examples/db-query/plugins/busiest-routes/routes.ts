// Flights counted by route: which ones are flown most, and how late they are.

export interface Flight {
  origin: string;
  destination: string;
  delay: number;
}

export interface Route {
  origin: string;
  destination: string;
  flights: number;
  meanDelay: number;
}

/** Counts flights and sums their delays, route by route. */
export class Routes {
  flights = 0;
  readonly #routes = new Map<string, { origin: string; destination: string; flights: number; delay: number }>();

  add({ origin, destination, delay }: Flight): void {
    this.flights++;
    const key = `${origin} ${destination}`;
    const route = this.#routes.get(key);
    if (route === undefined) this.#routes.set(key, { origin, destination, flights: 1, delay });
    else {
      route.flights++;
      route.delay += delay;
    }
  }

  /**
   * The routes with the most flights; of equals, the first in alphabetical order. Mean delays to a tenth of a minute.
   */
  busiest(top: number): Route[] {
    return [...this.#routes.entries()]
      .sort(([a, x], [b, y]) => y.flights - x.flights || (a < b ? -1 : 1))
      .slice(0, top)
      .map(([, { origin, destination, flights, delay }]) => ({
        origin,
        destination,
        flights,
        meanDelay: Math.round((delay / flights) * 10) / 10,
      }));
  }
}
