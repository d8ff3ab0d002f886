// Writes, and then calls a built-in that walks 2^53 indexes inside the engine, where no time-out of the engine reaches.

export const query = (_input: unknown, api: { flight: { update(where: object, changes: object): number } }) => {
  api.flight.update({ id: 3 }, { delay: 0 });
  return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
};
