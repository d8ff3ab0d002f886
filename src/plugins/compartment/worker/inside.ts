// A plugin's worker: a blocking server without an event loop. It sleeps until the bell rings, takes a message, runs the
// graft in a context of node:vm (vm-realm.ts), and sleeps in the same way while the host answers a host call. It keeps
// no clock: its host ends it.
//
// What a graft's realm finds of Node is nothing. The worker's own realm is emptied too, since a graft that gets out of
// its context lands there.

import { runInNewContext, Script } from 'node:vm';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { failureText, REALM_FILENAME } from '../realm/failure.ts';
import { type Direct, PENDING, STEP_FINISH, STEP_LOAD, STEP_START } from '../realm/steps.ts';
import { engineFailure } from '../realm-heap.ts';
import { VmRealm } from '../vm-realm.ts';
import { ANSWER, ASK, CALL, DROP, ENDED, LOAD, READY, type ToWorker, type WorkerSetup } from './messages.ts';

const { port, bell, realm, code, setup, memory } = workerData as WorkerSetup;
const script = new Script(realm, { filename: REALM_FILENAME });
const realms = new Map<string, VmRealm>();

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

/** Sends a host call out and waits for the answer. */
const bridge = (accessor: number, args = '[]'): string => {
  send(port, ASK, accessor, args);
  const message = next();
  return message[0] === ANSWER ? message[1] : '';
};

const taken = (made: VmRealm, step: number, graft: number, input: Direct | string): unknown => {
  try {
    const answer = made.enter(step, graft, input);
    return answer === PENDING ? made.enter(STEP_FINISH, 0, null) : answer;
  } catch (error) {
    return `F${failureText(engineFailure(error))}`;
  }
};

const load = (key: string): unknown => {
  const made = new VmRealm(script, setup, bridge, memory);
  realms.set(key, made);
  return taken(made, STEP_LOAD, 0, code);
};

const serve = (): never => {
  for (;;) {
    const message = next();
    if (message[0] === LOAD) send(port, ENDED, load(message[1]));
    else if (message[0] === DROP) realms.delete(message[1]);
    else if (message[0] === CALL)
      send(port, ENDED, taken(realms.get(message[1]) as VmRealm, STEP_START, message[2], message[3]));
  }
};

const standard = new Set<string>(runInNewContext('Object.getOwnPropertyNames(globalThis)'));
for (const name of Object.getOwnPropertyNames(globalThis))
  if (!standard.has(name)) Reflect.deleteProperty(globalThis, name);

send(port, READY);
serve();
