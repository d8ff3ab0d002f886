// Removes notices about cookies that stand in a page, and hides those that a script would put there.

interface Api {
  readonly page: {
    select(selects: readonly object[]): { selected: { elements: { n: number }[] }[] };
    edit(edits: readonly object[]): number;
    hide(selectors: readonly string[]): void;
  };
}

const NOTICES = [
  ...['#cookie-notice', '#cookie-banner', '#cookie-law-info-bar', '#onetrust-consent-sdk', '#CybotCookiebotDialog'],
  ...['.cookie-notice', '.cookie-banner', '.cookie-consent', '.cc-window', '.fc-consent-root', '.qc-cmp2-container'],
];

export const html = (document: object, { page }: Api): object => {
  const { selected } = page.select(NOTICES.map((selector) => ({ selector })));
  const edits = selected.flatMap(({ elements }, i) =>
    elements.map(({ n }) => ({ selector: NOTICES[i], n, do: 'remove' })),
  );
  if (edits.length > 0) page.edit(edits);
  page.hide(NOTICES);
  return document;
};
