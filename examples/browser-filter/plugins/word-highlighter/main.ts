// Marks words in the texts of a page. Which ones is kept in the plugin's storage, under `words`.

interface Api {
  readonly page: {
    select(selects: readonly object[]): { selected: { texts: { n: number; text: string }[] }[] };
    edit(edits: readonly object[]): number;
  };
  readonly storage: { get(key: string): unknown };
}

const selector = 'p, li, td, dd, blockquote, h1, h2, h3, h4';
const WORDS = ['transaction', 'plugin'];

type Part = string | { tag: string; children: string[] };

/** A text with its words marked; null: it has none. */
const marked = (text: string, words: RegExp): Part[] | null => {
  const pieces = text.split(words);
  return pieces.length === 1
    ? null
    : pieces.map((piece, i) => (i % 2 === 0 ? piece : { tag: 'mark', children: [piece] }));
};

export const html = (document: object, { page, storage }: Api): object => {
  const kept = storage.get('words');
  const words = (Array.isArray(kept) ? kept : WORDS).map((word) => RegExp.escape(String(word)));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
  const texts = page.select([{ selector, text: true }]).selected[0]?.texts ?? [];
  const edits = texts.flatMap(({ n, text }) => {
    const parts = marked(text, pattern);
    return parts === null ? [] : [{ selector, text: n, parts }];
  });
  if (edits.length > 0) page.edit(edits);
  return document;
};
