// What the text of a statement says before SQLite reads it: that it is one statement, and which names it qualifies. It
// is the wall that knows nothing of SQLite's: the others are authorizer.ts and plan.ts.

/** Blanks and comments; texts and names in quotes; words; anything else, by itself. */
const TOKEN =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|[\w$\u0080-\uffff]+|./g;

const isBlank = (token: string): boolean => /^(\s|--|\/\*)/.test(token);

const unquoted = (token: string): string => token.replace(/^['"`[]|['"`\]]$/g, '').toLowerCase();

/** Schemas that a graft has no names of: what it may read has names of its own, which hide those. */
const SCHEMAS = ['main', 'temp'];

/** Why a text is not one that may run; null: it may be looked at further. */
export const faultOfText = (text: string): string | null => {
  const tokens = (text.match(TOKEN) ?? []).filter((token) => !isBlank(token));
  while (tokens.at(-1) === ';') tokens.pop();
  if (tokens.includes(';')) return 'one statement at a time';
  if (!/^(select|values|with)$/i.test(tokens[0] ?? '')) return 'a statement begins with SELECT, VALUES or WITH';
  const qualified = tokens.find((token, at) => tokens[at + 1] === '.' && SCHEMAS.includes(unquoted(token)));
  return qualified === undefined ? null : `tables go by their names alone, without ${unquoted(qualified)}`;
};

/** A text without the semicolons at its end. */
export const trimmed = (text: string): string => text.replace(/[\s;]+$/, '');
