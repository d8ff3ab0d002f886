// Stands in for a flaw of the process that reads packages: JavaScript behind its walls, which tries all that reaches
// out of a process, and writes what came of it as JSON to descriptor 4. Run as Node runs the bundler's script
// (walls.test.ts).

import { spawnSync } from 'node:child_process';
import { openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { guard } from '../../../../src/plugins/compartment/process/walls/guard.ts';

const WRITES = 4;
const LAST_GIVEN = 6;
const FAILED = '';

const { exit } = guard(process.argv[3], LAST_GIVEN);

const tried = (deed: () => unknown): string => {
  try {
    return String(deed());
  } catch {
    return FAILED;
  }
};

const connect = (): string => {
  const socket = new Socket();
  socket.on('error', () => {});
  // The handle that Node makes for a connection asks the system for a socket at once.
  const { _handle } = socket.connect(1, '127.0.0.1') as unknown as { _handle: { fd: number } | null };
  if (_handle === null || _handle.fd < 0) throw new Error('no socket');
  return `descriptor ${_handle.fd}`;
};

const found = {
  'read a file': tried(() => readFileSync('/etc/passwd', 'utf8')),
  'list a folder': tried(() => readdirSync('/')),
  'write a file': tried(() => writeFileSync('/tmp/graftwork-must-not-be', '')),
  'open a device': tried(() => openSync('/dev/null', 'r')),
  'read its own memory': tried(() => openSync('/proc/self/mem', 'r')),
  'start a process': tried(() => {
    const { error } = spawnSync('/bin/true');
    if (error !== undefined) throw error;
  }),
  'start a worker': tried(() => new Worker('', { eval: true })),
  'load an addon': tried(() => process.dlopen({ exports: {} }, process.argv[3] as string)),
  'signal its parent': tried(() => process.kill(process.ppid, 0)),
  connect: tried(connect),
};
writeSync(WRITES, JSON.stringify(found));
exit(0);
