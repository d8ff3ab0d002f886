import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { EXPERIMENTS } from '../../experiments/experiments.ts';

it('stand in their README, all of them and in their order', () => {
  const text = readFileSync(new URL('../../experiments/README.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| experiment |')).split('\n\n')[0] ?? '';
  expect([...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name)).toEqual(
    EXPERIMENTS.map(({ name }) => name),
  );
});
