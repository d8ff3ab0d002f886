// Takes the lock of the writer by writing, and never lets go.

export const query = (_input: unknown, api: { flight: { update(where: object, changes: object): number } }) => {
  api.flight.update({ id: 1 }, { delay: 9999 });
  for (;;);
};
