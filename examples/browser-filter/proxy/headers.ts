// Headers as they cross the proxy: a flat list of names and values, in the order and the case in which they came.

/** Name, value, name, value, as Node's `rawHeaders`. */
export type RawHeaders = readonly string[];

/** Of one connection, not of the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade'],
]);

/** The pairs of a list. */
export const pairsOf = (headers: RawHeaders): [name: string, value: string][] =>
  Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i] as string, headers[2 * i + 1] as string]);

/** The first value of a header; undefined: there is none. */
export const headerOf = (headers: RawHeaders, name: string): string | undefined => {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]?.toLowerCase() === name) return headers[i + 1];
  return undefined;
};

/** All values of a header, in order. */
export const valuesOf = (headers: RawHeaders, name: string): string[] =>
  pairsOf(headers).flatMap(([other, value]) => (other.toLowerCase() === name ? [value] : []));

/** The headers of a message without those of its connection. */
export const endToEnd = (headers: RawHeaders): string[] => {
  const named = valuesOf(headers, 'connection').flatMap((value) => value.toLowerCase().split(/[\s,]+/));
  return without(headers, (name) => HOP_BY_HOP.has(name) || named.includes(name));
};

/** The headers whose names, in small letters, are not `left` out. */
export const without = (headers: RawHeaders, left: (name: string) => boolean): string[] => {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!left(name.toLowerCase())) kept.push(name, headers[i + 1] as string);
  }
  return kept;
};

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;

/** Whether a name and a value can stand in a message as one header: nothing in them ends a line. */
export const isHeader = (name: string, value: string): boolean =>
  TOKEN.test(name) && value.length <= 8192 && VALUE.test(value);

/** Changes to headers by name: a text sets one, null removes it. */
export type HeaderChanges = Readonly<Record<string, string | null>>;

/** The headers with changes made; the values of one that is set stand at its first place. */
export const changed = (headers: RawHeaders, changes: HeaderChanges): string[] => {
  const byName = new Map(Object.entries(changes).map(([name, value]) => [name.toLowerCase(), value]));
  if (byName.size === 0) return [...headers];
  const made: string[] = [];
  const stood = new Set<string>();
  for (const [name, value] of pairsOf(headers)) {
    const lower = name.toLowerCase();
    const other = byName.get(lower);
    if (other === undefined) made.push(name, value);
    else if (other !== null && !stood.has(lower)) made.push(name, other);
    stood.add(lower);
  }
  for (const [name, value] of Object.entries(changes))
    if (value !== null && !stood.has(name.toLowerCase())) made.push(name, value);
  return made;
};
