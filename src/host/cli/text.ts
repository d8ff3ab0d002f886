// Text for a terminal. Text of a plugin (names, details of errors) could contain control characters that move the
// cursor or forge lines, and marks that turn the direction of text; they are shown escaped.

/** `text` with control characters, line separators and direction marks escaped. */
export const visible = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );

/** Rows under a head, columns aligned, two spaces between them. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const cells = [head, ...rows].map((row) => row.map(visible));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

/** Plain data as JSON on several lines. */
export const pretty = (value: unknown): string =>
  JSON.stringify(value ?? null, null, 2)
    .split('\n')
    .map(visible)
    .join('\n');
