// One plugin process, from the host's side: what was sent to it, in order, and what it says. The child works its frames
// off one by one (child.ts) and tells the end of each, so the first item here is the one that runs. Nothing it says is
// believed beyond what fits that order.
//
// A call is taken out of the pipe only while the child waits for an answer of ours: then it is certain that it has not
// started. One that is cancelled at any other time stays an item until its end is told; what it says meanwhile is late,
// and it alone is to blame if the process never gets to the next.
//
// One that has used its own time up (item-watch.ts) is ended by SIGKILL. The child may say so first, where it looks
// (guest.ts).

import type { ChildProcess } from 'node:child_process';
import * as protocol from '../../protocol.ts';
import {
  ANSWER,
  ANSWER_BYTES_MAX,
  CALL,
  CANCEL,
  type Failure,
  LOAD,
  type LoadMessage,
  PART,
  UNLOAD,
} from '../../protocol.ts';
import type { CompartmentCall, CompartmentSource, Ending } from '../compartment.ts';
import { failedWith, LOST, toldEnding } from '../ending.ts';
import { passLine, wantedPart } from './asides.ts';
import { type Channel, openChannel } from './channel.ts';
import { childCommand } from './command.ts';
import { childEnvironment } from './environment.ts';
import { FrameReader, FrameWriter } from './frames.ts';
import { ItemWatch } from './item-watch.ts';
import { standingOf } from './walls/probe.ts';
import { type Standing, standsAll } from './walls/standing.ts';

/** Something sent and not finished: a module to load, or a graft to call. */
export interface Item {
  readonly kind: 'load' | 'call';
  readonly number: number;
  /** What it may run on its own before it is overdue. */
  readonly own_ms: number;
  readonly owner: object;
  readonly realm: Realm;
  /** For a load: whether the child does it by itself, because a call in the realm has failed. */
  readonly isRemake: boolean;
  call: CompartmentCall | null;
  /** Nothing is to run in the process with it, so that it is known what happens to whom. */
  alone: boolean;
  readonly process: PluginProcess;
  done: boolean;
  /** It failed, and the child has replaced its realm by a fresh one. */
  fresh: boolean;
  /** Given up by the host. The child may be running it all the same, and what it says is late. */
  cancelled: boolean;
  /** Lines of its console that have come. */
  lines: number;
  /** For a load: takes lines of the module's console. */
  tell?: CompartmentSource['tell'];
}

/** A realm in the process, from its LOAD on. */
interface Realm {
  readonly number: number;
  readonly load_ms: number;
  /** Told of each load, the first one and those after failed calls, with how it failed, or null. */
  readonly loaded: (failure: Failure | null) => void;
}

/** Of an item that has just been sent. */
const SENT = { call: null, alone: false, done: false, fresh: false, cancelled: false, lines: 0 };

/** Why the host killed a process. `no-processor`: the system let it not run. */
export type Killed = 'own-time' | 'memory-limit' | 'compartment-lost' | 'no-processor' | 'closed';

/** What a process tells the group it serves. */
export interface ProcessEvents {
  ended(process: PluginProcess, item: Item, ending: Ending): void;
  hostCall(process: PluginProcess, item: Item, accessor: number, args: string): void;
  /** An item was done: there may be room for more. */
  room(process: PluginProcess): void;
  /**
   * The process is gone. `killed` says what the host killed it for; null: it died by itself, or was killed from
   * outside.
   */
  died(process: PluginProcess, killed: Killed | null, signal: string | null): void;
}

const START_MS_MAX = 15_000;
const LATE_MAX = 10_000;

export class PluginProcess {
  readonly child: ChildProcess;
  events: ProcessEvents;
  ready = false;
  /** In the order sent. */
  readonly items: Item[] = [];
  /** Realms that are loaded or being loaded, by their owner. */
  readonly realms = new Map<object, Realm>();
  /** When the process last had nothing to do. */
  idleSince = performance.now();
  /** Frames that came for calls that had ended. */
  late = 0;
  #killed: Killed | null = null;
  #since = performance.now();
  #used = 0;
  #waits = false;
  readonly #channel: Channel;
  #reader = new FrameReader(ANSWER_BYTES_MAX);
  #writer = new FrameWriter();
  #flushing = false;
  #lastRealm = 0;
  #suspect = false;
  /** Parts of the web's API that the child has: it keeps each. */
  readonly #parts = new Set<string>();
  readonly #watch = new ItemWatch();

  readonly #walls: Standing;

  /** `walled`: with walls, where the system has them. */
  constructor(events: ProcessEvents, walled = true) {
    this.events = events;
    const { file, args, facts } = childCommand(walled);
    this.#walls = facts.walls;
    this.#channel = openChannel(
      file,
      args,
      { env: childEnvironment(), cwd: '/' },
      {
        data: (bytes) => this.#take(bytes),
        closed: (signal) => this.events.died(this, this.#killed, signal),
      },
    );
    this.child = this.#channel.child;
  }

  /** Whether the host has killed it: it takes nothing more. */
  get dead(): boolean {
    return this.#killed !== null || this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Whether it takes a call at once, or as soon as a realm is made anew. */
  get isFree(): boolean {
    const [first, second] = this.items;
    return first === undefined || (first.isRemake && second === undefined);
  }

  /** What runs now, cancelled or not. */
  get head(): Item | undefined {
    return this.items[0];
  }

  /** Whether the running call waits for an answer of the host. */
  get waits(): boolean {
    return this.#waits;
  }

  /** How long the running item has been running on its own, in ms. */
  running_ms(now: number): number {
    return this.items.length === 0 || this.#waits || !this.ready ? 0 : this.#used_ms(now);
  }

  #used_ms(now: number): number {
    return this.#waits ? this.#used : this.#used + now - this.#since;
  }

  /** How long the item, if it runs, has been held up; see ItemWatch. */
  heldUp_ms(item: Item): number {
    return item === this.head ? this.#watch.heldUp_ms(this.child.pid, item, this.#used_ms(performance.now())) : 0;
  }

  kill(reason: Killed): void {
    if (this.#killed !== null) return;
    this.#killed = reason;
    this.child.kill('SIGKILL');
  }

  /** Lets an idle process end by itself. */
  retire(): void {
    this.#killed ??= 'closed';
    this.#channel.end();
  }

  /** Makes a realm for `owner`; `loaded` is told how that went, and how each later load of it did. */
  load(owner: object, message: LoadMessage, loaded: Realm['loaded'], tell?: Item['tell']): void {
    const realm = { number: ++this.#lastRealm, load_ms: message.load_ms, loaded };
    this.realms.set(owner, realm);
    this.#push({ ...this.#loadOf(realm, owner, false), tell });
    this.#writer.begin(LOAD, realm.number).text(JSON.stringify(message)).end();
    this.#flushSoon();
  }

  #loadOf(realm: Realm, owner: object, isRemake: boolean): Item {
    const { number, load_ms } = realm;
    return { ...SENT, kind: 'load', number, own_ms: load_ms, owner, realm, isRemake, process: this };
  }

  /** Drops the realm of `owner`, once what was sent before has run. */
  unload(owner: object): void {
    const realm = this.realms.get(owner);
    if (realm === undefined) return;
    this.realms.delete(owner);
    this.#writer.begin(UNLOAD, realm.number).end();
    this.#flushSoon();
  }

  /** Sends a call to the realm of its owner, which must be loaded. */
  send(number: number, owner: object, call: CompartmentCall): Item {
    const realm = this.realms.get(owner) as Realm;
    const { own_ms } = call;
    const item: Item = { ...SENT, kind: 'call', number, own_ms, owner, realm, isRemake: false, call, process: this };
    this.#push(item);
    const graft = call.ignoresAnswer ? call.index | protocol.ANSWER_IGNORED : call.index;
    this.#writer
      .begin(CALL, number)
      .u32(realm.number)
      .u16(graft)
      .u32(Math.ceil(call.own_ms))
      .text(JSON.stringify(call.input))
      .end();
    this.#flushSoon();
    return item;
  }

  /** Gives an item up: what it says from now on is late. */
  cancel(item: Item): void {
    item.cancelled = true;
    item.call = null;
    if (!this.#waits) return;
    if (item === this.head) this.answer(item, 1, CALL_ENDED);
    else this.#forgetCancelled();
  }

  /** While the child waits, takes what was cancelled out of the pipe: it reads this before its answer. */
  #forgetCancelled(): void {
    for (const item of this.items.slice(1)) {
      if (!item.cancelled) continue;
      this.items.splice(this.items.indexOf(item), 1);
      this.#writer.begin(CANCEL, item.number).end();
      this.#flushSoon();
    }
  }

  /** Answers the host call that the running item waits for: status 0 a value, 1 an error; JSON either way. */
  answer(item: Item, status: 0 | 1, json: string): void {
    this.#waits = false;
    this.#since = performance.now();
    this.#writer.begin(ANSWER, item.number).u8(status).text(json).end();
    this.#flush();
  }

  #push(item: Item): void {
    if (this.items.length === 0) {
      this.#since = performance.now();
      this.#used = 0;
    }
    this.items.push(item);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const bytes = this.#writer.bytes();
    if (bytes.length === 0 || this.dead) return;
    // Where the pipe could not take it all, the channel still needs the bytes, so the buffer is left to it.
    if (this.#channel.write(bytes)) this.#writer.clear();
    else this.#writer = new FrameWriter();
  }

  #take(chunk: Buffer): void {
    const reader = this.#reader;
    reader.push(chunk);
    // What a process wrote before it ended by itself still counts: it tells which call was the last.
    while (this.#killed === null && reader.next()) this.#frame(reader);
    if (reader.broken) this.kill('compartment-lost');
  }

  #frame(reader: FrameReader): void {
    switch (reader.type) {
      case protocol.READY:
        if (!standsAll(this.#walls, standingOf(reader))) return this.kill('compartment-lost');
        this.ready = true;
        this.#since = performance.now();
        return;
      case protocol.HOST_CALL:
        return this.#hostCall(reader);
      case protocol.ENDED:
        return this.#done(reader);
      case protocol.WANT:
        return this.#givePart(reader.text());
      case protocol.TELL:
        if (this.#waits || !passLine(this.head, reader)) this.kill('compartment-lost');
        return;
      default:
        this.kill('compartment-lost');
    }
  }

  #hostCall(reader: FrameReader): void {
    const item = this.head;
    if (item?.number !== reader.call || item.kind !== 'call' || reader.size < 2 || this.#waits)
      return this.kill('compartment-lost');
    this.#used += performance.now() - this.#since;
    this.#waits = true;
    this.#forgetCancelled();
    if (item.cancelled) {
      this.#countLate();
      return this.answer(item, 1, CALL_ENDED);
    }
    this.events.hostCall(this, item, reader.buffer.readUInt16LE(reader.from), reader.text(2));
  }

  /** To make the texts takes the host a while, the first time, which is nobody's own. */
  #givePart(name: string): void {
    const now = performance.now();
    const text = this.#waits ? null : wantedPart(this.#parts, name);
    if (text === null) return this.kill('compartment-lost');
    this.#since += performance.now() - now;
    this.#writer.begin(PART, 0).text(text).end();
    this.#flush();
  }

  #countLate(): void {
    if (++this.late > LATE_MAX) this.kill('compartment-lost');
  }

  /** An item is done. */
  #done(reader: FrameReader): void {
    const item = this.head;
    if (item?.number !== reader.call || reader.size < 5 || this.#waits) return this.kill('compartment-lost');
    const ending = toldEnding(reader.text(4), reader.buffer.readUInt32LE(reader.from) / 1000);
    this.items.shift();
    item.done = true;
    this.#used = 0;
    this.#since = performance.now();
    if (item.kind === 'call' && ending?.kind === 'failed')
      this.items.unshift(this.#loadOf(item.realm, item.owner, true));
    if (this.items.length === 0) this.idleSince = this.#since;
    this.#tell(item, ending);
    this.events.room(this);
  }

  /** `ending` is null where the child told nonsense. */
  #tell(item: Item, ending: Ending | null): void {
    if (ending === null) this.kill('compartment-lost');
    if (item.kind === 'load') return this.#loaded(item, ending ?? failedWith(LOST));
    if (item.cancelled) return this.#countLate();
    // After a failure the child makes a fresh realm before it goes on.
    item.fresh = ending?.kind === 'failed';
    this.events.ended(this, item, ending ?? failedWith(LOST));
  }

  #loaded(item: Item, ending: Ending): void {
    const failure = ending.kind === 'value' ? null : ending.kind === 'failed' ? ending.failure : LOST;
    if (failure !== null && this.realms.get(item.owner) === item.realm) this.realms.delete(item.owner);
    item.realm.loaded(failure);
  }

  /** Kills what is overdue. */
  watch(now: number): void {
    const item = this.head;
    if (item === undefined || this.dead || this.#suspect) return;
    if (!this.ready) {
      if (now - this.#since > START_MS_MAX) this.#overdue(item, 'compartment-lost');
      return;
    }
    const seen = { now, used_ms: this.#used_ms(now), waits: this.#waits };
    const reason = this.#watch.look(this.child.pid, item, seen);
    if (reason !== null) this.#overdue(item, reason);
  }

  /** Kills, after a round of input: where the host itself was busy, an answer may be waiting to be read. */
  #overdue(item: Item, reason: Killed): void {
    this.#suspect = true;
    setImmediate(() => {
      this.#suspect = false;
      if (this.head === item && !this.#waits) this.kill(reason);
    });
  }
}

const CALL_ENDED = '{"code":"GRAFT_TXN_ENDED","message":"the call has ended"}';
