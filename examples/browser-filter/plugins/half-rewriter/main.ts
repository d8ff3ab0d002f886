// Misbehaves: rewrites half of a page, then throws.

interface Page {
  edit(edits: readonly object[]): number;
  hide(selectors: readonly string[]): void;
}

export const html = (_document: object, { page }: { page: Page }): never => {
  page.edit([{ selector: 'p', n: 0, do: 'remove' }]);
  page.edit([{ selector: 'h1', n: 0, inner: ['half'] }]);
  page.hide(['body']);
  throw new Error('half done');
};
