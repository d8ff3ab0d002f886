// Replaces a text, and loops for ever.

interface Page {
  query(selector: string): number[];
  replace(element: number, from: string, to: string): number;
}

export const rewrite = (_input: { url: string }, { page }: { page: Page }): void => {
  for (const element of page.query('p')) page.replace(element, 'the', 'THE');
  for (;;);
};
