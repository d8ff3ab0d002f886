// Writes, and then calls a built-in that walks four thousand million holes of an array inside the engine. The generic
// built-ins that end a process or never come back are bounded in a plugin's realm and throw at once; this one just
// takes longer than anybody waits.

export const query = (_input: unknown, api: { flight: { update(where: object, changes: object): number } }) => {
  api.flight.update({ id: 3 }, { delay: 0 });
  return [Array(2 ** 32 - 1)].flat().length;
};
