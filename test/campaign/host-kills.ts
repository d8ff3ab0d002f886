// Kills a host with SIGKILL at random instants under load, starts it again each time, and looks for anything half done.
// Used by a test (a few kills) and by `npm run campaign -- host-kills [--kills N] [--seed N]`.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Random } from '../support/random.ts';

const PROGRAM = fileURLToPath(new URL('../support/bank-host.ts', import.meta.url));

interface Found {
  readonly balances: readonly { readonly name: string; readonly amount: number }[];
  readonly moves: readonly { readonly id: string; readonly amount: number }[];
  readonly count: number;
  readonly sent: readonly string[];
}

export interface HostKills {
  readonly kills: number;
  readonly moves: number;
  /** Messages sent, repeated ones included. */
  readonly sent: number;
  /** What was half done; empty is right. */
  readonly violations: readonly string[];
  readonly seed: number;
}

/** Starts the load and resolves when it runs. */
const startLoad = async (folder: string, unexpected: string[]): Promise<ChildProcess> => {
  const child = spawn(process.execPath, [PROGRAM, 'load', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => (line === 'ready' ? resolve() : unexpected.push(line)));
    child.once('exit', (code) => reject(new Error(`the host ended early (${code})`)));
  });
  return child;
};

const look = (folder: string): Found => {
  const done = spawnSync(process.execPath, [PROGRAM, 'check', folder], { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`check failed: ${done.stderr}`);
  return JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') as Found;
};

/** Everything of a move or nothing of it: both balances, its row, the stored count, its message. */
export const violationsOf = ({ balances, moves, count, sent }: Found): string[] => {
  const amount = (name: string): number => balances.find((one) => one.name === name)?.amount ?? Number.NaN;
  const moved = moves.reduce((sum, move) => sum + move.amount, 0);
  const ids = new Set(moves.map((move) => move.id));
  const told = new Set(sent);
  return [
    ...(amount('a') === 1000 - moved ? [] : [`a is ${amount('a')}, the moves say ${1000 - moved}`]),
    ...(amount('b') === 1000 + moved ? [] : [`b is ${amount('b')}, the moves say ${1000 + moved}`]),
    ...(count === moves.length ? [] : [`the stored count is ${count}, there are ${moves.length} moves`]),
    ...[...ids].filter((id) => !told.has(id)).map((id) => `no message of the committed move ${id}`),
    ...[...told].filter((id) => !ids.has(id)).map((id) => `a message of ${id}, which was not committed`),
  ];
};

export const killHosts = async (kills: number, seed: number, progress: (text: string) => void): Promise<HostKills> => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-kills-'));
  const random = new Random(seed);
  const violations: string[] = [];
  let found: Found | null = null;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      const child = await startLoad(folder, violations);
      // The instant is random; nothing waits for it to be a particular one.
      await new Promise((resolve) => setTimeout(resolve, random.below(400)));
      child.kill('SIGKILL');
      await once(child, 'exit');
      found = look(folder);
      violations.push(...violationsOf(found).map((text) => `after kill ${kill}: ${text}`));
      progress(
        `kill ${kill} of ${kills}: ${found.moves.length} moves, ${found.sent.length} messages, ` +
          `${violations.length} violations`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { kills, moves: found?.moves.length ?? 0, sent: found?.sent.length ?? 0, violations, seed };
};
