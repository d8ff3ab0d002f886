// A mixed load: five applications in one kernel, each of another user, each with a graft of its own or without, and
// other programs that only take memory and time. If a graft waited or was preempted, the cost of its point is told
// apart from the work of other threads meanwhile.

import {
  type AskObserver,
  BLOCK_BYTES,
  CPU_MHZ,
  GeneratorProgram,
  Kernel,
  STREAM_BUFFER_BYTES,
  type Steps,
  type Thread,
  type User,
} from 'graftwork/kernel-model';
import { compartments, type Kind } from './compartments.ts';
import { graftPackage, sourcePackage } from './graft-package.ts';
import { numbersFrom } from './made-traces.ts';
import { MeasuredDisk } from './measured-disk.ts';
import { setCipherKey } from './samples.ts';

/** Applications, by the kind of point that their grafts stand at. */
export const USES = ['compute-ra', 'evict', 'schedule-delegate', 'transform', 'thread-exit'] as const;
export type Use = (typeof USES)[number];

export interface LoadOptions {
  /** The work of each application: 1 is small. */
  readonly scale: number;
  readonly seed: number;
  readonly kind: Kind;
  /** The applications that have their grafts. */
  readonly uses: readonly Use[];
}

/** The calls of the points of one kind, and their cost. */
export interface Cost {
  calls: number;
  committed: number;
  aborted: number;
  /** Emulated microseconds, without the time of other threads meanwhile. */
  own_us: number;
}

export interface LoadRun {
  readonly costs: Readonly<Record<Use, Cost>>;
  /** When each application was done, in emulated milliseconds. */
  readonly done_ms: Readonly<Record<Use, number>>;
  readonly elapsed_ms: number;
  readonly exits_counted: number;
  readonly trace_hash: string;
}

const PAGE_SHIFT = 12;
const US = CPU_MHZ;
const FILE_BLOCKS = 256;
const WORKING = 80;
const LISTED = 8;
const KEPT_OF_LOOP = 40;
/** Pages of its working memory between two uses of the list. */
const EVERY = 32;
const OTHERS_PAGES = 24;
/**
 * The clients, their server and the computing threads beside them are less urgent than threads that wait for the disk.
 */
const LATER = 18;
const COMPETITORS = 2;
const CLIENTS = 3;

const useOf = (point: string): Use => USES.find((use) => point.endsWith(`/${use}`)) as Use;

/**
 * Adds up the time of calls. One lies inside another when a graft waits: the time of the inner one is not the waiting
 * graft's.
 */
class Ledger implements AskObserver {
  readonly costs = Object.fromEntries(
    USES.map((use) => [use, { calls: 0, committed: 0, aborted: 0, own_us: 0 }]),
  ) as Record<Use, Cost>;
  readonly #kernel: Kernel;
  /**
   * The begin of each open call, moved on by the time of other threads; and since when the calling thread is buried.
   */
  readonly #begun_us: number[] = [];
  readonly #buried_us: number[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    kernel.calls.observer = this;
    kernel.calls.listener = ({ graft, report }) => {
      const cost = this.costs[useOf(graft.point.name)];
      if (report.status === 'committed') cost.committed++;
      else cost.aborted++;
    };
    kernel.trace.listener = (event, _a, _b, now_us) => {
      if (event === 'bury') this.#buried_us.push(now_us);
      if (event === 'unbury') this.#returned(now_us);
    };
  }

  #returned(now_us: number): void {
    const away_us = now_us - (this.#buried_us.pop() as number);
    const last = this.#begun_us.length - 1;
    this.#begun_us[last] = (this.#begun_us[last] as number) + away_us;
  }

  asks(point: string): void {
    this.costs[useOf(point)].calls++;
    this.#begun_us.push(this.#kernel.events.now_us);
  }

  answered(point: string): void {
    this.costs[useOf(point)].own_us += this.#kernel.events.now_us - (this.#begun_us.pop() as number);
  }
}

/** The load under way. */
export class Load {
  readonly kernel: Kernel;
  readonly #options: LoadOptions;
  readonly #disk = new MeasuredDisk();
  readonly #random: () => number;
  readonly #done_ms: Partial<Record<Use, number>> = {};
  readonly #ledger: Ledger;
  /** Applications that have threads at work. */
  readonly #busy = new Map<Use, number>();

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#random = numbersFrom(options.seed);
    this.kernel = new Kernel({
      frames: 88,
      disk: this.#disk.open,
      buffers: 48,
      free_target: 4,
      compartments: compartments(options.kind),
    });
    this.kernel.format();
    this.#ledger = new Ledger(this.kernel);
  }

  #spawn(owner: string, use: Use | null, body: (user: User) => Steps, more: object = {}): Thread {
    if (use !== null) this.#busy.set(use, (this.#busy.get(use) ?? 0) + 1);
    const load = this;
    const program = new GeneratorProgram(function* (user) {
      yield* body(user);
      if (use !== null) load.#done(use, user.now_us);
    });
    return this.kernel.spawn({ name: owner, owner, program, ...more });
  }

  #done(use: Use, now_us: number): void {
    const left = (this.#busy.get(use) as number) - 1;
    this.#busy.set(use, left);
    if (left > 0) return;
    this.#busy.delete(use);
    this.#done_ms[use] = now_us / 1000;
  }

  get #over(): boolean {
    return this.#busy.size === 0;
  }

  /** Installs a graft if its use is wanted, and gives the columns that the application shares with it. */
  async #graft(
    use: Use,
    user: string,
    point: string,
    file: string,
    exported: string,
  ): Promise<Readonly<Record<string, Int32Array>> | null> {
    if (!this.#options.uses.includes(use)) return null;
    await this.kernel.install(await graftPackage(`${use}-${user}`, { file, export: exported, point }), { user });
    return this.kernel.points.table.get(point).grafts[0]?.columns as Readonly<Record<string, Int32Array>>;
  }

  async start(): Promise<void> {
    await this.#reader();
    await this.#pages();
    await this.#office();
    await this.#writer();
    await this.#jobs();
    this.#spawn('zoe', null, (user) => this.#press(user), { pages: OTHERS_PAGES });
    for (let i = 0; i < COMPETITORS; i++) this.#spawn('zoe', null, (user) => this.#compute(user), { priority: LATER });
  }

  async #reader(): Promise<void> {
    const { kernel } = this;
    const order = Int32Array.from({ length: 150 * this.#options.scale }, () =>
      Math.floor(FILE_BLOCKS * this.#random()),
    );
    const inode = kernel.finish(kernel.fs.create('data', 'file', FILE_BLOCKS * BLOCK_BYTES));
    const reader = this.#spawn('ann', 'compute-ra', function* (user) {
      for (const block of order) {
        yield* user.call('read', file.id, block * BLOCK_BYTES, BLOCK_BYTES);
        yield* user.compute(8000 * US);
      }
    });
    const file = kernel.openFile(reader, inode);
    const columns = await this.#graft(
      'compute-ra',
      'ann',
      `kernel/file/${file.id}/compute-ra`,
      'read-ahead/announced.ts',
      'computeRaNext',
    );
    columns?.announced?.set(order);
    columns?.announced_count?.set([order.length]);
  }

  async #pages(): Promise<void> {
    const passes = 3 * this.#options.scale;
    const pages = this.#spawn(
      'bob',
      'evict',
      function* (user) {
        for (let page = 0; page < WORKING + LISTED; page++) yield* user.store(page << PAGE_SHIFT, 1);
        for (let turn = 0; turn < passes * WORKING; turn++) {
          yield* user.touch(turn % WORKING);
          if (turn % EVERY === 0) for (let i = 0; i < LISTED; i++) yield* user.touch(WORKING + i);
          yield* user.call('sleep', 20_000);
        }
      },
      { pages: WORKING + LISTED },
    );
    const columns = await this.#graft(
      'evict',
      'bob',
      `kernel/address-space/${pages.space?.id}/evict`,
      'eviction/keep.ts',
      'evict',
    );
    // The list, and a part of the loop; the rest of the loop goes round in the other frames.
    const kept = [
      ...Array.from({ length: LISTED }, (_, i) => WORKING + i),
      ...Array.from({ length: KEPT_OF_LOOP }, (_, i) => i),
    ];
    columns?.shared?.set([kept.length, ...kept]);
  }

  async #office(): Promise<void> {
    const requests = 4 * this.#options.scale;
    const priority = LATER;
    const server = this.#spawn('dan', null, (user) => this.#serve(user), { priority });
    for (let i = 0; i < CLIENTS; i++) {
      const client = this.#spawn('dan', 'schedule-delegate', (user) => this.#ask(user, requests), { priority });
      await this.#client(client, server.id, i);
    }
  }

  *#serve(user: User): Steps {
    for (;;) {
      const { id } = (yield* user.call('receive', 'work')) as { id: number };
      yield* user.compute(120_000 * US);
      yield* user.call('reply', id, 0);
    }
  }

  *#ask(user: User, requests: number): Steps {
    for (let request = 0; request < requests; request++) {
      const letter = yield* user.call('post', 'work', request);
      do yield* user.call('yield');
      while ((yield* user.call('poll', letter)) === null);
    }
  }

  async #client({ id }: Thread, server: number, i: number): Promise<void> {
    if (!this.#options.uses.includes('schedule-delegate')) return;
    const point = `kernel/thread/${id}/schedule-delegate`;
    const pkg = await graftPackage(`group-${i}`, { file: 'scheduling/group.ts', export: 'delegate', point });
    await this.kernel.install(pkg, { user: 'dan' });
    const { shared } = this.kernel.points.table.get(point).grafts[0]?.columns ?? {};
    (shared as Int32Array)[0] = server;
  }

  async #writer(): Promise<void> {
    const { kernel } = this;
    const writes = 60 * this.#options.scale;
    const inode = kernel.finish(kernel.fs.create('secret', 'file', writes * STREAM_BUFFER_BYTES));
    const bytes = new Uint8Array(STREAM_BUFFER_BYTES).fill(7);
    const writer = this.#spawn('eve', 'transform', function* (user) {
      for (let i = 0; i < writes; i++) {
        yield* user.call('sleep', 20_000);
        yield* user.call('put', stream.id, bytes);
      }
    });
    const stream = kernel.openStream(kernel.openFile(writer, inode));
    setCipherKey(stream, 'xor');
    await this.#graft('transform', 'eve', `kernel/stream/${stream.id}/transform`, 'encryption/xor.ts', 'transform');
  }

  /** Short jobs, one after the other; a thread counts those that have ended. */
  async #jobs(): Promise<void> {
    for (let i = 0; i < 20 * this.#options.scale; i++) {
      this.#spawn('fay', 'thread-exit', function* (user) {
        yield* user.call('sleep', 30_000 * (i + 1));
        yield* user.compute(1000 * US);
      });
    }
    if (!this.#options.uses.includes('thread-exit')) return;
    const count = `export const graft = (id, api) => api.shared.set('exits', (api.shared.get('exits') ?? 0) + 1);`;
    const pkg = await sourcePackage('exits', count, 'graft', 'kernel/events/thread-exit');
    await this.kernel.install(pkg, { user: 'root', privileged: true });
  }

  *#press(user: User): Steps {
    for (let turn = 0; !this.#over; turn++) {
      yield* user.touch(turn % OTHERS_PAGES, turn % 3 === 0);
      yield* user.call('sleep', 8000);
    }
  }

  *#compute(user: User): Steps {
    while (!this.#over) yield* user.compute(10_000 * US);
  }

  run(): LoadRun {
    const { kernel } = this;
    kernel.run();
    const exits = new Map(kernel.accessors.shared.peekEntries()).get('root/exits');
    const done_ms = this.#done_ms as Record<Use, number>;
    return {
      costs: this.#ledger.costs,
      done_ms,
      elapsed_ms: Math.max(...Object.values(done_ms)),
      exits_counted: exits ?? 0,
      trace_hash: kernel.trace.hash,
    };
  }
}

/** Runs the load to its end. */
export const runLoad = async (options: LoadOptions): Promise<LoadRun> => {
  const load = new Load(options);
  await load.start();
  return load.run();
};
