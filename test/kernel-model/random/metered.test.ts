// Random kernels whose grafts are metered: in a process of their own, since its realm is locked down.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

test('random kernels with metered grafts keep what must hold, and are the same twice', () => {
  const text = execFileSync(process.execPath, [MAIN, '--seed', '1', '--runs', '100', '--metered', '--json'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { held, counts, failure } = JSON.parse(text);
  expect([held, failure]).toEqual([true, null]);
  expect(counts.kernels).toBe(100);
  expect(counts.grafts_committed).toBeGreaterThan(20);
}, 60_000);
