// The demo's command line, in a process of its own as a person runs it: its compartments lock their realm down.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const MAIN = fileURLToPath(new URL('../../experiments/main.ts', import.meta.url));
const demo = (...args: string[]): string =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a trace from outside', () => {
  it.each(['direct', 'ses', 'metered', 'isolate'])(
    'is replayed with a policy in %s, and as the kernel’s own, with the same hits',
    (kind) => {
      const file = join(folder, 'loop.gz');
      writeFileSync(file, gzipSync(Array.from({ length: 400 }, (_, i) => i % 25).join('\n')));
      const flags = ['traces', '--trace', file, '--format', 'lirs', '--frames', '20', '--policy', 'mru', '--json'];
      const own = JSON.parse(demo(...flags));
      const graft = JSON.parse(demo(...flags, '--compartment', kind));
      expect(own).toMatchObject({ references: 400, faults: 400 - own.hits, aborted: 0 });
      expect(own.hits).toBeGreaterThan(250);
      expect(graft).toMatchObject({ hits: own.hits, committed: graft.faults - 20, aborted: 0 });
    },
  );
});

describe('bad use', () => {
  it.each([
    ['an unknown experiment', ['nothing'], 2, 'no experiment nothing'],
    ['an unknown flag', ['traces', '--speed', '9'], 2, '--speed'],
    ['a flag of another experiment', ['overhead', '--trace', 'x'], 2, 'overhead takes no --trace'],
    ['two experiments', ['traces', 'locks'], 2, 'one experiment at a time'],
    ['a missing flag', ['traces', '--trace', 'x'], 1, '--format is missing'],
    ['a missing file', ['traces', '--trace', 'none', '--format', 'lirs', '--frames', '3'], 1, 'none'],
    ['half of a drive', ['disk', '--model', 'x'], 1, '--specs is missing'],
  ])('%s is said, and the exit tells', (_name, args, code, text) => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([code, expect.stringContaining(text)]);
  });
});

it('writes a report that needs nothing else', () => {
  const file = join(folder, 'report.html');
  demo('locks', '--small', '--report', file);
  const html = readFileSync(file, 'utf8');
  expect(html).toContain('<svg');
  expect(html).not.toMatch(/<script|src=|href="http/);
});
