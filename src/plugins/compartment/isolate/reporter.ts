// The reporter: a thread that reads the processor time of the host's thread while that is busy with a plugin. The
// watcher (watcher.ts), which asks it, has no system to ask. It sleeps unless it is asked.

import { openSync, readSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { cpuFile, cpuIn } from '../thread-cpu.ts';
import { ASKED, CPU_MS } from './watcher.ts';

/** What the reporter is given: the words that it shares with the watcher, and the host's thread as /proc names it. */
export interface Reported {
  readonly memory: SharedArrayBuffer;
  readonly thread: string;
}

const TEXT_BYTES = 100;

const { memory, thread } = workerData as Reported;
const words = new Int32Array(memory);
const file = openSync(cpuFile(thread), 'r');
const text = Buffer.alloc(TEXT_BYTES);

for (;;) {
  const length = readSync(file, text, 0, TEXT_BYTES, 0);
  Atomics.store(words, CPU_MS, Math.floor(cpuIn(text.toString('latin1', 0, length)) ?? 0) | 0);
  Atomics.store(words, ASKED, 0);
  Atomics.wait(words, ASKED, 0);
}
