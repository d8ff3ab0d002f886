// Stands in for a bundler's reading process that somebody has taken over: it says that it is ready, and to whatever
// package it is given the frames of its last argument, a list of type, text and how often that is said (check.test.ts).

import { readSync, writeSync } from 'node:fs';

const [READS, WRITES] = [3, 4];
const READY = 16;

const frameOf = (type: number, payload: Uint8Array): Buffer => {
  const frame = Buffer.alloc(9 + payload.length);
  frame.writeUInt32LE(5 + payload.length);
  frame.writeUInt8(type, 4);
  frame.set(payload, 9);
  return frame;
};
/** At once: who listens has all of it before it can answer any. */
const say = (...frames: readonly Buffer[]): void => {
  const bytes = Buffer.concat(frames);
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(WRITES, bytes, sent);
};

say(frameOf(READY, Uint8Array.of(3, 3)));
const frames = JSON.parse(process.argv.at(-1) as string) as [type: number, text: string, times?: number][];
if (readSync(READS, Buffer.alloc(65_536)) > 0)
  say(...frames.map(([type, text, times = 1]) => frameOf(type, Buffer.from(text.repeat(times)))));
// Until it is killed.
while (readSync(READS, Buffer.alloc(65_536)) > 0);
