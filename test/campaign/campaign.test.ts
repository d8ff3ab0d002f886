// A few rounds of each campaign; `npm run campaign` does the long ones.

import { describe, expect, test } from '@jest/globals';
import { killHosts, violationsOf } from './host-kills.ts';
import { killPlugins } from './plugin-kills.ts';

const silent = (): void => {};

describe('kills', () => {
  test('plugin processes killed at random instants fail no call of an honest plugin', async () => {
    const result = await killPlugins(5, 1, silent);
    expect(result).toMatchObject({ kills: 5, failed: [], lost: [] });
    expect(result.calls).toBeGreaterThan(0);
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
