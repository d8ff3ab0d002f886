// The sample types of examples/db-query: as plugins, with random texts of their values, and how those are in order by
// another way than the type's own.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EntitySchema } from 'typeorm';
import type { Random } from '../../support/random.ts';

const require = createRequire(import.meta.url);
const FOLDER = fileURLToPath(new URL('../../../examples/db-query/plugins/', import.meta.url));

/** The files of an npm package, below node_modules. */
const moduleFiles = (name: string): Record<string, string> => {
  const root = dirname(require.resolve(`${name}/package.json`));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => /\.js(on)?$/.test(file));
  return Object.fromEntries(
    files.map((file) => [`node_modules/${name}/${file}`, readFileSync(join(root, file), 'utf8')]),
  );
};

export interface TypePlugin {
  readonly manifest: Record<string, unknown>;
  readonly files: Record<string, string>;
}

/** A sample as `npm install` in its folder would make it. */
export const samplePlugin = (name: string): TypePlugin => {
  const read = (file: string): string => readFileSync(join(FOLDER, `type-${name}`, file), 'utf8');
  const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;
  const modules = Object.keys((manifest.dependencies as object | undefined) ?? {}).map(moduleFiles);
  return { manifest, files: Object.assign({ 'main.ts': read('main.ts') }, ...modules) };
};

const compareSemver = require('semver/functions/compare') as (a: string, b: string) => number;

/** Below 0, 0 or above, of the first two parts that differ. */
const byParts = <T extends string | number | bigint>(a: readonly T[], b: readonly T[]): number => {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i], b[i]];
    if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1;
    if (one !== other) return one < other ? -1 : 1;
  }
  return 0;
};

const networkParts = (text: string): bigint[] => {
  const [host = '', prefix = ''] = text.split('/');
  const isFour = !host.includes(':');
  const parts = isFour ? host.split('.').map(Number) : host.split(':').map((group) => Number.parseInt(group, 16));
  return [isFour ? 4n : 6n, ...parts.map(BigInt), BigInt(prefix)];
};

/** Bits of both coordinates in turn, from the highest. */
const pointParts = (text: string): number[] => {
  const [north = 0, east = 0] = text.split(',').map(Number);
  const bits = (value: number): string =>
    Math.round(value * 100_000)
      .toString(2)
      .padStart(26, '0');
  const [one, other] = [bits(north + 90), bits(east + 180)];
  return [...one].flatMap((bit, i) => [Number(bit), Number(other[i])]);
};

const moneyParts = (text: string): [string, bigint] => [text.slice(0, 3), BigInt(text.slice(4).replace('.', ''))];

const ROMAN: Readonly<Record<string, number>> = { I: 1, V: 5, X: 10, L: 50, C: 100, D: 500, M: 1000 };
const romanNumber = (text: string): number =>
  [...text].reduce((sum, letter, i) => {
    const worth = ROMAN[letter] as number;
    return sum + (worth < (ROMAN[text[i + 1] ?? ''] ?? 0) ? -worth : worth);
  }, 0);
const romanText = (value: number): string => {
  const digits = ['', 'a', 'aa', 'aaa', 'ab', 'b', 'ba', 'baa', 'baaa', 'ac'];
  const of = (digit: number, [a, b, c]: readonly [string, string, string]): string =>
    (digits[digit] as string).replace(/[abc]/g, (one) => (one === 'a' ? a : one === 'b' ? b : c));
  return (
    'M'.repeat(Math.floor(value / 1000)) +
    of(Math.floor(value / 100) % 10, ['C', 'D', 'M']) +
    of(Math.floor(value / 10) % 10, ['X', 'L', 'C']) +
    of(value % 10, ['I', 'V', 'X'])
  );
};

export interface Sample {
  readonly name: string;
  /** A text as the type itself writes it. */
  text(random: Random): string;
  compare(a: string, b: string): number;
}

const TAGS = ['alpha', 'beta', 'rc', 'x-y', '0a', '-', 'A'];

export const SAMPLES: readonly Sample[] = [
  {
    name: 'version',
    text: (random) => {
      const number = (): number => random.below(random.below(3) === 0 ? 100_000 : 20);
      const part = (): string =>
        random.below(2) === 0 ? String(number()) : (TAGS[random.below(TAGS.length)] as string);
      const tail = Array.from({ length: random.below(2) * (1 + random.below(3)) }, part);
      return `${number()}.${number()}.${number()}${tail.length === 0 ? '' : `-${tail.join('.')}`}`;
    },
    compare: compareSemver,
  },
  {
    name: 'network',
    text: (random) => {
      const prefix = random.below(25);
      if (random.below(2) === 0) {
        const bytes = Array.from({ length: 4 }, (_, i) => (8 * (i + 1) <= prefix ? random.below(256) : 0));
        return `${bytes.join('.')}/${prefix}`;
      }
      const groups = Array.from({ length: 8 }, (_, i) => (16 * (i + 1) <= prefix ? random.below(65_536) : 0));
      return `${groups.map((group) => group.toString(16)).join(':')}/${prefix}`;
    },
    compare: (a, b) => byParts(networkParts(a), networkParts(b)),
  },
  {
    name: 'point',
    text: (random) =>
      `${(random.below(18_000_001) - 9_000_000) / 1e5},${(random.below(36_000_001) - 18_000_000) / 1e5}`,
    compare: (a, b) => byParts(pointParts(a), pointParts(b)),
  },
  {
    name: 'money',
    text: (random) => {
      const cents = random.below(random.below(2) === 0 ? 1000 : 2 ** 31);
      const sign = cents > 0 && random.below(3) === 0 ? '-' : '';
      const currency = ['EUR', 'USD', 'CHF'][random.below(3)];
      return `${currency} ${sign}${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
    },
    compare: (a, b) => byParts<string | bigint>(moneyParts(a), moneyParts(b)),
  },
  {
    name: 'roman',
    text: (random) => romanText(1 + random.below(3999)),
    compare: (a, b) => romanNumber(a) - romanNumber(b),
  },
];

/** A table `item` whose `value` is of a type; keys of PostgreSQL have the collation of bytes. */
export const itemOf = (url: string) =>
  new EntitySchema<{ id: number }>({
    name: 'Item',
    tableName: 'item',
    columns: {
      id: { type: 'integer', primary: true, generated: true },
      value: { type: 'text', nullable: true },
      value_key: {
        type: 'text',
        nullable: true,
        select: false,
        ...(url.startsWith('postgres') ? { collation: 'C' } : {}),
      },
    } as never,
    indices: [{ name: 'item_value', columns: ['value_key'] }],
  });
