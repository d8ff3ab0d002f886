// Runs one program on the real thing, and checks the laws on the way. A parked actor's steps wait until its ticket is
// settled; then the step that parked it is repeated. At the end of the program whatever still runs is brought to its
// end.

import { isDeepStrictEqual } from 'node:util';
import { Aborted, type Account, TransactionError } from '../../src/txn/index.ts';
import {
  type Action,
  type ControlAction,
  LOCK_TIMEOUT_MS,
  type OtherAction,
  type Program,
  type StateAction,
} from './actions.ts';
import { Actor, type Frame } from './actor.ts';
import { Follower, type Outcome } from './follow.ts';
import { needsOfOther, needsOfState } from './items.ts';
import { Ledger } from './ledger.ts';
import { applyAction, carryOut, initialState, visible } from './model.ts';
import { type Committed, checkSerial } from './serial.ts';
import { checkEnd, checkStep } from './step-checks.ts';
import { type Counts, type Law, Violation } from './violation.ts';
import { type AnyTicket, isTicket, World } from './world.ts';

const CALL_LIMIT = 6;
const ROUNDS_MAX = 100;
const REPEATS_MAX = 1000;

const STATE_ACTIONS: ReadonlySet<string> = new Set(
  'get set delete keys read write push pop item put length add count'.split(' '),
);
const CONTROL_ACTIONS: ReadonlySet<string> = new Set('nest commit doom prepare conflict abort tick'.split(' '));
const isState = (action: Action): action is StateAction => STATE_ACTIONS.has(action.do);
const isControl = (action: Action): action is ControlAction => CONTROL_ACTIONS.has(action.do);

export class Run {
  readonly world = new World();
  readonly counts: Counts;
  readonly actors: Actor[];
  readonly follower: Follower;
  readonly ledger: Ledger;
  /** The naive model's committed state. */
  readonly committed = initialState();
  readonly history: Committed[] = [];
  /** Effects that must have left. */
  readonly sent: number[] = [];
  readonly fenced = new Set<number>();
  failedUndos = 0;
  readonly #only: Law | null;
  #now = 0;
  #begun = 0;

  /** `only`: breaches of other laws are passed over, as far as that goes. */
  constructor(program: Program, counts: Counts, only: Law | null = null) {
    this.counts = counts;
    this.#only = only;
    this.actors = Array.from({ length: program.actors }, (_, who) => new Actor(who));
    this.follower = new Follower(this);
    this.ledger = new Ledger(this);
  }

  fail(law: Law, message: string): void {
    if (this.#only === null || this.#only === law) throw new Violation(law, message);
  }

  run(program: Program): void {
    this.counts.programs++;
    for (const { who, ...action } of program.steps) {
      this.counts.steps++;
      if (action.do === 'tick') this.#tick(action.ms);
      else (this.actors[who] as Actor).pending.push(action as Action);
      this.#pump();
    }
    this.#bringToEnd();
    checkEnd(this);
    checkSerial(this, this.history);
  }

  #tick(ms: number): void {
    const until = this.world.clock.now() + ms;
    while (this.world.clock.fireNext(until)) this.follower.drain({ why: 'timeout' });
    checkStep(this);
  }

  /** Lets everybody go on who can. */
  #pump(): void {
    let acts = 0;
    for (let moved = true; moved; ) {
      moved = false;
      for (const actor of this.actors) {
        while (!actor.parked && actor.pending.length > 0) {
          actor.ticket = null;
          actor.wait = null;
          if (this.#act(actor, actor.pending[0] as Action)) actor.pending.shift();
          checkStep(this);
          moved = true;
          if (++acts > REPEATS_MAX) throw new Violation(4, `actor ${actor.who} repeats a step for ever`);
        }
      }
    }
  }

  #bringToEnd(): void {
    for (let round = 0; this.actors.some((actor) => actor.frames.length > 0); round++) {
      if (round > ROUNDS_MAX) throw new Violation(4, 'somebody waits for ever');
      if (round % 4 === 3) this.#tick(LOCK_TIMEOUT_MS);
      for (const actor of this.actors)
        if (!actor.parked && actor.frames.length > 0)
          actor.pending.push({ do: actor.id % 3 === 0 && !actor.committing ? 'abort' : 'commit', levels: 0 });
      this.#pump();
    }
  }

  /** Does one action. False: the actor is parked and will repeat it. */
  #act(actor: Actor, action: Action): boolean {
    if (isControl(action)) this.#control(actor, action);
    else {
      if (actor.frames.length === 0) this.#begin(actor);
      if (!actor.committing) return this.#work(actor, action, actor.deepest as Frame);
    }
    return true;
  }

  #begin(actor: Actor): void {
    const { world } = this;
    const source = (actor.who % this.ledger.groups.length) % 3;
    const account = world.adopt((world.accounts[source] as Account).open([CALL_LIMIT, CALL_LIMIT]));
    this.ledger.groups.push(source);
    const txn = world.transactions.begin(account);
    actor.id = ++this.#begun;
    this.#pushFrame(actor, txn, account, null);
  }

  #pushFrame(actor: Actor, txn: Frame['txn'], account: Account | null, seen: unknown): void {
    txn.runner = {
      aborted: () => {
        if (txn.parent === null) this.world.seats.leave(txn);
        this.follower.events.push({ what: 'aborted', actor, txn });
      },
    };
    actor.frames.push({ txn, account, done: [], effects: [], bombs: [], moves: [], spends: this.world.spends, seen });
  }

  #attempt(work: () => unknown): Outcome {
    try {
      const answer = work();
      return isTicket(answer) ? { kind: 'ticket', ticket: answer as AnyTicket } : { kind: 'answer', answer };
    } catch (error) {
      if (error instanceof Aborted) return { kind: 'aborted', reason: error.reason };
      if (error instanceof TransactionError) return { kind: 'refused', code: error.code };
      throw error;
    }
  }

  #work(actor: Actor, action: StateAction | OtherAction, frame: Frame): boolean {
    const { world, follower } = this;
    this.#now++;
    const view = actor.view(this.committed);
    const own = world.nameOf((frame.txn.account as Account).lock);
    const needs = isState(action) ? needsOfState(view, action) : needsOfOther(action, own);
    const doomed = frame.txn.doomed;
    const outcome = this.#attempt(() =>
      isState(action) ? world.doState(frame.txn, action) : world.doOther(frame.txn, action),
    );
    if (doomed !== null && action.do !== 'spend') {
      if (outcome.kind !== 'aborted' || outcome.reason !== doomed.reason)
        this.fail(1, `a doomed transaction can still ${action.do}`);
      return true;
    }
    const granted = follower.asked(actor, needs, outcome);
    if (outcome.kind === 'aborted' && outcome.reason === 'deadlock') this.#endedByDeadlock(actor);
    else if (!granted) this.counts.tickets++;
    else if (outcome.kind === 'refused') this.#refused(actor, action, outcome.code);
    else if (outcome.kind === 'answer' && isState(action)) {
      const expected = applyAction(view, action);
      if (!isDeepStrictEqual(expected, outcome.answer))
        this.fail(
          3,
          `actor ${actor.who}: ${action.do} gave ${JSON.stringify(outcome.answer)}, not ${JSON.stringify(expected)}`,
        );
      frame.done.push({ action, answer: outcome.answer, needs, at: this.#now });
    } else if (outcome.kind === 'answer') this.#note(frame, action as OtherAction, outcome.answer);
    return outcome.kind !== 'ticket';
  }

  #endedByDeadlock(actor: Actor): void {
    this.counts.deadlocks++;
    for (const { txn } of actor.frames)
      if (txn.doomed?.reason !== 'deadlock') this.fail(4, 'who ends by a deadlock is not doomed at every level');
    actor.frames[0]?.txn.abort();
    this.follower.drain({ why: 'own' });
  }

  #refused(actor: Actor, action: Action, code: string): void {
    if (action.do === 'unlock' && this.follower.table.modeOf(actor.id, `lock${action.lock}`) === 0) return;
    if (action.do === 'bomb' && code === 'GRAFT_FENCED' && this.fenced.has(action.bomb)) this.counts.fenced_calls++;
    else this.fail(7, `${action.do} was refused with ${code}`);
  }

  /** Keeps what an action has done, for its commit or abort. */
  #note(frame: Frame, action: OtherAction, answer: unknown): void {
    const { ledger, world } = this;
    if (action.do === 'defer') frame.effects.push(action.value);
    if (action.do === 'bomb') {
      if (this.fenced.has(action.bomb)) this.fail(7, 'a fenced object is used');
      frame.bombs.push(action.bomb);
    }
    if (action.do === 'charge') ledger.spent(ledger.groupOf(frame.txn.account), action.resource, action.amount);
    if (action.do === 'spend' && answer === true) ledger.spent(action.account, action.resource, action.amount);
    if (action.do !== 'hold' && action.do !== 'giveBack' && action.do !== 'transfer' && action.do !== 'fund') return;
    const { account: from, resource } = action;
    const to = action.do === 'transfer' ? action.to : action.do === 'fund' ? ledger.groupOf(frame.txn.account) : null;
    const amount = action.do === 'giveBack' ? -world.moved : world.moved;
    frame.moves.push({ from, to, resource, amount });
    ledger.moved({ from, to, resource, amount }, 1);
  }

  #control(actor: Actor, action: ControlAction): void {
    const frame = actor.deepest;
    if (frame === undefined) return;
    const { committing } = actor;
    if (action.do === 'commit') this.#commit(actor, frame);
    else if (action.do === 'conflict' && committing) this.#abort(actor, 0, 'store-conflict');
    else if (committing) return;
    else if (action.do === 'abort') this.#abort(actor, Math.max(0, actor.depth - action.levels), 'cancelled');
    else if (frame.txn.doomed !== null) return;
    else if (action.do === 'doom') frame.txn.doom('thrown', 'the program says so');
    else if (action.do === 'prepare' && actor.depth === 0) {
      frame.txn.prepare();
      actor.committing = true;
    } else if (action.do === 'nest') this.#nest(actor, frame, action.limit);
  }

  #nest(actor: Actor, parent: Frame, limit: number): void {
    const { world, ledger } = this;
    const seen = this.sweep(actor);
    const from = parent.txn.account as Account;
    const account = limit > 0 ? world.adopt(from.open([limit, limit], parent.txn.tree)) : null;
    if (account !== null) ledger.groups.push(ledger.groupOf(from));
    this.#pushFrame(actor, account === null ? parent.txn.begin() : parent.txn.begin(account), account, seen);
  }

  /** Everything the actor's transaction can read, where nobody else can be in its way. */
  sweep(actor: Actor): unknown {
    const txn = actor.deepest?.txn;
    if (this.actors.length > 1 || txn === undefined || txn.doomed !== null) return null;
    const { map, cells, list, counter } = this.world;
    const keys = map.keys(txn) as string[];
    return {
      map: keys.map((key) => [key, map.get(txn, key)]),
      cells: cells.map((cell) => cell.get(txn)),
      list: Array.from({ length: list.length(txn) as number }, (_, i) => list.get(txn, i)),
      beyond: list.get(txn, list.length(txn) as number),
      count: counter.get(txn),
    };
  }

  #abort(actor: Actor, depth: number, reason: 'cancelled' | 'store-conflict'): void {
    actor.frames[depth]?.txn.abort(reason);
    this.follower.drain({ why: 'own' });
  }

  #commit(actor: Actor, { txn }: Frame): void {
    if (txn.doomed !== null) {
      const { reason } = txn.doomed;
      const outcome = this.#attempt(() => txn.commit());
      if (outcome.kind !== 'aborted' || outcome.reason !== reason) this.fail(1, 'a doomed transaction has committed');
      this.follower.drain({ why: 'own' });
    } else if (txn.parent !== null) this.#commitNested(actor);
    else this.#commitTop(actor);
  }

  #commitNested(actor: Actor): void {
    const { txn } = actor.deepest as Frame;
    const { tree } = txn;
    const before = [tree.log.mark, tree.holds.length, tree.effects.length];
    txn.commit();
    this.counts.nested_commits++;
    if (!isDeepStrictEqual([tree.log.mark, tree.holds.length, tree.effects.length], before))
      this.fail(2, "a child's commit kept undo records, locks or effects from its parent");
    this.follower.table.handUp(actor.id, actor.depth - 1);
    actor.handUp().account?.close();
    for (const lock of this.world.visibleLocks())
      if (this.follower.table.modeOf(actor.id, this.world.nameOf(lock)) !== 0 && !lock.heldBy(tree))
        this.fail(2, `a child's commit has let go of ${this.world.nameOf(lock)}`);
    if (tree.deepest !== actor.deepest?.txn) this.fail(2, "after a child's commit its parent does not go on");
  }

  #commitTop(actor: Actor): void {
    const frame = actor.deepest as Frame;
    frame.txn.commit();
    this.counts.commits++;
    actor.frames = [];
    actor.committing = false;
    this.world.seats.leave(frame.txn);
    this.follower.table.release(actor.id, 0);
    frame.account?.close();
    for (const { action } of frame.done) applyAction(this.committed, action);
    carryOut(this.committed);
    this.history.push({ id: actor.id, done: frame.done });
    this.sent.push(...frame.effects);
    this.counts.effects += frame.effects.length;
    this.follower.drain({ why: 'own' });
  }

  /** The actor's levels from `depth` on were aborted, by whomever. */
  wasAborted(actor: Actor, depth: number): void {
    const dropped = actor.frames.splice(depth);
    actor.committing = false;
    const { txn, seen } = dropped[0] as Frame;
    this.counts.aborted(txn.doomed?.reason ?? 'none', depth > 0);
    const bombs = dropped.flatMap((frame) => frame.bombs);
    if (actor.ticket !== null && actor.wait !== null) this.#dropParked(actor);
    for (let i = dropped.length - 1; i >= 0; i--) dropped[i]?.account?.close();
    this.ledger.aborted(dropped);
    for (const bomb of bombs) this.fenced.add(bomb);
    this.failedUndos += bombs.length;
    this.counts.failed_undos += bombs.length;
    if (depth > 0) this.#checkNestedAbort(actor, txn, seen, bombs.length > 0 ? 7 : null);
    else if (!isDeepStrictEqual(this.world.peek(), visible(this.committed)))
      this.fail(bombs.length > 0 ? 7 : 1, `after an abort the state is ${JSON.stringify(this.world.peek())}`);
  }

  #dropParked(actor: Actor): void {
    if (actor.ticket?.state === 'waiting') this.fail(8, 'a ticket outlives its transaction');
    actor.pending.shift();
    actor.ticket = null;
    actor.wait = null;
  }

  #checkNestedAbort(actor: Actor, txn: Frame['txn'], seen: unknown, law: Law | null): void {
    const { tree } = txn;
    if (tree.log.mark !== txn.undoMark || tree.effects.length !== txn.effectMark || tree.holds.length !== txn.holdMark)
      this.fail(law ?? 2, "a child's abort took back more or less than the child's");
    if (tree.deepest !== actor.deepest?.txn) this.fail(2, "after a child's abort its parent does not go on");
    const { map, cells } = visible(actor.view(this.committed));
    const view = this.world.viewOf(tree);
    if (!isDeepStrictEqual(view, { map, cells }))
      this.fail(
        law ?? this.#lawOf(actor, view),
        `after a child's abort its parent sees ${JSON.stringify(view)}, not ${JSON.stringify({ map, cells })}`,
      );
    const now = seen === null ? null : this.sweep(actor);
    if (now !== null && !isDeepStrictEqual(now, seen))
      this.fail(law ?? 1, `a child's abort made ${JSON.stringify(now)} of ${JSON.stringify(seen)}`);
  }

  /** Law 2 where something of the parent's own is gone, law 1 where something of the child's is left. */
  #lawOf(actor: Actor, view: ReturnType<World['viewOf']>): Law {
    const written = actor.frames.flatMap((frame) => frame.done).map((done) => done.action);
    const lost = written.some((action, i) => {
      if (
        action.do !== 'set' ||
        written.slice(i + 1).some((later) => 'key' in later && later.key === action.key && later.do !== 'get')
      )
        return false;
      return !view.map.some(([key, value]) => key === action.key && value === action.value);
    });
    return lost ? 2 : 1;
  }
}
