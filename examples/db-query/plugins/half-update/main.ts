// Begins to halve the delays of every airport's flights, and throws in the middle.

interface Api {
  flight: { find(options: object): { id: number; delay: number }[]; update(where: object, changes: object): number };
}

export const query = (_input: unknown, api: Api) => {
  const flights = api.flight.find({ columns: ['id', 'delay'], where: { origin: 'LAS' }, limit: 100 });
  for (const [index, flight] of flights.entries()) {
    if (index === 50) throw new Error(`half of ${flights.length} flights are written`);
    api.flight.update({ id: flight.id }, { delay: Math.trunc(flight.delay / 2) });
  }
  return null;
};
