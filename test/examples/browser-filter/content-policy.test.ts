// What a page's policy gains for the injected script, and that it gains nothing else.

import { describe, expect, test } from '@jest/globals';
import { withContent } from '../../../examples/browser-filter/content/policy.ts';
import { Random } from '../../support/random.ts';

const NEEDS = {
  hash: "'sha256-abc='",
  realm: 'https://a.test/.well-known/graftwork/realm/0.js',
  trusted: 'graftwork-0',
};
const { hash: H, realm: R, trusted: T } = NEEDS;
const given = (header: string | undefined): string | undefined => withContent(header, NEEDS);

describe('a policy', () => {
  test.each([
    ['none', undefined, undefined],
    ['nothing about scripts', "img-src 'self'", "img-src 'self'"],
    ["default-src 'none'", "default-src 'none'", `default-src 'none'; script-src ${H} ${R}`],
    ["default-src 'self'", "default-src 'self'", `default-src 'self'; script-src 'self' ${H}`],
    ['nonces', "script-src 'nonce-x'", `script-src 'nonce-x' ${H} ${R}`],
    ['strict-dynamic', "script-src 'strict-dynamic' 'nonce-x'", `script-src 'strict-dynamic' 'nonce-x' ${H}`],
    ['inline scripts', "default-src 'self' 'unsafe-inline'", "default-src 'self' 'unsafe-inline'"],
    [
      'inline, but nonces',
      "script-src 'self' 'unsafe-inline' 'nonce-x'",
      `script-src 'self' 'unsafe-inline' 'nonce-x' ${H}`,
    ],
    [
      'elements apart',
      "default-src 'none'; script-src-elem 'self'",
      `default-src 'none'; script-src-elem 'self' ${H}; script-src ${R}`,
    ],
    ['workers apart', "script-src 'self'; worker-src 'none'", `script-src 'self' ${H}; worker-src ${R}`],
    ['frames and workers', "child-src b.test; script-src 'self'", `child-src b.test ${R}; script-src 'self' ${H}`],
    [
      'Trusted Types',
      "require-trusted-types-for 'script'; trusted-types 'none'",
      `require-trusted-types-for 'script'; trusted-types ${T}`,
    ],
    ['any Trusted Types', 'trusted-types *', 'trusted-types *'],
    [
      'two policies',
      "script-src 'self', default-src *",
      `script-src 'self' ${H}, default-src *; script-src * ${H}`.replace(', ', ','),
    ],
    [
      'letters of any size, and a second one that does not count',
      "Script-Src 'SELF'; script-src *",
      `script-src 'SELF' ${H}`,
    ],
  ])('with %s', (_what, before, after) => {
    expect(given(before)).toBe(after);
  });

  test('gains one hash, one address and one name at most, whatever it is, and loses nothing but none', () => {
    const names = [
      'default-src',
      'script-src',
      'script-src-elem',
      'worker-src',
      'child-src',
      'style-src',
      'trusted-types',
    ];
    const values = ["'none'", "'self'", "'unsafe-inline'", "'nonce-x'", "'strict-dynamic'", 'b.test', '*'];
    const random = new Random(1);
    for (let round = 0; round < 2000; round++) {
      const chosen = names.filter(() => random.chance(1 / 3));
      const before = chosen.map((name) => [name, ...values.filter(() => random.chance(1 / 4))].join(' ')).join('; ');
      const after = given(before) ?? '';
      const words = (text: string): string[] => text.split(/[;\s]+/).filter((word) => word !== '');
      const lost = words(before).filter((word) => word !== "'none'" && !words(after).includes(word));
      expect({ round, before, lost }).toEqual({ round, before, lost: [] });
      for (const one of [H, R, T]) expect(words(after).filter((word) => word === one).length).toBeLessThanOrEqual(1);
      // Directives that do not decide are as they were.
      for (const [i, name] of chosen.entries())
        if (name === 'style-src' || name === 'default-src') expect(after).toContain(before.split('; ')[i]);
    }
  });
});
