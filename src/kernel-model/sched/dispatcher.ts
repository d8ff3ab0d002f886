// The dispatcher: gives the processor to one thread after the other.
//
//   dispatch → deliver interrupts → take the next thread (schedule-delegate may hand its slice on) → slice → …
//   slice    → run the kernel work or the program until it waits, ends, is preempted by a more urgent thread, or its
//            slice is over
//
// A graft runs on the processor's own stack. When a metered one is preempted (`tick`), or a graft waits for a lock
// (`wait`), other threads run on top of it: it is buried until they return. One level of preemption is enough: a graft
// called on top runs to its end or its fuel. A thread that needs a lock of a buried one cannot wait for it. So the
// lock's time-out comes at once, the buried transaction is undone, and its graft learns of that when control returns to
// it.

import { expireNow, hasStack, type Ticket, type Tree } from '../../txn/index.ts';
import { CYCLES, SLICE_US } from '../limits.ts';
import type { Cpu, EventQueue, Trap } from '../machine/index.ts';
import type { Trace } from '../trace.ts';
import type { Wait } from '../wait.ts';
import { type ProcessList, RUNNABLE, WAITING } from './process-list.ts';
import { RunQueue } from './run-queue.ts';
import type { Thread } from './thread.ts';

/** The kernel as the dispatcher needs it. */
export interface KernelDuties {
  /** The schedule-delegate method: the thread that runs in this one's place. */
  delegate(thread: Thread): Thread;
  /** Makes the thread's address space the processor's. */
  enter(thread: Thread): void;
  /** The thread's program has stopped for this reason. */
  trap(thread: Thread, trap: Trap): void;
  /** The thread's kernel work threw. */
  failed(thread: Thread, error: unknown): void;
  /** Called between two traps, for work such as a policy whose columns are full. */
  serve(): void;
}

export class Dispatcher {
  current: Thread | null = null;
  switches = 0;
  preemptions = 0;
  readonly #cpu: Cpu;
  readonly #events: EventQueue;
  readonly #list: ProcessList;
  readonly #trace: Trace;
  readonly #governor: KernelDuties;
  readonly #ready = new RunQueue();
  /** The number of burials: frames of the dispatcher on the stack. */
  #depth = 0;
  /** Transactions of the buried threads, by the numbers of their trees, and how many there were before each burial. */
  readonly #below: number[] = [];
  readonly #marks: number[] = [];
  /** Set while a schedule-delegate method is called: no other is called then. */
  #choosing = false;
  #last: Thread | null = null;
  #sliceEnd_us = 0;
  /** How urgent the slice is: the thread's priority, or the more urgent one of the thread that handed it on. */
  #handedOn = Number.POSITIVE_INFINITY;
  /** When the current thread's running time was last added up. */
  #since_us = 0;

  constructor(cpu: Cpu, list: ProcessList, trace: Trace, governor: KernelDuties) {
    this.#cpu = cpu;
    this.#events = cpu.events;
    this.#list = list;
    this.#trace = trace;
    this.#governor = governor;
  }

  readonly #may = (thread: Thread): boolean => thread.buried === 0 || thread.buried === this.#depth;

  makeReady(thread: Thread): void {
    if (thread.state === 'dead') return;
    thread.state = 'ready';
    this.#list.set(thread, RUNNABLE);
    this.#ready.add(thread);
  }

  /** Takes a thread that has ended out of all lists. */
  remove(thread: Thread): void {
    this.#ready.remove(thread);
    thread.state = 'dead';
    this.#list.remove(thread);
  }

  /** Runs until `done` holds. False: no event is left. */
  run(done: () => boolean): boolean {
    while (!done()) if (!this.#dispatch()) return done();
    return true;
  }

  #dispatch(): boolean {
    this.current = null;
    this.#events.deliver();
    const next = this.#ready.take(this.#may);
    if (next === null) return this.#events.idle();
    const chosen = this.#choose(next);
    this.#slice(chosen, chosen === next ? Number.POSITIVE_INFINITY : next.priority);
    return true;
  }

  /**
   * Calls the thread's schedule-delegate method. A thread that hands its slice on goes to the end of the queue; a
   * buried one keeps its slice, and waits.
   */
  #choose(next: Thread): Thread {
    if (this.#choosing || next.buried > 0 || next.delegatePoint === null) return next;
    this.#choosing = true;
    const chosen = this.#governor.delegate(next);
    this.#choosing = false;
    if (chosen === next || !this.#ready.remove(chosen)) return next;
    if (next.state === 'ready') this.#ready.add(next);
    return chosen;
  }

  /** Changes a thread's priority, and its place in the run queue. */
  setPriority(thread: Thread, priority: number): void {
    const waits = this.#ready.remove(thread);
    thread.priority = priority;
    if (waits) this.#ready.add(thread);
  }

  /** Whether a thread is in the run queue. */
  isQueued(thread: Thread): boolean {
    return this.#ready.has(thread);
  }

  /** Whether a thread may get another's slice: it is ready, and not buried. */
  isRunnable(thread: Thread): boolean {
    return thread.state === 'ready' && thread.buried === 0;
  }

  #slice(thread: Thread, handedOn: number): void {
    if (thread.state === 'dead') return;
    this.#enter(thread);
    this.#sliceEnd_us = this.#events.now_us + SLICE_US;
    this.#handedOn = handedOn;
    // A thread that was preempted inside a graft goes on there, further down the stack.
    if (thread.buried > 0) return;
    while (this.#goesOn(thread)) {
      this.#cpu.until_us = Math.min(this.#sliceEnd_us, this.#events.next_us);
      if (thread.work !== null) this.#work(thread);
      else this.#governor.trap(thread, thread.program.run(this.#cpu));
    }
    thread.ran_us += this.#events.now_us - this.#since_us;
  }

  #enter(thread: Thread): void {
    this.current = thread;
    thread.state = 'running';
    this.#list.set(thread, RUNNABLE);
    this.#governor.enter(thread);
    this.#cpu.result = thread.result;
    if (thread !== this.#last) {
      this.#last = thread;
      this.switches++;
      this.#cpu.charge(CYCLES.context_switch);
      this.#trace.note('switch', thread.id, this.#depth, this.#events.now_us);
    }
    this.#since_us = this.#events.now_us;
  }

  /** Delivers interrupts. True: the thread keeps the processor; otherwise it is put where it belongs. */
  #goesOn(thread: Thread): boolean {
    this.#events.deliver();
    // Serving may call a graft that waits, and only a running thread can be buried: the rest is served in the next
    // slice.
    if (thread.state === 'running') this.#governor.serve();
    if (thread.state !== 'running') return false;
    if (!this.#isOver(thread)) return true;
    this.makeReady(thread);
    return false;
  }

  /** Whether the running thread has to stop: its slice is over, or a more urgent one is ready. */
  #isOver(thread: Thread): boolean {
    const urgency = Math.min(thread.priority, this.#handedOn);
    return this.#events.now_us >= this.#sliceEnd_us || this.#ready.hasBefore(urgency, this.#may);
  }

  #work(thread: Thread): void {
    try {
      const step = (thread.work as NonNullable<Thread['work']>).next();
      if (step.done !== true) return this.block(thread, step.value);
      thread.work = null;
      thread.result = step.value;
      this.#cpu.result = step.value;
    } catch (error) {
      thread.work = null;
      this.#governor.failed(thread, error);
    }
  }

  /** Lets the thread wait. */
  block(thread: Thread, wait: Wait): void {
    if (wait.settled) return;
    thread.state = 'waiting';
    this.#list.set(thread, WAITING);
    this.#trace.note('wait', thread.id, 0, this.#events.now_us);
    wait.wake(() => {
      this.#trace.note('wake', thread.id, 0, this.#events.now_us);
      this.makeReady(thread);
    });
  }

  /**
   * A tick of a metered graft in the transaction `tree`: preempts it if its slice is over or a more urgent thread
   * waits. Interrupts may end that very transaction, so there must be room on the stack for its undo. If there is none,
   * nothing is preempted, and the next tick tries again. It throws nothing for want of stack: that would be the
   * kernel's failure, not the graft's.
   */
  tick(tree: Tree): void {
    if (this.#events.now_us < this.#events.next_us && !this.#isPreempted(this.current)) return;
    if (!hasStack()) return;
    this.#events.deliver();
    const thread = this.current;
    if (thread === null || !this.#isPreempted(thread)) return;
    this.preemptions++;
    this.#bury(thread, tree);
    this.makeReady(thread);
    do this.#dispatch();
    while (this.current !== thread && (thread.state as Thread['state']) !== 'dead');
    this.current = thread;
    this.#dig(thread);
  }

  #isPreempted(thread: Thread | null): boolean {
    return thread !== null && this.#depth === 0 && thread.state === 'running' && this.#isOver(thread);
  }

  /** A graft waits for a lock: other threads run until the ticket is settled. */
  wait(ticket: Ticket): void {
    // No other thread runs while the dispatcher itself calls a graft, or when a thread has just ended.
    const thread = this.current?.state === 'running' ? this.current : null;
    const [end_us, handedOn] = [this.#sliceEnd_us, this.#handedOn];
    this.#bury(thread, ticket.txn.tree);
    if (thread !== null) {
      thread.state = 'waiting';
      this.#list.set(thread, WAITING);
    }
    while (ticket.state === 'waiting') {
      this.#overtake(ticket);
      if (this.#isBlockedBelow(ticket) || !this.#dispatch()) expireNow(ticket.lock);
    }
    this.#dig(thread);
    this.#sliceEnd_us = end_us;
    this.#handedOn = handedOn;
    if (thread === null) this.current = null;
    else this.#enter(thread);
  }

  readonly #isBelow = ({ id }: Tree): boolean => this.#below.includes(id);

  /** Buried threads that wait for the lock before `ticket` could never take it: they are undone at once. */
  #overtake(ticket: Ticket): void {
    const { lock } = ticket;
    const ahead = (lock.queue ?? []).slice(0, lock.queue?.indexOf(ticket));
    for (const { txn } of ahead) if (this.#isBelow(txn.tree)) txn.tree.transactions.end(txn, 'lock-timeout', lock.name);
  }

  /** Whether a holder of the lock is buried, and so cannot go on. */
  #isBlockedBelow(ticket: Ticket): boolean {
    return ticket.state === 'waiting' && ticket.blockers().some(this.#isBelow);
  }

  /** Other threads run on top of `thread` from here on. Null: the dispatcher itself waits. */
  #bury(thread: Thread | null, tree: Tree): void {
    this.#depth++;
    this.#marks.push(this.#below.length);
    this.#below.push(tree.id);
    if (thread === null) return this.#trace.note('bury', 0, this.#depth, this.#events.now_us);
    if (thread.txn?.state === 'active') this.#below.push(thread.txn.tree.id);
    thread.ran_us += this.#events.now_us - this.#since_us;
    thread.buried = this.#depth;
    this.#trace.note('bury', thread.id, this.#depth, this.#events.now_us);
  }

  #dig(thread: Thread | null): void {
    this.#trace.note('unbury', thread?.id ?? 0, this.#depth, this.#events.now_us);
    this.#depth--;
    this.#below.length = this.#marks.pop() as number;
    if (thread !== null) thread.buried = 0;
    this.#since_us = this.#events.now_us;
  }
}
