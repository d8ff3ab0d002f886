// Versions as npm orders them, by the npm package semver. The key: each number by its length and digits; then a release
// is after its pre-releases, whose parts are numbers first, then texts.

import { dataType } from 'graftwork-sdk';
import inc from 'semver/functions/inc.js';
import parse from 'semver/functions/parse.js';

interface Version {
  readonly version: string;
  readonly raw: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly prerelease: readonly (string | number)[];
  readonly build: readonly string[];
  compare(other: Version): number;
}

/** Numbers of up to 16 digits in their order. */
const number = (value: number): string => {
  const digits = String(value);
  return String.fromCharCode(96 + digits.length) + digits;
};

/** A space ends a part, and is before all that a part may hold; `#` and `$` put numbers before texts. */
const part = (one: string | number): string => (typeof one === 'number' ? `#${number(one)} ` : `$${one} `);

export const version = dataType<Version>({
  examples: [
    '1.2.3',
    '1.10.0',
    '1.9.0',
    '2.0.0-rc.1',
    '2.0.0-rc.10',
    '2.0.0-rc.2',
    '2.0.0-beta',
    '2.0.0',
    '0.0.1-a.b.c',
  ],
  parse: (text) => (text.length > 200 ? null : (parse(text) as Version | null)),
  format: ({ version }) => version,
  compare: (a, b) => a.compare(b),
  key: ({ major, minor, patch, prerelease }) =>
    `${number(major)}${number(minor)}${number(patch)}${prerelease.length === 0 ? '~' : prerelease.map(part).join('')}`,
  operators: {
    next: (a) => inc(a.version, 'patch') as string,
    major: (a) => a.major,
  },
});
