// A kernel under test and the models beside it: what the shared state must be (a replay of the committed transactions),
// priorities and wired pages (what committed grafts did), and what every thread is at.

import type { GraftNews, Kernel } from '../../../src/kernel-model/kernel/index.ts';
import type { Thread } from '../../../src/kernel-model/sched/index.ts';
import type { EventName } from '../../../src/kernel-model/trace.ts';
import type { CompartmentCall } from '../../../src/plugins/index.ts';
import { Ticket, type Transaction, type Tree } from '../../../src/txn/index.ts';
import type { Plan, Step } from './plan.ts';

/** Something that must hold did not. */
export class Violation extends Error {}

/** What kernels did, so that a reader sees that they exercise what they claim. */
export const noCounts = () => ({
  kernels: 0,
  events: 0,
  steps: 0,
  bytes_checked: 0,
  reads_replayed: 0,
  grafts_committed: 0,
  grafts_aborted: 0,
  grafts_refused: 0,
  preemptions: 0,
  graft_waits: 0,
  evictions: 0,
  page_outs: 0,
  exchanged: 0,
  segmentation_violations: 0,
  aborts_by_reason: {} as Record<string, number>,
  calls_failed: {} as Record<string, number>,
});
export type Counts = ReturnType<typeof noCounts>;

interface Write {
  readonly txn: Transaction;
  readonly key: string;
  readonly value: number;
}

const isAborted = (txn: Transaction): boolean => {
  for (let one: Transaction | null = txn; one !== null; one = one.parent) if (one.state === 'aborted') return true;
  return false;
};

/** What a graft did that stands only if its call commits. */
type Intent =
  | { readonly what: 'priority'; readonly thread: number; readonly priority: number }
  | { readonly what: 'wire'; readonly key: string; readonly by: 1 | -1 };

const STORY_EVENTS = 25;

export class World {
  readonly plan: Plan;
  readonly kernel: Kernel;
  readonly counts: Counts;
  /** The first thing that did not hold; a graft may have caught it. */
  violation: Violation | null = null;
  readonly threads: Thread[] = [];
  /** What each thread is doing, by its number. */
  readonly steps = new Map<number, Step['do']>();
  /** Names of files that some thread may make, and that one did make. */
  readonly claimed = new Set<string>();
  /** Last bytes of all files, by path. */
  readonly files = new Map<string, Uint8Array>();
  readonly shared = new Map<string, number>();
  readonly priorities = new Map<number, number>();
  /** How often pages are wired, by plugin, space and page. */
  readonly wires = new Map<string, number>();
  readonly plugins = new Set<string>();
  delegates = false;
  /** The event before. */
  last: EventName = 'switch';
  /** Calls of grafts that have begun and were not reported, the innermost last. */
  readonly open: CompartmentCall[] = [];
  /** Calls of grafts whose functions are on the stack. */
  readonly running: CompartmentCall[] = [];
  readonly #intents = new Map<CompartmentCall, Intent[]>();
  readonly #writes = new Map<Tree, Write[]>();
  readonly #story: string[] = [];

  constructor(plan: Plan, kernel: Kernel, counts: Counts) {
    this.plan = plan;
    this.kernel = kernel;
    this.counts = counts;
    this.#replay();
    kernel.calls.listener = (news) => this.#reported(news);
  }

  fail(message: string): never {
    this.violation ??= new Violation(message);
    throw this.violation;
  }

  tell(line: string): void {
    this.#story.push(line);
    if (this.#story.length > STORY_EVENTS) this.#story.shift();
  }

  get story(): string {
    return this.#story.join('\n');
  }

  /**
   * Notes what transactions write to the shared state, and carries the writes of those that commit out on the model.
   */
  #replay(): void {
    const { transactions } = this.kernel.calls;
    const { shared } = this.kernel.accessors;
    const begin = transactions.begin.bind(transactions);
    transactions.begin = (account) => {
      const txn = begin(account);
      const writes: Write[] = [];
      this.#writes.set(txn.tree, writes);
      const commit = txn.commit.bind(txn);
      txn.commit = () => {
        commit();
        for (const write of writes) if (!isAborted(write.txn)) this.shared.set(write.key, write.value);
      };
      return txn;
    };
    const set = shared.set.bind(shared);
    shared.set = (txn, key, value) => {
      const ticket = set(txn, key, value);
      if (ticket === undefined) this.#writes.get(txn.tree)?.push({ txn, key, value });
      return ticket;
    };
    const get = shared.get.bind(shared);
    shared.get = (txn, key) => {
      const value = get(txn, key);
      if (value instanceof Ticket) return value;
      const own = this.#writes.get(txn.tree)?.findLast((write) => write.key === key && !isAborted(write.txn));
      const expected = own === undefined ? this.shared.get(key) : own.value;
      this.counts.reads_replayed++;
      return value === expected ? value : this.fail(`shared ${key} reads ${value}, the replay has ${expected}`);
    };
  }

  /** A graft's function begins, for the first time or anew. */
  began(call: CompartmentCall): void {
    if (this.open.at(-1) !== call) this.open.push(call);
    this.#intents.set(call, []);
  }

  intends(intent: Intent): void {
    this.#intents.get(this.running.at(-1) as CompartmentCall)?.push(intent);
  }

  #reported({ graft, report }: GraftNews): void {
    const call = this.open.pop() as CompartmentCall;
    const intents = this.#intents.get(call) ?? [];
    this.#intents.delete(call);
    this.counts[`grafts_${report.status}`]++;
    if (report.reason !== undefined)
      this.counts.aborts_by_reason[report.reason] = (this.counts.aborts_by_reason[report.reason] ?? 0) + 1;
    this.tell(`${graft.name} at ${graft.point.name}: ${report.status} ${report.reason ?? ''} ${report.detail ?? ''}`);
    if (report.status !== 'committed') return;
    for (const intent of intents) {
      if (intent.what === 'priority') this.priorities.set(intent.thread, intent.priority);
      else this.wires.set(intent.key, (this.wires.get(intent.key) ?? 0) + intent.by);
    }
  }
}
