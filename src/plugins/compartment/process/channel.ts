// The two pipes between the host and a plugin's process: the child reads its descriptor 3 and writes its descriptor 4,
// blocking.
//
// They are named pipes, made, opened and unlinked at once: an ordinary write call and one reused buffer cost half of
// what a socket pair of child_process costs a round trip (bench call: floors). Where the system has no mkfifo, pipes of
// child_process do the same, slower.

import { type ChildProcess, type SpawnOptions, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
  /** Whether the child and what it may say keep this process from ending. At first they do. */
  keep(alive: boolean): void;
}

/**
 * Told what comes in (a view into a buffer that is used again), and once when the child has ended and all it wrote has
 * been read.
 */
export interface ChannelEvents {
  data(bytes: Buffer): void;
  closed(signal: NodeJS.Signals | null): void;
}

/** Both ends of a pipe, as descriptors. */
export interface Pipe {
  readonly reads: number;
  readonly writes: number;
}

/** The pipes of a channel: to the child, which blocks when it reads, and from it; the host's ends do not block. */
export const CHANNEL_PIPES = ['write at once', 'read at once'] as const;
type Blocking = (typeof CHANNEL_PIPES)[number] | 'block';

const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/** Named pipes, opened at both ends and unlinked. Null where the system has none. */
export const openPipes = (kinds: readonly Blocking[]): Pipe[] | null => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-'));
  const paths = kinds.map((_, index) => join(folder, String(index)));
  try {
    if (spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' }).status !== 0) return null;
    return paths.map((path, index) => {
      // Opening one end blocks until the other is open, but for both at once.
      const both = openSync(path, O_RDWR);
      const reads = openSync(path, O_RDONLY | (kinds[index] === 'read at once' ? O_NONBLOCK : 0));
      const writes = openSync(path, O_WRONLY | (kinds[index] === 'write at once' ? O_NONBLOCK : 0));
      closeSync(both);
      return { reads, writes };
    });
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
      // A stream that has failed has closed the descriptor, whose number is another's by now.
      if (ended || rest?.destroyed === true) return true;
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

const keeping =
  (...held: readonly (ChildProcess | Socket)[]): Channel['keep'] =>
  (alive) => {
    for (const one of held)
      if (alive) one.ref();
      else one.unref();
  };

/**
 * Starts a process with a channel over pipes of `openPipes`, which are then the channel's. The descriptors `more` are
 * the child's from 5 on; they stay the caller's.
 */
export const overPipes = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  [down, up]: readonly [Pipe, Pipe],
  events: ChannelEvents,
  more: readonly number[] = [],
): Channel => {
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', down.reads, up.writes, ...more];
  const child = spawn(file, args, { ...options, stdio });
  closeSync(down.reads);
  closeSync(up.writes);
  const callback = (count: number, buffer: Uint8Array): boolean => {
    events.data((buffer as Buffer).subarray(0, count));
    return true;
  };
  // Types of net.Socket know `onread` only where it connects; the constructor takes it as well (documented for
  // net.connect, which passes it on).
  const how = {
    fd: up.reads,
    readable: true,
    writable: false,
    onread: { buffer: Buffer.allocUnsafeSlow(READ_BYTES), callback },
  };
  const reads = new Socket(how as ConstructorParameters<typeof Socket>[0]).on('error', () => {});
  const writer = pipeWriter(down.writes);
  whenBoth(child, reads, (signal) => {
    writer.end();
    events.closed(signal);
  });
  return { child, ...writer, keep: keeping(child, reads) };
};

/**
 * Starts a process with a channel over streams, where there are no named pipes. The child has `more` streams from
 * descriptor 5 on.
 */
export const overStreams = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  events: ChannelEvents,
  more = 0,
): Channel => {
  const pipes = new Array<'pipe'>(2 + more).fill('pipe');
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'ignore', 'ignore', ...pipes] });
  const writes = (child.stdio[3] as Socket).on('error', () => {});
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
    keep: keeping(child, reads, writes),
  };
};

/** Starts a process with a channel to it. */
export const openChannel = (
  file: string,
  args: readonly string[],
  options: SpawnOptions,
  events: ChannelEvents,
): Channel => {
  const pipes = openPipes(CHANNEL_PIPES);
  if (pipes === null) return overStreams(file, args, options, events);
  return overPipes(file, args, options, pipes as [Pipe, Pipe], events);
};
