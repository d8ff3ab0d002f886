// Writes, and then answers something that is no table.

export const query = (_input: unknown, api: { flight: { update(where: object, changes: object): number } }) => {
  api.flight.update({ id: 2 }, { delay: -1 });
  return { query: 'nonsense', columns: ['answer'], rows: [[42, 'and one more field than there are columns']] };
};
