// Misbehaves: puts a script into a page, without the permission.

export const html = (document: object, { page }: { page: { edit(edits: readonly object[]): number } }): object => {
  page.edit([{ selector: 'p', n: 0, after: [{ tag: 'script', children: ['document.title = "taken"'] }] }]);
  return document;
};
