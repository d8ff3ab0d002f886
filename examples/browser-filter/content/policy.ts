// A page's Content-Security-Policy with what the injected script needs, and nothing else: the script's own hash, the
// exact address of the realm, and, where the page limits the names of its policies for Trusted Types, one name. What a
// policy allows already is not added.
//
// A policy is changed in the directive that decides, never in one that others fall back to as well: a hash in
// `default-src` would end `'unsafe-inline'` for styles.

type Directives = [name: string, values: string[]][];

/** What the page's policy gains. */
export interface Needs {
  /** `'sha256-…'` of the inline script. */
  readonly hash: string;
  /** The address of the realm's script. */
  readonly realm: string;
  /** The name of the script's policy for Trusted Types. */
  readonly trusted: string;
}

const parsed = (policy: string): Directives => {
  const seen = new Set<string>();
  return policy
    .split(';')
    .map((text) => text.trim().split(/\s+/))
    .filter(([name = '']) => name !== '' && !seen.has(name.toLowerCase()) && seen.add(name.toLowerCase()) !== null)
    .map(([name = '', ...values]) => [name.toLowerCase(), values]);
};

const valuesOf = (directives: Directives, name: string): string[] | undefined =>
  directives.find(([other]) => other === name)?.[1];

const has = (values: readonly string[], keyword: string): boolean =>
  values.some((value) => value.toLowerCase() === keyword);

const isHashOrNonce = (value: string): boolean => /^'(nonce|sha256|sha384|sha512)-/i.test(value);

const add = (values: string[], value: string): void => {
  const none = values.findIndex((one) => one.toLowerCase() === "'none'");
  if (none >= 0) values.splice(none, 1);
  values.push(value);
};

/** Adds a value to the first directive that is there, or to what it has of `default-src`, unless it is allowed. */
const grant = (
  directives: Directives,
  names: readonly string[],
  value: string,
  isAllowed: (values: readonly string[]) => boolean,
): void => {
  const name = [...names, 'default-src'].find((other) => valuesOf(directives, other) !== undefined) ?? '';
  const values = valuesOf(directives, name);
  if (values === undefined || isAllowed(values)) return;
  if (name !== 'default-src') return add(values, value);
  const own = [...values];
  add(own, value);
  directives.push(['script-src', own]);
};

/** `'unsafe-inline'` counts where nothing stricter stands beside it. */
const allowsInline = (values: readonly string[]): boolean =>
  has(values, "'unsafe-inline'") && !has(values, "'strict-dynamic'") && !values.some(isHashOrNonce);

/** Under `'strict-dynamic'` a script that is trusted may start a worker from anywhere. */
const allowsRealm = (values: readonly string[]): boolean =>
  has(values, "'self'") || has(values, '*') || has(values, "'strict-dynamic'");

const one = (policy: string, { hash, realm, trusted }: Needs): string => {
  const directives = parsed(policy);
  const before = JSON.stringify(directives);
  grant(directives, ['script-src-elem', 'script-src'], hash, allowsInline);
  grant(directives, ['worker-src', 'child-src', 'script-src'], realm, allowsRealm);
  const names = valuesOf(directives, 'trusted-types');
  if (names !== undefined && !has(names, '*')) add(names, trusted);
  if (JSON.stringify(directives) === before) return policy;
  return directives.map(([name, values]) => [name, ...values].join(' ')).join('; ');
};

/** The value of a policy's header, of one policy or more, with what the script needs. None stays none. */
export const withContent = (header: string | undefined, needs: Needs): string | undefined =>
  header
    ?.split(',')
    .map((policy) => one(policy, needs))
    .join(',');
