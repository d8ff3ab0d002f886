// Follows a run on the naive lock table: every grant, ticket, deadlock and time-out must be what the rules say (laws 3
// and 4).

import type { Transaction } from '../../src/txn/index.ts';
import { LOCK_TIMEOUT_MS } from './actions.ts';
import type { Actor } from './actor.ts';
import type { Need } from './items.ts';
import { LockTable, SEAT, type Wait } from './lock-table.ts';
import type { Run } from './run.ts';
import type { AnyTicket } from './world.ts';

interface RunSettling {
  readonly what: 'settled';
  readonly actor: Actor;
  readonly ticket: AnyTicket;
}

interface RunAbort {
  readonly what: 'aborted';
  readonly actor: Actor;
  readonly txn: Transaction;
}

/** What happened inside the last call, in its order. */
export type RunEvent = RunSettling | RunAbort;

export type Outcome =
  | { readonly kind: 'answer'; readonly answer: unknown }
  | { readonly kind: 'ticket'; readonly ticket: AnyTicket }
  | { readonly kind: 'aborted'; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: string };

/** Why transactions may end during a call. */
export type Cause =
  | { readonly why: 'own' }
  | { readonly why: 'timeout' }
  | { readonly why: 'deadlock'; readonly wait: Wait };

const OWN: Cause = { why: 'own' };

export class Follower {
  readonly table = new LockTable();
  readonly events: RunEvent[] = [];
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  /**
   * The actor has asked for these locks, one after the other, and this came of it. True: it goes on; false: it waits or
   * has failed.
   */
  asked(actor: Actor, needs: readonly Need[], outcome: Outcome): boolean {
    for (const need of needs) if (!this.#askedOne(actor, need, outcome)) return false;
    this.drain(OWN);
    if (outcome.kind === 'ticket')
      this.#run.fail(4, `a ticket for ${this.#run.world.itemOf(outcome.ticket)}, which is to be had`);
    if (outcome.kind === 'aborted' && outcome.reason === 'deadlock') this.#run.fail(4, 'a deadlock without a cycle');
    return outcome.kind !== 'ticket';
  }

  #askedOne(actor: Actor, [item, mode]: Need, outcome: Outcome): boolean {
    const { table } = this;
    if (table.grantable(actor.id, item, mode)) {
      table.hold(actor.id, item, mode, actor.depth);
      return true;
    }
    const wait: Wait = { id: actor.id, item, mode, since: this.#run.world.clock.now() };
    table.join(wait);
    this.drain({ why: 'deadlock', wait });
    if (!table.waits.includes(wait)) return true;
    if (outcome.kind === 'ticket' && this.#run.world.itemOf(outcome.ticket) === item) {
      actor.ticket = outcome.ticket;
      actor.wait = wait;
      outcome.ticket.onSettled = () => this.events.push({ what: 'settled', actor, ticket: outcome.ticket });
      return false;
    }
    if (outcome.kind === 'aborted' && outcome.reason === 'deadlock') {
      const youngest = table.youngestWith(actor.id);
      if (youngest !== actor.id)
        this.#run.fail(4, `a deadlock ended ${actor.id} where ${youngest} is the youngest in it`);
      table.leave(wait);
      return false;
    }
    this.#run.fail(3, `actor ${actor.who} got ${item} in mode ${mode} while others hold it or came first`);
    this.#grant(wait, actor.depth);
    return true;
  }

  #grant(wait: Wait, depth: number): void {
    this.table.leave(wait);
    this.table.hold(wait.id, wait.item, wait.mode, depth);
  }

  /**
   * Takes note of everything that has happened since: aborts, each with what it released, and grants. Where a wait was
   * in the way, up to the end of that wait: what comes later belongs to the next lock that the same call asked for.
   */
  drain(cause: Cause): void {
    while (this.events.length > 0) {
      if (cause.why === 'deadlock' && !this.table.waits.includes(cause.wait)) return;
      const { ended, settled } = this.#takeGroup();
      if (ended.length > 0) this.#ended(ended, cause);
      for (const event of settled) this.#settled(event, cause);
      if (cause.why === 'deadlock') this.#grantSilently(cause.wait);
    }
  }

  /**
   * The next abort, of one transaction with all inside it, and the tickets settled by it; without one, all tickets
   * settled.
   */
  #takeGroup(): { ended: RunAbort[]; settled: RunSettling[] } {
    const first = this.events.find((event) => event.what === 'aborted');
    const other = this.events.findIndex((event) => event.what === 'aborted' && event.actor !== first?.actor);
    const mine = other === -1 ? this.events : this.events.slice(0, other);
    const taken =
      first === undefined
        ? this.events.splice(0)
        : this.events.splice(0, mine.findLastIndex((event) => event.what === 'aborted') + 1);
    return {
      ended: taken.filter((event) => event.what === 'aborted'),
      settled: taken.filter((event) => event.what === 'settled'),
    };
  }

  #ended(ended: readonly RunAbort[], cause: Cause): void {
    const { actor, txn } = ended.at(-1) as RunAbort;
    const depth = actor.frames.findIndex((frame) => frame.txn === txn);
    if (depth === -1) throw new Error('an abort of a transaction that had ended');
    if (cause.why === 'deadlock') this.#checkDeadlock(actor, txn, depth, cause.wait);
    if (cause.why === 'timeout') this.#checkTimeout(actor, depth);
    if (cause.why === 'own' && txn.doomed?.reason === 'lock-timeout')
      this.#run.fail(4, 'a lock time-out outside the clock');
    this.table.release(actor.id, depth);
    this.#run.wasAborted(actor, depth);
  }

  #checkDeadlock(actor: Actor, txn: Transaction, depth: number, wait: Wait): void {
    const youngest = this.table.youngestWith(wait.id);
    const reason = txn.doomed?.reason;
    if (reason === 'deadlock') this.#run.counts.deadlocks++;
    if (reason !== 'deadlock' && txn.doomed?.reason !== 'limit' && txn.doomed?.reason !== 'thrown')
      this.#run.fail(4, `ended as ${reason} by a request of ${wait.id}`);
    if (youngest !== actor.id || depth !== 0)
      this.#run.fail(4, `a deadlock ended ${actor.id} at level ${depth} where ${youngest} is the youngest in it`);
  }

  #checkTimeout(actor: Actor, depth: number): void {
    const { table } = this;
    const now = this.#run.world.clock.now();
    this.#run.counts.timeouts++;
    if (actor.committing) this.#run.fail(4, 'a time-out ended a committing transaction');
    const fair = table.waits.some(
      (wait) =>
        wait.item !== SEAT &&
        wait.id !== actor.id &&
        table.isHead(wait) &&
        table.modeOf(actor.id, wait.item) !== 0 &&
        table.smallest(actor.id, wait) === depth &&
        table.queue(wait.item).some((one) => now - one.since >= LOCK_TIMEOUT_MS),
    );
    if (!fair)
      this.#run.fail(
        4,
        `a time-out ended level ${depth} of ${actor.id}: nobody waited so long, or it is not the smallest holder`,
      );
  }

  #settled(event: RunSettling, cause: Cause): void {
    const { actor, ticket } = event;
    if (cause.why === 'deadlock') this.#grantSilently(cause.wait);
    if (ticket.state === 'given-up' || actor.ticket !== ticket || actor.wait === null) return;
    const { wait } = actor;
    if (!this.table.isHead(wait) || !this.table.fits(wait.id, wait.item, wait.mode))
      this.#run.fail(4, `actor ${actor.who} was let in to ${wait.item} out of order`);
    this.#grant(wait, actor.depth);
  }

  /** Who asks has no ticket yet, so its grant makes no event. */
  #grantSilently(wait: Wait): void {
    const { table } = this;
    if (!table.waits.includes(wait) || !table.isHead(wait) || !table.fits(wait.id, wait.item, wait.mode)) return;
    const actor = this.#run.actors.find((one) => one.id === wait.id);
    this.#grant(wait, (actor as Actor).depth);
  }

  /** Between steps nobody waits for what is free, and nobody is in a deadlock. */
  checkWaits(): void {
    for (const wait of this.table.waits) {
      if (this.table.isHead(wait) && this.table.fits(wait.id, wait.item, wait.mode))
        this.#run.fail(4, `${wait.id} waits for ${wait.item}, which is to be had`);
    }
    const stuck = this.table.stuck();
    if (stuck.size > 0) this.#run.fail(4, `a deadlock of ${[...stuck].join(', ')} was not found`);
  }
}
