// Project Wycheproof's vectors, where ../shared has them: the tests of one file, flat.

import { existsSync, readFileSync } from 'node:fs';

export interface Vector {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly msg: string;
  readonly ct: string;
  readonly result: string;
}

const pathOf = (file: string): URL => new URL(`../../../../../shared/data/crypto/${file}`, import.meta.url);

export const hasVectors = (file: string): boolean => existsSync(pathOf(file));

export const vectors = (file: string): Vector[] => {
  const { testGroups } = JSON.parse(readFileSync(pathOf(file), 'utf8')) as { testGroups: { tests: Vector[] }[] };
  return testGroups.flatMap((group) => group.tests);
};
