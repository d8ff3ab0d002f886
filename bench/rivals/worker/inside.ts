// A plugin's worker: a blocking server without an event loop. It sleeps until the bell rings, takes a message, runs the
// graft in a context of node:vm (vm-realm.ts), and sleeps in the same way while the host answers a host call. It keeps
// no clock: its host ends it.
//
// A graft's realm has nothing of Node. The worker's own realm is emptied too, since a graft that gets out of its
// context lands there.

import { runInNewContext, Script } from 'node:vm';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  type Direct,
  engineFailure,
  REALM_FILENAME,
  RealmRunner,
  STEP_LOAD,
  STEP_START,
} from '../../../src/plugins/compartment/realm/index.ts';
import type { Failure } from '../../../src/plugins/index.ts';
import { VmRealm } from '../vm-realm.ts';
import { ANSWER, ASK, CALL, DROP, ENDED, LOAD, READY, TELL, type ToWorker, type WorkerSetup } from './messages.ts';

const { port, bell, realm, parts, code, setup, memory } = workerData as WorkerSetup;
const script = new Script(realm, { filename: REALM_FILENAME });
const realms = new Map<string, WorkerRealm>();

const send = (port: MessagePort, ...message: unknown[]): void => port.postMessage(message);

/** Waits for a message. */
const next = (): ToWorker => {
  for (;;) {
    const rung = Atomics.load(bell, 0);
    const received = receiveMessageOnPort(port);
    if (received !== undefined) return received.message;
    Atomics.wait(bell, 0, rung);
  }
};

/** The host alone has a clock. */
const NO_CLOCKS = { now_ms: () => 0, cpu_ms: () => 0 };

/** A realm of this worker. */
class WorkerRealm extends RealmRunner {
  readonly #realm = new VmRealm(
    script,
    setup,
    (accessor, args = '[]') => this.hostCall(accessor, args),
    this.outside,
    memory,
  );

  constructor() {
    super(false, NO_CLOCKS);
  }

  run(step: number, graft: number, input: Direct | string): Direct | string {
    return this.take(step, graft, input, Number.POSITIVE_INFINITY);
  }

  protected override enter(step: number, graft: number, input: Direct | string): Direct | string {
    return this.#realm.enter(step, graft, input);
  }

  /** Sends a host call out and waits for the answer. */
  protected override ask(accessor: number, args: string): Direct | string {
    send(port, ASK, accessor, args);
    const message = next();
    return message[0] === ANSWER ? message[1] : '';
  }

  protected override part(name: string): string {
    return parts[name] ?? '';
  }

  protected override tell(level: number, text: string): void {
    send(port, TELL, level, text);
  }

  protected override explain(error: unknown): Failure {
    return engineFailure(error);
  }
}

const load = (key: string): Direct | string => {
  const made = new WorkerRealm();
  realms.set(key, made);
  return made.run(STEP_LOAD, 0, code);
};

const serve = (): never => {
  for (;;) {
    const message = next();
    if (message[0] === LOAD) send(port, ENDED, load(message[1]));
    else if (message[0] === DROP) realms.delete(message[1]);
    else if (message[0] === CALL)
      send(port, ENDED, (realms.get(message[1]) as WorkerRealm).run(STEP_START, message[2], message[3]));
  }
};

const standard = new Set<string>(runInNewContext('Object.getOwnPropertyNames(globalThis)'));
for (const name of Object.getOwnPropertyNames(globalThis))
  if (!standard.has(name) && name !== 'crypto') Reflect.deleteProperty(globalThis, name);

send(port, READY);
serve();
