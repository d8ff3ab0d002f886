// The bundlers of this process: one package, one bundler, and few of them at once. Who asks gets one that is warm where
// there is one, else a new one, else waits for one in turn. So a package that keeps its bundler busy, or breaks it,
// delays nobody else's, until BUNDLERS_MAX of them do so at once.
//
// They are started when first asked for. Who reads packages for long holds them (`hold`): while anybody does, there is
// one more than are in use, two at least, so that the next need not wait for a start, and idle ones are kept for
// IDLE_MS. When nobody holds them any more they end, and where nobody ever did, after a moment.

import { childCommand } from '../../compartment/process/command.ts';
import { NO_WALLS, type Standing, standsAll, toByte } from '../../compartment/process/walls/standing.ts';
import { GraftError } from '../../errors.ts';
import { Bundler, type BundlerReply, type Pids } from './bundler.ts';
import { type BundlerCommands, bundlerCommands } from './command.ts';
import type { RawPackage } from './messages.ts';

export const BUNDLERS_MAX = 4;
const BUNDLERS_MIN = 2;
/** So many that do not start in a row, and nobody waits any longer. */
const FAILURES_MAX = 3;
const IDLE_MS = 30_000;
const IDLE_UNHELD_MS = 1_000;
/** A start takes the machine for a moment: whoever has just got a bundler is served before that. */
const REFILL_MS = 25;

/** A spare one has made a package before, so that the first of somebody's is made as fast as the next. */
const NOBODY: RawPackage = {
  entries: [{ path: 'main.ts', bytes: Buffer.from('export const nothing = (): null => null;') }],
  given: JSON.stringify({ name: 'nobody', graftwork: { api: 1, grafts: [] } }),
};
const NOBODY_MS = 5_000;

interface BundlerTurn {
  readonly give: (bundler: Bundler) => void;
  readonly fail: (error: GraftError) => void;
}

export interface MakeOptions {
  readonly wait_ms: number;
  /** When it is aborted the package is given up: GRAFT_CLOSED. */
  readonly signal?: AbortSignal | undefined;
  /** Walls without which it is not made: GRAFT_NO_WALLS. */
  readonly walls: Standing;
}

/** How bundlers are started. */
export interface BundlerStart {
  readonly commands: (walled: boolean) => BundlerCommands;
  /** The walls around plugins' processes on this system. */
  readonly standing: () => Standing;
}

const HERE: BundlerStart = { commands: bundlerCommands, standing: () => childCommand().facts.walls };

const closed = (): GraftError => new GraftError('GRAFT_CLOSED', 'the host is closed');

export class Bundlers {
  readonly #from: BundlerStart;
  readonly #all = new Set<Bundler>();
  readonly #waiting: BundlerTurn[] = [];
  /** Those that make a package of somebody's. */
  readonly #busy = new Set<Bundler>();
  #holds = 0;
  /** How many in a row did not start. */
  #failures = 0;
  #refill: NodeJS.Timeout | null = null;
  #end: NodeJS.Timeout | null = null;
  /** Whether bundlers are started with walls: where none stand around plugins' processes either, they need not. */
  #walled = true;

  constructor(from: BundlerStart = HERE) {
    this.#from = from;
  }

  /** Process ids of all that there are. */
  get pids(): Pids[] {
    return [...this.#all].map(({ pids }) => pids);
  }

  /** Process ids of those that make a package of somebody's. */
  get busy(): Pids[] {
    return [...this.#busy].map(({ pids }) => pids);
  }

  /** Somebody reads packages from now on, until the function given is called. */
  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (--this.#holds === 0) this.#endIdle();
    };
  }

  /**
   * Has a package made. One whose bundler is lost from outside is made by another, once. Throws GRAFT_CLOSED, and
   * GRAFT_INTERNAL where no bundler starts on this system.
   */
  async make(raw: RawPackage, options: MakeOptions): Promise<BundlerReply> {
    const first = await this.#makeOnce(raw, options);
    return first.is === 'lost' && first.outside ? await this.#makeOnce(raw, options) : first;
  }

  async #makeOnce(raw: RawPackage, { wait_ms, signal, walls }: MakeOptions): Promise<BundlerReply> {
    const bundler = await this.#take(signal);
    const abandon = (): void => bundler.kill('the host is closed');
    signal?.addEventListener('abort', abandon);
    try {
      if (signal?.aborted) throw closed();
      if (!standsAll(walls, bundler.walls))
        throw new GraftError('GRAFT_NO_WALLS', 'walls are required around the process that bundles plugins');
      const reply = await bundler.make(raw, wait_ms);
      if (signal?.aborted) throw closed();
      return reply;
    } finally {
      signal?.removeEventListener('abort', abandon);
      this.#busy.delete(bundler);
      this.#serve();
    }
  }

  async #take(signal: AbortSignal | undefined): Promise<Bundler> {
    if (signal?.aborted) throw closed();
    const { promise, resolve, reject } = Promise.withResolvers<Bundler>();
    const waiting = { give: resolve, fail: reject };
    const leave = (): void => {
      const index = this.#waiting.indexOf(waiting);
      if (index !== -1) this.#waiting.splice(index, 1);
      reject(closed());
    };
    this.#waiting.push(waiting);
    signal?.addEventListener('abort', leave);
    this.#serve();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }

  /** Gives idle bundlers to those that wait, and starts as many as are missing. */
  #serve(): void {
    for (const bundler of this.#all) if (bundler.idle && !this.#busy.has(bundler)) this.#give(bundler);
    const starting = [...this.#all].filter((bundler) => !bundler.ready).length;
    for (let missing = this.#waiting.length - starting; missing > 0 && this.#all.size < BUNDLERS_MAX; missing--)
      if (!this.#start()) break;
    for (const bundler of this.#all)
      bundler.keep(this.#busy.has(bundler) || (!bundler.ready && this.#waiting.length > 0));
    this.#look();
  }

  #give(bundler: Bundler): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#busy.add(bundler);
    next.give(bundler);
  }

  /** Whether one could be started. Where not, nobody who waits will get one. */
  #start(): boolean {
    try {
      const events = { ready: (one: Bundler) => this.#ready(one), ended: (one: Bundler) => this.#ended(one) };
      this.#all.add(new Bundler(this.#from.commands(this.#walled), events));
      return true;
    } catch (error) {
      this.#failAll(error instanceof GraftError ? error : notStarted((error as Error).message));
      return false;
    }
  }

  #failAll(error: GraftError): void {
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }

  /** Where nobody waits for one that has started, it is a spare. */
  #ready(bundler: Bundler): void {
    this.#failures = 0;
    if (this.#waiting.length === 0) void bundler.make(NOBODY, NOBODY_MS).then(() => this.#serve());
    this.#serve();
  }

  #ended(bundler: Bundler): void {
    this.#all.delete(bundler);
    const lost = bundler.notStarted;
    if (lost !== null && ++this.#failures >= FAILURES_MAX) this.#notStarting(lost.why);
    this.#serve();
  }

  #notStarting(why: string): void {
    this.#failures = 0;
    if (this.#walled && toByte(this.#from.standing()) === toByte(NO_WALLS)) this.#walled = false;
    else this.#failAll(notStarted(why));
  }

  /** Arms what happens later: one more where too few are there, an end where none is in use. */
  #look(): void {
    const isQuiet = this.#busy.size === 0 && this.#waiting.length === 0;
    if (!isQuiet && this.#holds > 0 && this.#refill === null)
      this.#refill = setTimeout(() => this.#refilled(), REFILL_MS).unref();
    if (isQuiet && this.#all.size > 0) {
      const idle_ms = this.#holds > 0 ? IDLE_MS : IDLE_UNHELD_MS;
      this.#end ??= setTimeout(() => this.#endIdle(), idle_ms).unref();
    } else {
      if (this.#end !== null) clearTimeout(this.#end);
      this.#end = null;
    }
  }

  #refilled(): void {
    this.#refill = null;
    const wanted = Math.min(Math.max(this.#busy.size + 1, BUNDLERS_MIN), BUNDLERS_MAX);
    if (this.#all.size === 0 || this.#all.size >= wanted) return;
    this.#start();
    this.#serve();
  }

  #endIdle(): void {
    for (const timer of [this.#end, this.#refill]) if (timer !== null) clearTimeout(timer);
    this.#end = this.#refill = null;
    for (const bundler of this.#all)
      if (!this.#busy.has(bundler) && (bundler.ready || this.#waiting.length === 0)) bundler.dismiss();
  }
}

const notStarted = (why: string): GraftError =>
  new GraftError('GRAFT_INTERNAL', `no bundler of plugins starts on this system: ${why}`);

/** All readers of packages in this process share them. */
export const bundlers = new Bundlers();
