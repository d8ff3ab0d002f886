// JSON text in which every key stands once. JSON.parse keeps the last of two equal keys and other readers the first, so
// a manifest with both could be approved as one thing and run as another.
//
// JSON.parse decides whether the text is JSON at all; the scanner then walks text known to be valid, so it only has to
// find the keys.

/** Where a JSON string that begins at `start` ends: the index of its closing quote. */
function stringEnd(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

const isKey = (text: string, end: number): boolean => {
  let i = end + 1;
  while (text[i] === ' ' || text[i] === '\n' || text[i] === '\r' || text[i] === '\t') i++;
  return text[i] === ':';
};

function keyFault(text: string, depth_max: number): string | null {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') {
      if (open.push(new Set()) > depth_max) return `nested deeper than ${depth_max}`;
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = stringEnd(text, i);
      if (isKey(text, end)) {
        const key = JSON.parse(text.slice(i, end + 1)) as string;
        const keys = open.at(-1) as Set<string>;
        if (keys.has(key)) return `the key ${JSON.stringify(key)} stands twice`;
        keys.add(key);
      }
      i = end;
    }
  }
  return null;
}

/**
 * Parses JSON text. `fault` says why it is refused: no JSON, a key that stands twice in its object, or nested deeper
 * than `depth_max`.
 */
export function parseUniqueJson(
  text: string,
  depth_max: number,
): { value: unknown; fault: null } | { value: null; fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { value: null, fault: `not JSON: ${(error as Error).message}` };
  }
  const fault = keyFault(text, depth_max);
  return fault === null ? { value, fault } : { value: null, fault };
}
