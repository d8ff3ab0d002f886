// Waits for rows. The database knows who waits for whose rows, this host who waits for whose locks; a circle may lead
// through both. So when a statement takes long, the database is asked whether it waits, and for whom. Its transaction
// then waits in the one wait graph (src/txn/wait-graph.ts), where a deadlock is found and ended. A row has the time-out
// of the store's locks: whoever keeps one longer, while another waits, is aborted. Somebody who is not of this host
// cannot be; there the database's own lock_timeout ends the wait.

import type { Clock, Timer, Transaction, Tree, Waiting } from '../../../txn/index.ts';
import { endDeadlocks } from '../../../txn/index.ts';
import { LOCK_TIMEOUT_MS, PROBE_MS } from '../bounds.ts';

/** A connection on which a statement runs. */
export interface Running {
  readonly pid: () => number | null;
  readonly txn: Transaction;
  /** Ends the statement. */
  readonly end: () => void;
}

interface Blocked {
  readonly pid: number;
  readonly by: readonly number[];
}

/** A statement that waits for rows of other transactions. */
class RowWait implements Waiting {
  readonly any = false;
  readonly #tree: Tree;
  readonly since_ms: number;
  readonly #heldUp_ms: number;
  by: readonly Tree[];

  constructor(tree: Tree, by: readonly Tree[], now_ms: number) {
    this.#tree = tree;
    this.by = by;
    this.since_ms = now_ms;
    this.#heldUp_ms = this.#heldUp();
    tree.startWaiting(this);
  }

  blockers(): Tree[] {
    return [...this.by];
  }

  giveUp(): void {
    this.#tree.stopWaiting(this);
  }

  #heldUp(): number {
    return this.by.reduce((sum, tree) => sum + tree.heldUp_ms(), 0);
  }

  /** How long others have kept it waiting; time in which they were held up does not count. */
  kept_ms(now_ms: number): number {
    return now_ms - this.since_ms - Math.max(0, this.#heldUp() - this.#heldUp_ms);
  }
}

interface WatchedStatement {
  readonly running: Running;
  readonly since_ms: number;
  wait: RowWait | null;
}

export interface RowWaitsOptions {
  readonly clock: Clock;
  readonly timeout_ms?: number;
  /** Who of these processes waits for whom. */
  readonly ask: (pids: readonly number[]) => Promise<readonly Blocked[]>;
  /** The transaction tree that a process works for; undefined: none of this host. */
  readonly treeOf: (pid: number) => Tree | undefined;
  /** The smallest transaction of a tree that has all its rows. */
  readonly holderOf: (tree: Tree) => Transaction;
}

const SQL = 'SELECT pid, pg_blocking_pids(pid) AS by FROM unnest(?::int[]) AS pid';

/** Asks the database who waits for whom. */
export const askBlocked =
  (ask: (sql: string, pids: readonly number[]) => Promise<unknown[]>) =>
  async (pids: readonly number[]): Promise<readonly Blocked[]> =>
    (await ask(SQL, pids)) as Blocked[];

export class RowWaits {
  readonly #options: RowWaitsOptions;
  readonly #watched = new Set<WatchedStatement>();
  #timer: Timer | null = null;

  constructor(options: RowWaitsOptions) {
    this.#options = options;
  }

  /** A statement runs. Gives what is called when it does no longer. */
  watch(running: Running): () => void {
    const watched: WatchedStatement = { running, since_ms: this.#options.clock.now(), wait: null };
    this.#watched.add(watched);
    this.#arm();
    return () => {
      this.#watched.delete(watched);
      watched.wait?.giveUp();
    };
  }

  #arm(): void {
    if (this.#timer !== null || this.#watched.size === 0) return;
    this.#timer = this.#options.clock.after(PROBE_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const now_ms = this.#options.clock.now();
    const slow = [...this.#watched].filter(({ since_ms }) => now_ms - since_ms >= PROBE_MS);
    const pids = slow.flatMap(({ running }) => running.pid() ?? []);
    try {
      if (pids.length > 0) this.#heard(slow, await this.#options.ask(pids));
    } catch {
      // The connection that is asked comes back; until then the database's own time-outs hold.
    }
    this.#timer = null;
    this.#arm();
  }

  #heard(slow: readonly WatchedStatement[], answer: readonly Blocked[]): void {
    const blocked = new Map(answer.filter(({ by }) => by.length > 0).map(({ pid, by }) => [pid, by]));
    const now_ms = this.#options.clock.now();
    for (const watched of slow) {
      const by = blocked.get(watched.running.pid() ?? -1) ?? [];
      if (this.#watched.has(watched)) this.#waits(watched, by, now_ms);
    }
    for (const { wait } of slow)
      if (wait !== null && wait.kept_ms(now_ms) >= (this.#options.timeout_ms ?? LOCK_TIMEOUT_MS)) this.#expire(wait);
  }

  #waits(watched: WatchedStatement, pids: readonly number[], now_ms: number): void {
    const { txn, end } = watched.running;
    // Aborted meanwhile: the end of its statement is on its way.
    if (txn.state !== 'active') return;
    const trees = [...new Set(pids.flatMap((pid) => this.#options.treeOf(pid) ?? []))];
    const by = trees.filter((tree) => tree !== txn.tree);
    if (by.length === 0) {
      watched.wait?.giveUp();
      watched.wait = null;
      return;
    }
    if (watched.wait === null) watched.wait = new RowWait(txn.tree, by, now_ms);
    else watched.wait.by = by;
    endDeadlocks(txn);
    if (txn.doomed !== null) end();
  }

  /** Aborts those that keep rows and do not wait for rows themselves: whom these wait for has a time-out of his own. */
  #expire({ by }: RowWait): void {
    const waiting = new Set(
      [...this.#watched].filter(({ wait }) => wait !== null).map(({ running }) => running.txn.tree),
    );
    for (const tree of by) {
      if (tree.committing || waiting.has(tree)) continue;
      tree.transactions.end(this.#options.holderOf(tree), 'lock-timeout', 'rows');
    }
  }

  close(): void {
    this.#timer?.cancel();
  }
}
