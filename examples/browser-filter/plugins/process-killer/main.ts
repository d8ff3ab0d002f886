// Misbehaves: rewrites a page, then calls a built-in that walks four thousand million places inside the engine, which
// nothing but the end of the process stops.

export const html = (_document: object, { page }: { page: { edit(edits: readonly object[]): number } }): unknown => {
  page.edit([{ selector: 'p', n: 0, inner: ['killed'] }]);
  return [Array(2 ** 32 - 1)].flat().length;
};
