// Finds hangs, of two kinds. An operation that does not end in its time: what is in flight and what waits for whom is
// written down, and the run fails. And an event loop that does not turn, in which no timer of ours would ever fire: a
// second thread misses the heartbeat, writes down where the main thread is, and ends the process.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { waitsNow } from './waits.ts';

/** What an operation may take beyond its own limit: a machine may be busy with other things. */
export const SLACK_MS = 20_000;
const LOOK_MS = 250;
/** How long the event loop may stand still. */
const STILL_MS = 30_000;

interface Flight {
  readonly what: string;
  readonly begun: number;
  readonly limit_ms: number;
}

/** What the system says of a process: its state, and where in the kernel it waits. */
const stateOf = (pid: number): string => {
  try {
    const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    return `${pid} ${rest.split(' ')[0]} ${readFileSync(`/proc/${pid}/wchan`, 'utf8')}`;
  } catch {
    return `${pid} gone`;
  }
};

export interface Watched {
  inUse(): object;
  pids(): number[];
}

export class Watchdog {
  readonly #flights = new Set<Flight>();
  readonly #slack_ms: number;
  readonly #hung: (dump: string) => void;
  readonly #timer: NodeJS.Timeout;
  host: Watched | null = null;
  /** The longest time that any operation took beyond its limit, in ms. */
  latest_ms = Number.NEGATIVE_INFINITY;

  constructor(hung: (dump: string) => void, slack_ms = SLACK_MS) {
    this.#hung = hung;
    this.#slack_ms = slack_ms;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Runs something that is to end within `limit_ms`. */
  async watch<T>(what: string, limit_ms: number, run: () => Promise<T>): Promise<T> {
    const flight: Flight = { what, begun: performance.now(), limit_ms };
    this.#flights.add(flight);
    try {
      return await run();
    } finally {
      this.#flights.delete(flight);
      this.latest_ms = Math.max(this.latest_ms, performance.now() - flight.begun - limit_ms);
    }
  }

  #look(): void {
    const now = performance.now();
    for (const { what, begun, limit_ms } of this.#flights)
      if (now - begun > limit_ms + this.#slack_ms) return this.#hung(`${what} hangs\n${this.dump()}`);
  }

  /** All that is known of what runs and what waits. */
  dump(): string {
    const now = performance.now();
    const flights = [...this.#flights].map(({ what, begun }) => `in flight for ${Math.round(now - begun)} ms: ${what}`);
    const pids = this.host?.pids() ?? [];
    return [
      ...flights,
      `in use: ${JSON.stringify(this.host?.inUse() ?? null)}`,
      ...pids.map((pid) => `process ${stateOf(pid)}`),
      ...waitsNow(),
    ].join('\n');
  }

  close(): void {
    clearInterval(this.#timer);
  }
}

/** Ends the process where its event loop stands still. Gives what stops the heartbeat. */
export const keepHeartbeat = (still_ms = STILL_MS): (() => void) => {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const timer = setInterval(() => Atomics.add(beats, 0, 1), LOOK_MS);
  const worker = new Worker(fileURLToPath(new URL('heartbeat.ts', import.meta.url)), {
    workerData: { beats, still_ms },
  });
  worker.unref();
  return () => {
    clearInterval(timer);
    void worker.terminate();
  };
};
