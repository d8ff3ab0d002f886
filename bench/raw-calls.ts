// Round trips to another process without Graftwork, as floors: a message to a forked process and back (JSON
// serialisation), a message to a worker thread and back, and a bare echo of a frame by a blocking process.

import { type ChildProcess, fork, type Serializable, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { CallContender } from './measure.ts';

/** About 100 bytes of JSON. */
export const INPUT = {
  a: 17,
  b: 25,
  item: 'a policy that is asked about',
  tags: ['one', 'two', 'three'],
  ok: true,
  none: null,
} as const;

const path = (file: string): string => fileURLToPath(new URL(`floors/${file}`, import.meta.url));

const ended = async (child: ChildProcess): Promise<void> => {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

/** A round trip: an input, the work on the other side (a function's source), and the answer as a number. */
export interface Crossing {
  input(): unknown;
  readonly source: string;
  value(answer: unknown): number;
}

const ECHO: Crossing = {
  input: () => INPUT,
  source: '(message) => message',
  value: (message) => (message as typeof INPUT).a + (message as typeof INPUT).b,
};

/** Node's own channel between processes. Answers come in order. */
export const rawMessage = async ({ input, source, value }: Crossing = ECHO): Promise<CallContender> => {
  const child = fork(path('json-child.mjs'), { serialization: 'json', env: {}, execArgv: [] });
  const waiting: PromiseWithResolvers<number>[] = [];
  child.on('message', (message) => waiting.shift()?.resolve(value(message)));
  child.once('exit', () => {
    for (const { reject } of waiting) reject(new Error('the process of the floor has ended'));
  });
  child.send(source);
  return {
    name: 'child_process message (floor)',
    call: () => {
      const answer = Promise.withResolvers<number>();
      waiting.push(answer);
      child.send(input() as Serializable);
      return answer.promise;
    },
    close: () => ended(child),
  };
};

const WORKER = `const { parentPort, workerData } = require('node:worker_threads');
const work = require('node:vm').runInThisContext(workerData);
parentPort.on('message', (message) => parentPort.postMessage(work(message)));`;

/** Node's own channel between threads, with a structured clone each way. Answers come in order. */
export const rawWorkerMessage = async ({ input, source, value }: Crossing): Promise<CallContender> => {
  const worker = new Worker(WORKER, { eval: true, workerData: source });
  const waiting: ((answer: number) => void)[] = [];
  worker.on('message', (message) => waiting.shift()?.(value(message)));
  return {
    name: 'worker_threads message (floor)',
    call: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        worker.postMessage(input());
      }),
    close: async () => void (await worker.terminate()),
  };
};

/** A frame to a blocking process and back, over the same kind of pipe as a plugin's. */
export const bareEcho = async (): Promise<CallContender> => {
  const child = spawn(process.execPath, [path('echo-child.mjs')], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: {},
  });
  const socket = child.stdio[3] as Socket;
  const waiting: ((sum: number) => void)[] = [];
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    while (held.length >= 4 && held.length >= 4 + held.readUInt32LE(0)) {
      const size = 4 + held.readUInt32LE(0);
      const message = JSON.parse(held.toString('utf8', 4, size)) as { a: number; b: number };
      held = held.subarray(size);
      waiting.shift()?.(message.a + message.b);
    }
  });
  return {
    name: 'bare echo of the frame',
    call: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        const json = JSON.stringify(INPUT);
        const frame = Buffer.allocUnsafe(4 + json.length);
        frame.writeUInt32LE(json.length, 0);
        frame.write(json, 4, 'latin1');
        socket.write(frame);
      }),
    close: () => ended(child),
  };
};
