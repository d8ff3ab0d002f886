// What is said of a name that nothing has: which names there are, those most like it first, then by the alphabet.

import { shown } from './shown.ts';

const NAMES_MAX = 8;

/** How many characters two names begin with alike, whatever their case. */
const alike = (a: string, b: string): number => {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
};

/** The names there are, at most eight, and how many more. */
export const namesLike = (name: unknown, names: Iterable<string>): string => {
  const all = [...names];
  if (all.length === 0) return 'there is none';
  const wanted = typeof name === 'string' ? name.slice(0, 200) : '';
  const nearest = all
    .map((one) => ({ one, length: alike(one, wanted) }))
    .sort((a, b) => b.length - a.length || (a.one < b.one ? -1 : 1))
    .slice(0, NAMES_MAX)
    .map(({ one }) => (one.length > 100 ? `${one.slice(0, 99)}…` : one));
  const more = all.length > NAMES_MAX ? ` and ${all.length - NAMES_MAX} more` : '';
  return `there is ${nearest.join(', ')}${more}`;
};

/** `unknown option "lmits"; there is limits, name`: of a name that is not among `names`. */
export const unknownName = (what: string, name: unknown, names: Iterable<string>): string =>
  `unknown ${what} ${shown(name)}; ${namesLike(name, names)}`;
