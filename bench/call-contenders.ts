// What `bench call` compares: a call of a graft in a process, through its graft point (transaction, account, checks both ways, commit), with no call-back and with
// one; and two floors with the same input: a message to a forked process and back (JSON serialisation), and a bare echo of the same frame by a blocking process.

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createHost } from '../src/host/index.ts';

/** About 100 bytes of JSON. */
export const INPUT = { a: 17, b: 25, item: 'a policy that is asked about', tags: ['one', 'two', 'three'], ok: true, none: null } as const;

/** One round trip; the answer goes into the benchmark's hash. */
export interface Contender {
  readonly name: string;
  call(): Promise<number>;
  close(): Promise<void>;
}

const path = (file: string): string => fileURLToPath(new URL(`floors/${file}`, import.meta.url));

const ended = async (child: ChildProcess): Promise<void> => {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

/** node's own channel between processes. Answers come in order. */
export const rawMessage = async (): Promise<Contender> => {
  const child = fork(path('json-child.mjs'), { serialization: 'json', env: {} });
  const waiting: ((sum: number) => void)[] = [];
  child.on('message', (message: { a: number; b: number }) => waiting.shift()?.(message.a + message.b));
  return {
    name: 'child_process message (floor)',
    call: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.send(INPUT);
      }),
    close: () => ended(child),
  };
};

/** A frame to a blocking process and back, over the same kind of pipe as a plugin's. */
export const bareEcho = async (): Promise<Contender> => {
  const child = spawn(process.execPath, [path('echo-child.mjs')], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'], env: {} });
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

/** A graft that was removed would leave the default's answer, and a fine figure. */
const sum = (answer: number): number => {
  if (answer !== INPUT.a + INPUT.b) throw new Error(`a graft answered ${answer}`);
  return answer;
};

const PLUGIN = `export const add = (input) => input.a + input.b;
export const ask = (input, api) => input.a + input.b + 0 * api.price.get('x');`;

/** A graft in a process of its own: alone, and with one call-back. */
export const graftCalls = async (): Promise<{ none: Contender; one: Contender }> => {
  const host = await createHost({ store: 'memory' });
  const price = host.map<number>('price');
  await price.set('x', 1);
  const point = (name: string) =>
    host.graftPoint<typeof INPUT, number>({
      name: `bench/${name}`,
      kind: 'function',
      default: () => Number.NaN,
      callable: { price: price.readable() },
    });
  const [add, ask] = [point('add'), point('ask')];
  const grafts = ['add', 'ask'].map((name) => ({ point: `bench/${name}`, export: name }));
  await host.install({ manifest: { name: 'bench', graftwork: { api: 1, grafts, needs: ['price.get'] } }, files: { 'index.js': PLUGIN } });
  let open = 2;
  const close = async (): Promise<void> => {
    if (--open === 0) await host.close();
  };
  return {
    none: { name: 'graft call, process', call: async () => sum(await add.call(INPUT)), close },
    one: { name: 'graft call with one call-back', call: async () => sum(await ask.call(INPUT)), close },
  };
};
