// A reader of markup as strict as XML's, for what the report and its plots write: every tag closed in order, attributes
// quoted, no bare `<`.

const TAG = /<(\/?)([a-z][\w:]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gi;

/** HTML's elements that have no end. */
const VOID = new Set(['meta']);

/** What is wrong with the nesting of `text`, or an empty text. */
export const markupFault = (text: string): string => {
  const body = text.replace(/^<!doctype html>\n/, '').replace(/<style>[^<]*<\/style>/, '');
  const open: string[] = [];
  for (const [tag, close, name = '', , empty] of body.matchAll(TAG)) {
    if (close === '/' && open.pop() !== name) return `${tag} closes what is not open`;
    if (close === '' && empty === '' && !VOID.has(name)) open.push(name);
  }
  if (open.length > 0) return `${open.join(', ')} stays open`;
  return /<.{0,40}/.exec(body.replace(TAG, ''))?.[0] ?? '';
};
