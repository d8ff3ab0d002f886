// Hides half of the paragraphs, and throws.

interface Page {
  query(selector: string): number[];
  hide(element: number): void;
}

export const clean = (_input: { url: string }, { page }: { page: Page }): void => {
  const paragraphs = page.query('p');
  for (const element of paragraphs.slice(0, Math.ceil(paragraphs.length / 2))) page.hide(element);
  throw new Error('half done');
};
