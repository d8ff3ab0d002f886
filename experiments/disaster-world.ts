// A small kernel for one disaster: an application at whose points the graft stands, and bystanders whose work is
// checked. The call in which the graft misbehaves is found in the kernel's ordinary run, and the state before and after
// it compared.
//
// The application and the bystander with memory work by turns, so that only the graft changes anything while it is
// called. A thread that computes, and an urgent one that measures how late it is woken, run all the time.

import {
  BLOCK_BYTES,
  CPU_MHZ,
  GeneratorProgram,
  Kernel,
  type OpenFile,
  type SpawnOptions,
  STREAM_BUFFER_BYTES,
  type Steps,
  type Stream,
  type Thread,
  type User,
  WIRED_PAGES,
} from 'graftwork/kernel-model';
import type { PluginPackage } from '../src/plugins/package/index.ts';
import { compartments, type Kind } from './compartments.ts';
import { differences, type KernelState, leftovers, type Part, stateOf } from './kernel-state.ts';
import { ramDisk } from './ram-disk.ts';

/** The graft's point: one of the application's, or one of the two global ones. */
export type Seat = 'evict' | 'compute-ra' | 'schedule-delegate' | 'transform' | 'victim' | 'thread-exit';

export const APPLICATION_USER = 'ann';
export const BYSTANDER_USER = 'bob';
/** Units of wired pages that the application's user hands to its plugin. */
export const WIRES_GRANTED = 3;

const FRAMES = 24;
const APPLICATION_PAGES = 12;
const BYSTANDER_PAGES = 18;
const FILE_BLOCKS = 16;
const ROUNDS = 3;
const PAGE_SHIFT = 12;
const LIMIT_US = 60_000_000;
const US = CPU_MHZ;
/** Threads whose work is checked go before threads that only compute. */
const WORKING = 12;

/** Further threads of a disaster: of the application's user, they want or hold a lock that the graft touches. */
export interface Accomplice {
  readonly name: string;
  readonly priority: number;
  /** Whether it runs in the application's own address space. */
  readonly shares?: boolean;
  body(user: User, world: DisasterWorld): Steps;
}

/**
 * The end of a graft's call, and the parts of the state that differed after it; if it commits, after any call until
 * then.
 */
export interface Ending {
  /** An abort's reason, `committed` or `refused`. */
  readonly how: string;
  readonly undone: number;
  readonly removed: boolean;
  readonly differs: readonly Part[];
}

/** The findings when all threads have ended. */
export interface Evidence {
  /** The first call that did not commit, or the last one; null: there was none. */
  readonly ending: Ending | null;
  readonly threads: number;
  readonly ended: number;
  /** When the last bystander was done, in emulated milliseconds. */
  readonly finished_ms: number;
  /** The longest delay of the urgent thread, in emulated microseconds. */
  readonly late_us: number;
  readonly wrong: number;
  readonly left: readonly string[];
  readonly trace_hash: string;
}

const byteOf = (page: number): number => (page * 11 + 3) & 255;

export class DisasterWorld {
  readonly kernel: Kernel;
  readonly application: Thread;
  readonly mate: Thread;
  readonly bystander: Thread;
  readonly file: OpenFile;
  readonly stream: Stream;
  /** Whether a graft is being called, and how often one was. */
  asking = false;
  asked = 0;
  /** The findings of an accomplice. */
  seen: unknown = null;
  #ending: Ending | null = null;
  /** The same for the calls inside the outermost. */
  #report: Omit<Ending, 'differs'> | null = null;
  readonly #threads: number;
  #depth = 0;
  #before: KernelState | null = null;
  #turn: 'application' | 'bystander' = 'bystander';
  #working = 2;
  #late_us = 0;
  #wrong = 0;
  #finished_us = 0;
  #plugin = '';

  constructor(kind: Kind, accomplices: readonly Accomplice[]) {
    const kernel = new Kernel({ frames: FRAMES, disk: ramDisk(65_536), buffers: 32, compartments: compartments(kind) });
    this.kernel = kernel;
    kernel.format();
    const inode = kernel.finish(kernel.fs.create('data', 'file', FILE_BLOCKS * BLOCK_BYTES));
    this.application = this.#spawn('application', (user) => this.#apply(user), {
      pages: APPLICATION_PAGES,
      priority: WORKING,
    });
    this.file = kernel.openFile(this.application, inode);
    this.stream = kernel.openStream(this.file);
    this.mate = this.#spawn('mate', (user) => this.#wait(user), { priority: 20 });
    this.bystander = this.#spawn('memory', (user) => this.#remember(user), {
      owner: BYSTANDER_USER,
      pages: BYSTANDER_PAGES,
      priority: WORKING,
    });
    this.#spawn('computing', (user) => this.#compute(user), { owner: BYSTANDER_USER });
    this.#spawn('urgent', (user) => this.#watch(user), { owner: BYSTANDER_USER, priority: 4 });
    for (const { name, priority, shares, body } of accomplices) {
      const { space } = this.application;
      this.#spawn(name, (user) => this.#assist(user, body), {
        priority,
        ...(shares === true && space !== null ? { space } : {}),
      });
    }
    this.#threads = kernel.alive;
    this.#observe();
  }

  #spawn(name: string, body: (user: User) => Steps, more: Partial<SpawnOptions>): Thread {
    return this.kernel.spawn({ name, owner: APPLICATION_USER, program: new GeneratorProgram(body), ...more });
  }

  /** Compares the state around each outermost call. */
  #observe(): void {
    const { calls } = this.kernel;
    calls.listener = ({ report }) => {
      if (this.#report !== null && this.#report.how !== 'committed') return;
      this.#report = {
        how: report.reason ?? report.status,
        undone: report.undone.records,
        removed: report.removed === true,
      };
    };
    calls.observer = {
      asks: () => {
        this.asked++;
        if (this.#depth++ > 0) return;
        this.asking = true;
        this.#before = this.state;
      },
      answered: () => {
        if (--this.#depth > 0) return;
        this.asking = false;
        this.#end(differences(this.#before as KernelState, this.state));
      },
    };
  }

  #end(differs: readonly Part[]): void {
    const report = this.#report;
    this.#report = null;
    const before = this.#ending;
    if (report === null || (before !== null && before.how !== 'committed')) return;
    const all = before === null || report.how !== 'committed' ? differs : [...new Set([...before.differs, ...differs])];
    this.#ending = { ...report, differs: all };
  }

  get state(): KernelState {
    return stateOf(this.#watched);
  }

  get #watched() {
    return { kernel: this.kernel, file: this.file, stream: this.stream, plugin: this.#plugin };
  }

  /** The path of a point, without the leading slash. */
  pointOf(seat: Seat): string {
    switch (seat) {
      case 'evict':
        return `kernel/address-space/${this.application.space?.id}/evict`;
      case 'compute-ra':
        return `kernel/file/${this.file.id}/compute-ra`;
      case 'schedule-delegate':
        return `kernel/thread/${this.application.id}/schedule-delegate`;
      case 'transform':
        return `kernel/stream/${this.stream.id}/transform`;
      case 'victim':
        return 'kernel/memory/victim';
      case 'thread-exit':
        return 'kernel/events/thread-exit';
    }
  }

  /**
   * Installs the graft's plugin for the application's user, and gives it some of the user's units. Throws whatever
   * install throws.
   */
  async install(pkg: PluginPackage, privileged: boolean): Promise<void> {
    await this.kernel.install(pkg, { user: APPLICATION_USER, privileged });
    this.#plugin = pkg.name;
    this.kernel.grant(pkg.name, WIRED_PAGES, WIRES_GRANTED);
  }

  /** Runs until all threads have ended, or a minute of emulated time has passed. */
  run(): Evidence {
    const { kernel } = this;
    kernel.run(LIMIT_US);
    return {
      ending: this.#ending,
      threads: this.#threads,
      ended: this.#threads - kernel.alive,
      finished_ms: this.#finished_us / 1000,
      late_us: this.#late_us,
      wrong: this.#wrong,
      left: kernel.alive > 0 ? [] : leftovers(this.#watched),
      trace_hash: kernel.trace.hash,
    };
  }

  // The programs.

  /** An accomplice stays until the call is over, since threads that come and go are not compared. */
  *#assist(user: User, body: Accomplice['body']): Steps {
    yield* body(user, this);
    while (this.asking) yield* user.call('sleep', 500);
  }

  *#turnOf(user: User, who: 'application' | 'bystander'): Steps {
    while (this.#turn !== who) yield* user.call('sleep', 300);
  }

  *#stored(user: User, pages: number): Steps {
    for (let page = 0; page < pages; page++) yield* user.store(page << PAGE_SHIFT, byteOf(page));
  }

  *#looked(user: User, pages: number): Steps {
    for (let page = 0; page < pages; page++) if ((yield* user.load(page << PAGE_SHIFT)) !== byteOf(page)) this.#wrong++;
  }

  *#apply(user: User): Steps {
    for (let round = 0; round < ROUNDS; round++) {
      yield* this.#turnOf(user, 'application');
      yield* round === 0 ? this.#stored(user, APPLICATION_PAGES) : this.#looked(user, APPLICATION_PAGES);
      for (const block of [3, 9, 4, 5]) yield* user.call('read', this.file.id, block * BLOCK_BYTES, BLOCK_BYTES);
      yield* this.#streamed(user, round);
      yield* user.call('yield');
      this.#turn = 'bystander';
    }
    this.#done(user);
  }

  /** The default copies, and so does every graft here that commits: the file must contain what was written. */
  *#streamed(user: User, round: number): Steps {
    const bytes = Uint8Array.from({ length: STREAM_BUFFER_BYTES + 100 }, (_, i) => (i * 7 + round) & 255);
    const from = this.stream.position;
    yield* user.call('put', this.stream.id, bytes);
    const back = (yield* user.call('read', this.file.id, from, bytes.length)) as Uint8Array;
    if (back.length !== bytes.length || back.some((byte, i) => byte !== bytes[i])) this.#wrong++;
  }

  *#remember(user: User): Steps {
    yield* user.call('begin');
    yield* user.call('set_shared', 'secret', 42);
    yield* user.call('commit');
    for (let round = 0; round < ROUNDS; round++) {
      yield* this.#turnOf(user, 'bystander');
      yield* round === 0 ? this.#stored(user, BYSTANDER_PAGES) : this.#looked(user, BYSTANDER_PAGES);
      this.#turn = 'application';
    }
    this.#done(user);
    this.#turn = 'application';
  }

  #done({ now_us }: User): void {
    this.#working--;
    this.#finished_us = now_us;
  }

  get over(): boolean {
    return this.#working === 0;
  }

  *#wait(user: User): Steps {
    while (!this.over) yield* user.call('sleep', 700);
  }

  *#compute(user: User): Steps {
    while (!this.over) yield* user.compute(1000 * US);
  }

  *#watch(user: User): Steps {
    while (!this.over) {
      const due_us = user.now_us + 2000;
      yield* user.call('sleep', 2000);
      this.#late_us = Math.max(this.#late_us, user.now_us - due_us);
    }
  }
}
