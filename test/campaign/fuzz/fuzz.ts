// A fuzzer of a whole host through what it shows: seeded operations, life after life over one folder, a model of what
// must stand afterwards, readers meanwhile, and a watchdog for hangs. Used by a test (a few operations) and by
//
//   npm run campaign -- fuzz [--seed N] [--seeds COUNT] [--minutes M | --operations K] [--kind process|isolate]
//     [--life N] [--json]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../../support/random.ts';
import { Counts } from './counts.ts';
import { type Legacy, LifeRun } from './life.ts';
import { type Kind, type Life, planLife } from './plan.ts';
import { watchWaits } from './waits.ts';
import { SLACK_MS, Watchdog } from './watchdog.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly kind: Kind;
  /** How long lives are begun; the one that runs then is brought to its end. */
  readonly minutes?: number;
  /** Or how many operations there are in all. */
  readonly operations?: number;
  /** The first life: those of a seed can be had alone. */
  readonly life?: number;
  readonly slack_ms?: number;
  readonly progress?: (text: string) => void;
}

export interface FuzzRun {
  readonly seed: number;
  readonly kind: Kind;
  readonly ms: number;
  readonly counts: Counts;
  /** The life that was the last. */
  readonly life: number;
  /** What must not be, with the life it was in; empty is right. */
  readonly violations: readonly string[];
  readonly hung: boolean;
  /** The longest time that anything took beyond its own limit, in ms; negative where all kept it. */
  readonly latest_ms: number;
  /** MB (2^20 bytes): after the first life, and at the end. */
  readonly heap_mb: readonly [number, number];
  readonly resident_mb: readonly [number, number];
}

const OPERATIONS_A_LIFE = 400;
const VIOLATIONS_MAX = 20;

const mb = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10;

const measure = (): { heap: number; resident: number } => {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: mb(heapUsed), resident: mb(rss) };
};

/** How many operations the next life has; none: the run is over. */
const nextCount = ({ operations, minutes }: FuzzOptions, done: number, ms: number): number => {
  if (operations !== undefined) return Math.min(OPERATIONS_A_LIFE, operations - done);
  return ms < (minutes ?? 1) * 60_000 ? OPERATIONS_A_LIFE : 0;
};

/** A life without operations, that looks at what the last one left. */
const looksOnly = (plan: Life): Life => ({ ...plan, operations: [], closesLoaded: false, removesAll: true });

class Fuzz {
  readonly #options: FuzzOptions;
  readonly #counts = new Counts();
  readonly #violations: string[] = [];
  readonly #sent = new Map<string, string>();
  readonly #hang = Promise.withResolvers<never>();
  readonly #watchdog: Watchdog;
  readonly #folder = mkdtempSync(join(tmpdir(), 'graftwork-fuzz-'));
  #legacy: Legacy | null = null;
  #life = 0;
  #hung = false;

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#life = options.life ?? 0;
    this.#watchdog = new Watchdog((dump) => this.#isHung(dump), options.slack_ms ?? SLACK_MS);
    this.#hang.promise.catch(() => {});
  }

  #alarm(what: string): void {
    const text = `life ${this.#life}: ${what}`;
    if (this.#violations.length < VIOLATIONS_MAX && !this.#violations.includes(text)) this.#violations.push(text);
  }

  #isHung(dump: string): void {
    if (!this.#hung) this.#alarm(dump);
    this.#hung = true;
    this.#hang.reject(new Error('hung'));
  }

  async #live(plan: Life): Promise<void> {
    const { kind, seed } = this.#options;
    const life = new LifeRun({
      folder: this.#folder,
      kind,
      plan,
      random: new Random(seed ^ (this.#life << 16)),
      legacy: this.#legacy,
      counts: this.#counts,
      watchdog: this.#watchdog,
      sent: this.#sent,
      alarm: (what) => this.#alarm(what),
      stopped: () => this.#violations.length > 0,
    });
    this.#legacy = await Promise.race([life.run(), this.#hang.promise]);
  }

  async #lives(): Promise<{ heap: number; resident: number }> {
    const { seed, kind, progress } = this.#options;
    const begun = performance.now();
    let first: ReturnType<typeof measure> | null = null;
    for (let planned = 0; this.#violations.length === 0; this.#life++) {
      const count = nextCount(this.#options, planned, performance.now() - begun);
      if (count <= 0) break;
      planned += count;
      await this.#live(planLife(seed, this.#life, count, kind));
      first ??= measure();
      const { operations, kills, lives } = this.#counts;
      progress?.(`seed ${seed}: ${lives} lives, ${operations} operations, ${kills} kills`);
    }
    if (this.#violations.length === 0) await this.#live(looksOnly(planLife(seed, this.#life, 0, kind)));
    return first ?? measure();
  }

  async run(): Promise<FuzzRun> {
    const { seed, kind } = this.#options;
    const begun = performance.now();
    const stopWatching = watchWaits();
    let first = measure();
    const unheard = (error: unknown): void =>
      this.#alarm(`nobody handled ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.on('unhandledRejection', unheard);
    try {
      first = await this.#lives();
    } catch (error) {
      if (!this.#hung) this.#alarm(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      process.off('unhandledRejection', unheard);
      stopWatching();
      this.#watchdog.close();
      rmSync(this.#folder, { recursive: true, force: true });
    }
    const last = measure();
    return {
      seed,
      kind,
      ms: Math.round(performance.now() - begun),
      counts: this.#counts,
      life: this.#life,
      violations: this.#violations,
      hung: this.#hung,
      latest_ms: Math.round(this.#watchdog.latest_ms),
      heap_mb: [first.heap, last.heap],
      resident_mb: [first.resident, last.resident],
    };
  }
}

/** Runs the operations of one seed. */
export const runFuzz = (options: FuzzOptions): Promise<FuzzRun> => new Fuzz(options).run();
