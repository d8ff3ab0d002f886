// The two pipes between the host and a plugin's process: the child reads its descriptor 3 and writes its descriptor 4,
// blocking.
//
// They are named pipes, made, opened and unlinked at once: an ordinary write call and one reused buffer cost half of
// what a socket pair of child_process costs a round trip (bench call: floors). Where the system has no mkfifo, pipes of
// child_process do the same, slower.

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';

const READ_BYTES = 64 * 1024;

/** A child with its two pipes. */
export interface Channel {
  readonly child: ChildProcess;
  /**
   * Sends bytes; gives true where they are gone (the buffer may be used again), false where they must stay untouched
   * for now.
   */
  write(bytes: Buffer): boolean;
  /** No more will be sent: the child, which reads an end, ends. */
  end(): void;
}

/**
 * Told what comes in (a view into a buffer that is used again), and once when the child has ended and all it wrote has
 * been read.
 */
export interface ChannelEvents {
  data(bytes: Buffer): void;
  closed(signal: NodeJS.Signals | null): void;
}

interface Ends {
  readonly childReads: number;
  readonly childWrites: number;
  readonly hostReads: number;
  readonly hostWrites: number;
}

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Two named pipes, opened at both ends and unlinked. Null where the system has none. */
const openPipes = (): Ends | null => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-'));
  const [down, up] = [join(folder, 'down'), join(folder, 'up')] as const;
  try {
    if (spawnSync('mkfifo', ['-m', '600', down, up], { stdio: 'ignore' }).status !== 0) return null;
    const hostReads = openSync(up, O_RDONLY | O_NONBLOCK);
    const childWrites = openSync(up, O_WRONLY);
    // Opening one end blocks until the other is open, but for both at once.
    const both = openSync(down, O_RDWR);
    const childReads = openSync(down, O_RDONLY);
    const hostWrites = openSync(down, O_WRONLY | O_NONBLOCK);
    closeSync(both);
    return { childReads, childWrites, hostReads, hostWrites };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** Writes what the pipe takes now, and the rest through a stream. */
const pipeWriter = (descriptor: number): Pick<Channel, 'write' | 'end'> => {
  let rest: Socket | null = null;
  let ended = false;
  const stream = (): Socket => {
    rest ??= new Socket({ fd: descriptor, readable: false, writable: true }).on('error', () => {});
    return rest;
  };
  return {
    write(bytes) {
      if (ended) return true;
      let sent = 0;
      if (rest === null || rest.writableLength === 0) {
        try {
          sent = writeSync(descriptor, bytes);
        } catch (error) {
          // The child is gone, which `closed` tells.
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return true;
        }
      }
      if (sent === bytes.length) return true;
      stream().write(sent === 0 ? bytes : bytes.subarray(sent));
      return false;
    },
    end() {
      if (ended) return;
      ended = true;
      if (rest === null) closeSync(descriptor);
      else rest.destroySoon();
    },
  };
};

/** Calls `closed` when both have happened. */
const whenBoth = (child: ChildProcess, reads: Socket, closed: ChannelEvents['closed']): void => {
  let left = 2;
  const one = (): void => {
    if (--left === 0) closed(child.signalCode);
  };
  reads.once('close', one);
  child.once('exit', one);
  child.once('error', () => {
    if (child.pid === undefined) one(); // It never started.
  });
};

const overPipes = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  ends: Ends,
  events: ChannelEvents,
): Channel => {
  const child = spawn(file, args, {
    ...options,
    stdio: ['ignore', 'ignore', 'ignore', ends.childReads, ends.childWrites],
  });
  closeSync(ends.childReads);
  closeSync(ends.childWrites);
  const callback = (count: number, buffer: Uint8Array): boolean => {
    events.data((buffer as Buffer).subarray(0, count));
    return true;
  };
  // Types of net.Socket know `onread` only where it connects; the constructor takes it as well (documented for
  // net.connect, which passes it on).
  const how = {
    fd: ends.hostReads,
    readable: true,
    writable: false,
    onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback },
  };
  const reads = new Socket(how as ConstructorParameters<typeof Socket>[0]).on('error', () => {});
  const writer = pipeWriter(ends.hostWrites);
  whenBoth(child, reads, (signal) => {
    writer.end();
    events.closed(signal);
  });
  return { child, ...writer };
};

const overStreams = (file: string, args: readonly string[], options: SpawnOptions, events: ChannelEvents): Channel => {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const writes = (child.stdio[3] as Writable).on('error', () => {});
  const reads = child.stdio[4] as Socket;
  reads.on('data', events.data).on('error', () => {});
  whenBoth(child, reads, events.closed);
  return {
    child,
    write(bytes) {
      writes.write(bytes);
      return writes.writableLength === 0;
    },
    end: () => void writes.end(),
  };
};

/** Starts a process with a channel to it. */
export const openChannel = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  events: ChannelEvents,
): Channel => {
  const ends = openPipes();
  return ends === null ? overStreams(file, args, options, events) : overPipes(file, args, options, ends, events);
};
