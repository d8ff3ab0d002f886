// Misbehaves: rewrites a page, then loops for ever.

export const html = (_document: object, { page }: { page: { edit(edits: readonly object[]): number } }): never => {
  page.edit([{ selector: 'p', n: 0, inner: ['looped'] }]);
  for (;;);
};
