// Text of a plugin that people will read: in a log, in a terminal, in a page.

/** Control characters, line separators, and marks that turn the direction of text; not tab and line feed. */
const UNSEEN = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** `text` with what would move a cursor, forge a line or turn the text around replaced by U+FFFD. */
export const cleaned = (text: string): string => text.replace(UNSEEN, '\ufffd');
