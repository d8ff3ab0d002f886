// The pipes of a plugin's process: what is written to one that is gone reaches nobody else.

import { closeSync, fstatSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { CHANNEL_PIPES, openPipes, overPipes, type Pipe } from '../../../src/plugins/compartment/process/channel.ts';

/** Closes its end at SIGUSR1, and lives on. */
const CLOSES = "trap 'exec 3<&-' USR1; echo >&4; while :; do sleep 0.01 3<&-; done";

const isOpen = (descriptor: number): boolean => {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is written after a full pipe has broken goes into no file that has its number now', async () => {
  const place = mkdtempSync(join(tmpdir(), 'graftwork-channel-'));
  const pipes = openPipes(CHANNEL_PIPES) as [Pipe, Pipe];
  const descriptor = pipes[0].writes;
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const events = { data: () => ready.resolve(), closed: ended.resolve };
  const channel = overPipes('sh', ['-c', CLOSES], { env: { PATH: process.env.PATH } }, pipes, events);
  await ready.promise;
  // More than a pipe takes: the rest waits in a stream.
  expect(channel.write(Buffer.alloc(2 ** 20))).toBe(false);
  channel.child.kill('SIGUSR1');
  while (isOpen(descriptor)) await turn();
  const others: number[] = [];
  while (!others.includes(descriptor)) others.push(openSync(join(place, String(others.length)), 'w'));
  channel.write(Buffer.from('meant for a plugin'));
  expect(others.map((_, i) => readFileSync(join(place, String(i)), 'utf8')).join('')).toBe('');
  for (const other of others) closeSync(other);
  channel.end();
  channel.child.kill('SIGKILL');
  await ended.promise;
  rmSync(place, { recursive: true });
});
