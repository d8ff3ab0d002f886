// Leaves the article of a page: what stands around it is removed, where the page says which part the article is and
// there is enough of it.

interface Api {
  readonly page: {
    select(selects: readonly object[]): { selected: { elements: { n: number }[]; texts: { text: string }[] }[] };
    edit(edits: readonly object[]): number;
  };
}

const AROUND = ['nav', 'aside', 'footer', 'form', 'iframe', '[role="banner"]', '[role="complementary"]'];
const ARTICLE_MIN = 500;

export const html = (document: object, { page }: Api): object => {
  const selects = [{ selector: 'article p, main p', text: true }, ...AROUND.map((selector) => ({ selector }))];
  const [article, ...around] = page.select(selects).selected;
  const length = (article?.texts ?? []).reduce((sum, { text }) => sum + text.length, 0);
  if (length < ARTICLE_MIN) return document;
  const edits = around.flatMap(({ elements }, i) =>
    elements.map(({ n }) => ({ selector: AROUND[i], n, do: 'remove' })),
  );
  if (edits.length > 0) page.edit(edits);
  return document;
};
