// Marks words of a glossary wherever a paragraph, a list or a heading has them, with what they mean.

interface Page {
  query(selector: string): number[];
  annotate(element: number, word: string, note: string): number;
}

const GLOSSARY: readonly (readonly [word: string, note: string])[] = [
  ['transaction', 'All of it, or nothing.'],
  ['graft', 'A function of a plugin.'],
];

export const highlight = (_input: { url: string }, { page }: { page: Page }): void => {
  for (const element of page.query('p, li, h1, h2, h3'))
    for (const [word, note] of GLOSSARY) page.annotate(element, word, note);
};
