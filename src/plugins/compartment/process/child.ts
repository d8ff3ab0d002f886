// A plugin's process: a blocking server on descriptors 3 (reads) and 4 (writes). There is no event loop: nothing here
// is ever asynchronous.
//
// 1. READY.
// 2. A LOAD makes a realm (guest.ts); realms are numbered by the host.
// 3. A CALL runs a graft; while it waits for the ANSWER to a HOST_CALL, frames that come in queue up, and a CANCEL
//    takes its CALL out of the queue.
// 4. The outcome leaves in one write before the next call starts, but for quick calls of one graft that have come
//    together: their outcomes leave together.
// 5. After a failure the realm is made anew from its LOAD, so that no heap outlives a failure, and the end of that is
//    told like a load's.
//
// The end of the stream ends the process; so does a frame that cannot be understood. Node runs this as one text
// (command.ts), with the path of isolated-vm's binary as its argument and, where there are walls (walls/walls.ts), that
// of koffi's. They stand before the READY, which says so, and before any code of a plugin is here.

import { readSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type ivm from 'isolated-vm';
import {
  ANSWER,
  ANSWER_BYTES_MAX,
  CALL,
  CANCEL,
  ENDED,
  type Failure,
  FRAME_BYTES_MAX,
  HOST_CALL,
  LOAD,
  type LoadMessage,
  PART,
  READY,
  TELL,
  UNLOAD,
  WANT,
} from '../../protocol.ts';
import { loadLocaleData } from '../locale-data.ts';
import { BRIDGE_TOO_LARGE } from '../realm/api.ts';
import { failureText, longFailure, plainFailure } from '../realm/failure.ts';
import { FrameReader, FrameWriter } from './frames.ts';
import { Guest, type GuestHost, type Reply } from './guest.ts';
import { guard } from './walls/guard.ts';
import { toByte } from './walls/standing.ts';

const READS = 3;
const WRITES = 4;
/** V8's own default. */
const GUEST_STACK_KB = 984;
/** EX_SOFTWARE of sysexits.h: the host sent what it should not. */
const EXIT_PROTOCOL = 70;

interface Message {
  readonly type: number;
  readonly call: number;
  readonly realm: number;
  readonly graft: number;
  readonly own_ms: number;
  readonly text: string;
}

/** A realm of the host's: its LOAD, kept to make it anew, and the guest, absent where that failed. */
interface Realm {
  readonly load: LoadMessage;
  guest: Guest | undefined;
}

const CALL_HEAD_BYTES = 10;

const reader = new FrameReader(FRAME_BYTES_MAX);
const writer = new FrameWriter();
const queue: Message[] = [];
const realms = new Map<number, Realm>();
const QUICK_US = 100;
const HELD_MAX = 16;
const HELD_MS_MAX = 0.25;
const NO_CALL = -1;
/** The call that runs now. */
let running = NO_CALL;
/** The load that runs now. */
let loading = NO_CALL;
/** Texts of parts of the web's API that a realm has wanted. */
const parts = new Map<string, string>();
/** Results that are written and not sent, and since when. */
let held = 0;
let heldSince = 0;
/** Realms are numbered upwards. */
let lastLoad = 0;
let lastRealm = 0;
let lastGraft = 0;

const quit = (): never => exit(EXIT_PROTOCOL);

const flush = (): void => {
  const bytes = writer.bytes();
  held = 0;
  try {
    for (let sent = 0; sent < bytes.length; ) sent += writeSync(WRITES, bytes, sent);
  } catch {
    exit(0); // The host is gone.
  }
  writer.clear();
};

/** Waits for bytes. The end of the stream, or any failure of it, is the end of the process. */
const receive = (): void => {
  try {
    const at = reader.space();
    const count = readSync(READS, reader.buffer, at, reader.buffer.length - at, null);
    if (count === 0) exit(0);
    reader.filled(count);
  } catch {
    exit(0);
  }
};

const message = (): Message => {
  const { type, call, buffer, from } = reader;
  if (type !== CALL) return { type, call, realm: 0, graft: 0, own_ms: 0, text: reader.text() };
  if (reader.size < CALL_HEAD_BYTES) quit();
  const text = reader.text(CALL_HEAD_BYTES);
  return {
    type,
    call,
    realm: buffer.readUInt32LE(from),
    graft: buffer.readUInt16LE(from + 4),
    own_ms: buffer.readUInt32LE(from + 6),
    text,
  };
};

/** Queues the frames that have come in, up to one of the type `awaited`, whose text it returns; 0: none is. */
const take = (awaited: number): string | undefined => {
  while (reader.next()) {
    if (reader.type === CANCEL) {
      const at = queue.findIndex(({ type, call }) => type === CALL && call === reader.call);
      if (at >= 0) queue.splice(at, 1);
    } else if (reader.type === ANSWER || reader.type === PART) {
      if (reader.type !== awaited || (awaited === ANSWER && (reader.call !== running || reader.size < 1))) quit();
      return reader.text();
    } else {
      queue.push(message());
    }
  }
  if (reader.broken) quit();
  return undefined;
};

/** The next message to act on. */
const nextMessage = (): Message => {
  for (;;) {
    take(0);
    const first = queue.shift();
    if (first !== undefined) return first;
    if (held > 0) flush();
    receive();
  }
};

/** Sends what is written, and waits for a frame. */
const answered = (type: number): string => {
  flush();
  for (;;) {
    const answer = take(type);
    if (answer !== undefined) return answer;
    receive();
  }
};

/** Sends a host call and waits for its answer: the status as the first unit of a text, then the JSON. */
const hostCall = (accessor: number, args: string): string => {
  if (writer.begin(HOST_CALL, running).u16(accessor).text(args).end() > ANSWER_BYTES_MAX) {
    writer.drop();
    return String.fromCharCode(BRIDGE_TOO_LARGE);
  }
  return answered(ANSWER);
};

/** The text of a part of the web's API: of a realm before, or the host's. */
const partOf = (name: string): string => {
  let text = parts.get(name);
  if (text === undefined) {
    writer.begin(WANT, 0).text(name).end();
    text = answered(PART);
    parts.set(name, text);
  }
  return text;
};

/** Sends a line of the console. What a module says when its realm is made anew, it has said before. */
const tell = (level: number, text: string): void => {
  const call = running === NO_CALL ? loading : running;
  if (call === NO_CALL) return;
  writer.begin(TELL, call).u8(level).text(text).end();
  flush();
};

const host: GuestHost = { wait: hostCall, part: partOf, tell };

/** Whether a load or a call failed. */
const isFailure = ({ text }: Reply): boolean => text[0] === 'F';

/** Sends the end of a load or a call. False where it is too large to send. */
const send = (call: number, reply: Reply): boolean => {
  const { own_us, text } = reply;
  const fits = writer.begin(ENDED, call).u32(Math.min(own_us, 0xffffffff)).text(text).end() <= ANSWER_BYTES_MAX;
  if (!fits) writer.drop();
  else if (isFailure(reply) || own_us > QUICK_US || !mayHold()) flush();
  return fits;
};

/**
 * Whether results may stay unsent while the next call runs: it is there already, of the graft that has just been quick,
 * and none has waited long.
 */
const mayHold = (): boolean => {
  const next = queue[0];
  if (
    next === undefined ||
    next.type !== CALL ||
    next.realm !== lastRealm ||
    next.graft !== lastGraft ||
    held >= HELD_MAX
  )
    return false;
  const now = performance.now();
  if (held++ === 0) heldSince = now;
  return now - heldSince < HELD_MS_MAX;
};

const engine = (): typeof ivm => {
  const module = { exports: {} as { ivm: typeof ivm } };
  process.dlopen(module, process.argv[1] as string);
  return module.exports.ivm;
};

// Every isolate made from now on gets less stack than this one has (command.ts).
setFlagsFromString(`--stack-size=${GUEST_STACK_KB}`);
const isolatedVm = engine();
const { standing, exit } = guard(process.argv[2]);

const failed = (failure: Failure, own_us = 0): Reply => ({ text: `F${failureText(failure)}`, own_us });

const makeGuest = (load: LoadMessage): { guest: Guest | undefined; reply: Reply } => {
  let guest: Guest | undefined;
  try {
    guest = new Guest(isolatedVm, load, host);
    const reply = guest.load(load);
    if (!isFailure(reply)) return { guest, reply };
    guest.dispose();
    return { guest: undefined, reply };
  } catch (error) {
    guest?.dispose();
    const failure = plainFailure(
      'compartment-lost',
      'RealmFailed',
      error instanceof Error ? error.message : 'the realm could not be made',
    );
    return { guest: undefined, reply: failed(failure) };
  }
};

const loadMessage = (text: string): LoadMessage => {
  try {
    return JSON.parse(text) as LoadMessage;
  } catch {
    return quit();
  }
};

const onLoad = ({ call, text }: Message): void => {
  if (call <= lastLoad) quit();
  lastLoad = call;
  const load = loadMessage(text);
  loading = call;
  const { guest, reply } = makeGuest(load);
  loading = NO_CALL;
  if (guest !== undefined) realms.set(call, { load, guest });
  if (!send(call, reply)) quit();
};

const lost = failed(plainFailure('compartment-lost', 'RealmLost', 'the realm could not be made anew'));

const onCall = ({ call, realm: number, graft, own_ms, text }: Message): void => {
  const realm = realms.get(number);
  if (realm === undefined) return quit();
  running = call;
  lastRealm = number;
  lastGraft = graft;
  const reply = realm.guest === undefined ? lost : realm.guest.call(graft, text, own_ms);
  running = NO_CALL;
  const sent = send(call, reply);
  if (!sent) send(call, failed(longFailure(), reply.own_us));
  if (sent && !isFailure(reply)) return;
  realm.guest?.dispose();
  const made = makeGuest(realm.load);
  realm.guest = made.guest;
  if (!send(number, made.reply)) quit();
};

const onUnload = ({ call }: Message): void => {
  // One that could not be loaded is none: the host may not have heard of that when it sent this.
  if (call > lastLoad) quit();
  realms.get(call)?.guest?.dispose();
  realms.delete(call);
};

const serve = (): never => {
  writer.begin(READY, 0).u8(toByte(standing)).end();
  flush();
  loadLocaleData();
  for (;;) {
    const next = nextMessage();
    if (next.type === CALL) onCall(next);
    else if (next.type === LOAD) onLoad(next);
    else if (next.type === UNLOAD) onUnload(next);
    else quit();
  }
};

serve();
