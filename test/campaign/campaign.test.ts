// A few rounds of each campaign; `npm run campaign` does the long ones.

import { describe, expect, test } from '@jest/globals';
import { guardSequences } from './guards.ts';
import { killHosts, violationsOf } from './host-kills.ts';
import { bundleMutated } from './mutated-sources.ts';
import { killPlugins } from './plugin-kills.ts';

const silent = (): void => {};

describe('kills', () => {
  test('plugin processes killed at random instants fail no call of an honest plugin', async () => {
    const result = await killPlugins(5, 1, silent);
    expect(result).toMatchObject({ failed: [], rowsUnchanged: true });
    expect(result.counted).toBe(result.calls);
  });

  test('a host killed at random instants leaves nothing half done', async () => {
    const result = await killHosts(2, 1, silent);
    expect(result.violations).toEqual([]);
    expect(result.moves).toBeGreaterThan(0);
  });

  test('half a move would be found', () => {
    const found = {
      balances: [
        { name: 'a', amount: 993 },
        { name: 'b', amount: 1000 },
      ],
      moves: [],
      count: 0,
      sent: ['x'],
    };
    expect(violationsOf(found)).toHaveLength(2);
  });
});

describe('a guard', () => {
  test('lets nothing past that it keeps out, whatever happens to it', async () => {
    expect(await guardSequences(25, 1, silent)).toBeNull();
  });

  test('that an earlier start had and this one has forgotten would be found', async () => {
    expect(await guardSequences(25, 1, silent, false)).toContain('was default, not denied');
  });
});

test('mutated sources are bundled or refused within their memory, and harm no honest one', async () => {
  const result = await bundleMutated(40, 1, silent);
  expect(result).toMatchObject({ sources: 40, wrong: [] });
  expect(result.made + result.refused + result.gaveUp).toBe(40);
  expect(Math.max(result.reader_mb, result.esbuild_mb)).toBeLessThanOrEqual(512);
});
