// The documentation's table of compartments says what the suite holds each kind to.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { CLAIMS, claimsTable } from '../../support/claims.ts';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('docs/compartments.md', () => {
  test('has the claims, and no others (node scripts/compartments-document.ts writes it)', () => {
    const rows = read('docs/compartments.md')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    expect(rows.join('\n')).toBe(claimsTable());
  });

  test('has every kind that there is', () => {
    const kindsIn = (file: string, name: string): (string | undefined)[] => {
      const union = new RegExp(`export type ${name} =([^;]+);`).exec(read(file))?.[1] ?? '';
      return [...union.matchAll(/'(\w+)'/g)].map(([, kind]) => kind);
    };
    const kinds = [
      ...kindsIn('src/plugins/compartment/compartment.ts', 'CompartmentKind'),
      ...kindsIn('bench/rivals/index.ts', 'RivalKind'),
    ];
    expect(kinds.length).toBe(9);
    expect(CLAIMS.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
  });
});
