// The outbox: messages that leave the host after commit, never on abort, at least once.
//
//   send        in a transaction: the message is held back, as an effect
//   commit      it becomes a row, in the COMMIT of the transaction; from here on it survives the host
//   leave       after the locks are released: its channel is woken, reads its rows in their order and gives each to its
//               handler
//   sent        its row is deleted, in a top-level transaction of its own, since the writer's connection may be inside
//               another one's
//
// A channel's queue is its rows, so messages from before a restart and new ones come in one order. A handler that fails
// is called again after a while, a bounded number of times. Then the channel stops until the next start or the next
// `resume`, since later messages must not overtake.

import { randomBytes } from 'node:crypto';
import {
  badArgument,
  GraftError,
  KEPT_BYTES,
  type Keeper,
  MESSAGES,
  plainFault,
  unexpected,
  WRITES,
} from '../../plugins/index.ts';
import type { Clock, Effect, Ticket, Timer, Transaction, Transactions, Tree } from '../../txn/index.ts';
import { SEND_ATTEMPTS_MAX, SEND_RETRY_MS, SENT_MAX } from './bounds.ts';
import type { CommitStep, Handler, OutgoingChannel } from './store.ts';

export interface MessageRow {
  readonly seq: number;
  readonly id: string;
  readonly payload: string;
}

/** Where the rows lie. */
export interface OutboxRows {
  /** Prepares for the row of a message, which is written at the commit of `txn`. A ticket: wait and call again. */
  enter(txn: Transaction): Ticket | null;
  /** The next committed rows of a channel, in their order. None comes later that belongs before one of them. */
  page(channel: string, after: number): readonly MessageRow[] | Promise<readonly MessageRow[]>;
  /** Whether the deletion of few rows had better wait for others to be done. */
  readonly isBusy: boolean;
  /** Deletes, by channel, all rows up to one. False: it is not its turn, and nothing is wrong. */
  remove(sent: ReadonlyMap<string, number>): Promise<boolean>;
}

export interface OutboxOptions {
  readonly transactions: Transactions;
  readonly rows: OutboxRows;
  readonly step: (step: CommitStep) => void;
  readonly report: (error: GraftError) => void;
}

const failure = (what: string, cause: unknown): GraftError =>
  new GraftError('GRAFT_STORE', `${what} failed`, { cause });

/** A message of a transaction that has not committed. */
class OutgoingMessage implements Effect {
  readonly lane: Lane;
  readonly text: string;
  /** Who keeps it until it is sent. */
  readonly #keeper: Keeper | null;
  /** Of its row; null where none was written. */
  id: string | null = null;

  constructor(lane: Lane, text: string, keeper: Keeper | null) {
    this.lane = lane;
    this.text = text;
    this.#keeper = keeper;
  }

  keep(txn: Transaction): void {
    this.#keeper?.keep(txn, MESSAGES, 1);
    this.#keeper?.keep(txn, KEPT_BYTES, this.text.length);
  }

  leave(): void {
    if (this.id === null) this.gone();
    else if (this.#keeper !== null) this.lane.kept.set(this.id, this);
    this.lane.wake();
  }

  /** It was sent, or never will be. */
  gone(): void {
    this.#keeper?.dropNow(MESSAGES, 1);
    this.#keeper?.dropNow(KEPT_BYTES, this.text.length);
  }
}

/** The way of one channel's messages out of the host. */
class Lane {
  readonly name: string;
  /** Messages of this life that somebody keeps, by the ids of their rows. */
  readonly kept = new Map<string, OutgoingMessage>();
  readonly #outbox: Outbox;
  readonly #options: OutboxOptions;
  readonly #handler: Handler;
  /** The last row that was sent since the start. */
  #last = 0;
  #woken = false;
  #stopped = false;
  #running: Promise<void> | null = null;
  /** Resolves when nothing is to be sent, or the channel waits to try again. */
  #rest = Promise.withResolvers<void>();
  #pause: { readonly timer: Timer; readonly end: () => void } | null = null;

  constructor(name: string, handler: Handler, outbox: Outbox, options: OutboxOptions) {
    this.name = name;
    this.#handler = handler;
    this.#outbox = outbox;
    this.#options = options;
  }

  wake(): void {
    this.#woken = true;
    if (this.#running !== null || this.#stopped || !this.#outbox.sending) return;
    this.#rest = Promise.withResolvers();
    this.#running = this.#run();
  }

  /** Tries again, also after it gave up. */
  async resume(): Promise<void> {
    this.#stopped = false;
    this.wake();
    await this.#rest.promise;
  }

  async close(): Promise<void> {
    this.#pause?.end();
    await this.#running;
  }

  /** Begins after the transaction that woke it has ended. */
  async #run(): Promise<void> {
    try {
      await Promise.resolve();
      while (this.#woken && this.#outbox.sending) {
        this.#woken = false;
        await this.#sendRows();
      }
    } catch (error) {
      this.#options.report(failure(`channel ${this.name}`, error));
    } finally {
      this.#running = null;
      this.#rest.resolve();
    }
  }

  async #sendRows(): Promise<void> {
    for (;;) {
      const page = await this.#options.rows.page(this.name, this.#last);
      if (page.length === 0) return;
      for (const row of page) if (!(await this.#send(row))) return;
    }
  }

  /** Sends one message. False: the host closes or the channel has stopped. */
  async #send(row: MessageRow): Promise<boolean> {
    for (let attempt = 1; this.#outbox.sending; attempt++) {
      try {
        this.#options.step('sending');
        await this.#handler(row.id, JSON.parse(row.payload));
        this.#options.step('sent');
        this.#last = row.seq;
        this.#outbox.sent(this.name, row.seq);
        this.kept.get(row.id)?.gone();
        this.kept.delete(row.id);
        return true;
      } catch (error) {
        this.#options.report(
          failure(`channel ${this.name}: message ${row.id}, attempt ${attempt} of ${SEND_ATTEMPTS_MAX}`, error),
        );
        if (attempt === SEND_ATTEMPTS_MAX) {
          this.#stopped = true;
          return false;
        }
        await this.#wait(SEND_RETRY_MS * 2 ** (attempt - 1));
      }
    }
    return false;
  }

  #wait(ms: number): Promise<void> {
    if (!this.#outbox.sending) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        this.#pause = null;
        resolve();
      };
      const clock: Clock = this.#options.transactions.clock;
      const timer = clock.after(ms, end);
      this.#pause = { timer, end };
      this.#rest.resolve();
    });
  }
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #lanes = new Map<string, Lane>();
  /** Between the first `resume` and `close`. */
  sending = false;
  /** By channel: all rows up to this one have been sent and can go. */
  readonly #sent = new Map<string, number>();
  #sentCount = 0;
  #deleting: Promise<void> | null = null;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  channel(name: string, handler: Handler): OutgoingChannel {
    if (this.#lanes.has(name)) throw new GraftError('GRAFT_BAD_OPTION', `there is a channel ${name} already`);
    const lane = new Lane(name, handler, this, this.#options);
    this.#lanes.set(name, lane);
    lane.wake();
    const hold = (txn: Transaction, payload: unknown, keeper: Keeper | null): ReturnType<OutgoingChannel['send']> => {
      const ticket = this.#options.rows.enter(txn);
      if (ticket !== null) return ticket;
      txn.charge(WRITES, 1);
      const message = new OutgoingMessage(lane, JSON.stringify(payload), keeper);
      message.keep(txn);
      txn.defer(message);
      return undefined;
    };
    return {
      callable: {
        waits: false,
        run: (caller, args) => {
          if (caller.readOnly) return badArgument('this graft point only reads');
          return args.length === 1
            ? (hold(caller.txn, args[0], caller.keeper ?? null) ?? null)
            : unexpected(`${name}: number of arguments`, '1', args.length);
        },
      },
      send: (txn, payload) => {
        const fault = plainFault(payload);
        return fault === null
          ? hold(txn, payload, null)
          : badArgument(`a message to ${name}${fault.path}: ${fault.why}`);
      },
    };
  }

  /** Whether a tree has messages. */
  isPostedBy(tree: Tree): boolean {
    return tree.effects.some((effect) => effect instanceof OutgoingMessage);
  }

  /** Writes the messages of a tree that commits. */
  write(tree: Tree, put: (id: string, channel: string, payload: string) => void): void {
    for (const effect of tree.effects) {
      if (!(effect instanceof OutgoingMessage) || this.#lanes.get(effect.lane.name) !== effect.lane) continue;
      const id = randomBytes(16).toString('hex');
      effect.id = id;
      put(id, effect.lane.name, effect.text);
    }
  }

  async resume(): Promise<void> {
    this.sending = true;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.resume()));
  }

  /** Waits for messages that are being sent, and for the deletion of their rows if the slot is free. */
  async close(): Promise<void> {
    this.sending = false;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.close()));
    await this.#deleting;
  }

  /** @internal All rows of a channel up to `seq` have been sent. */
  sent(channel: string, seq: number): void {
    this.#sent.set(channel, seq);
    this.#sentCount++;
    this.deleteSent();
  }

  /** There may be rows of a channel that nothing has told of. */
  wake(channel: string): void {
    this.#lanes.get(channel)?.wake();
  }

  /** Deletes the rows of sent messages; it disturbs others only when many rows wait. */
  deleteSent(): void {
    if (this.#sentCount === 0 || this.#deleting !== null) return;
    if (this.#options.rows.isBusy && this.#sentCount < SENT_MAX) return;
    this.#deleting = this.#delete().then((done) => {
      this.#deleting = null;
      if (done) this.deleteSent();
    });
  }

  /** False: the next message, or the end of the next transaction, tries again. */
  async #delete(): Promise<boolean> {
    const [sent, count] = [new Map(this.#sent), this.#sentCount];
    try {
      if (!(await this.#options.rows.remove(sent))) return false;
      for (const [channel, seq] of sent) if (this.#sent.get(channel) === seq) this.#sent.delete(channel);
      this.#sentCount -= count;
      return true;
    } catch (error) {
      this.#options.report(failure('deleting sent messages', error));
      return false;
    }
  }
}
