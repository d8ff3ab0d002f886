// The messages between a plugin's worker and its host: lists, by structured clone. The host trusts none that comes out
// (plugin-worker.ts).
//
//   host → worker                                      then rings the bell: the worker has no event loop
//   LOAD    make a realm                               its key
//   DROP    forget a realm                             its key
//   CALL    run a graft                                the realm's key · the graft (| ANSWER_IGNORED) · the input, as a
//                                                      step takes it
//   ANSWER  of the host call that it waits for         status unit and JSON, as a bridge gives it
//
//   worker → host
//   READY   the worker is up
//   ASK     the graft calls an accessor                its number · JSON of the arguments
//   TELL    a line of the console                      its level · its text
//   ENDED   the LOAD or CALL is done                   the answer of the step

import type { MessagePort } from 'node:worker_threads';
import type { Direct, RealmSetup } from '../../../src/plugins/compartment/realm/index.ts';

export const LOAD = 1;
export const DROP = 2;
export const CALL = 3;
export const ANSWER = 4;
export const READY = 16;
export const ASK = 17;
export const ENDED = 18;
export const TELL = 19;

export type ToWorker =
  | readonly [typeof LOAD | typeof DROP, realm: string]
  | readonly [typeof CALL, realm: string, graft: number, input: Direct | string]
  | readonly [typeof ANSWER, reply: Direct | string];

/** The data that a worker starts with. */
export interface WorkerSetup {
  readonly port: MessagePort;
  /** One word: changed and notified after every message to the worker. */
  readonly bell: Int32Array<SharedArrayBuffer>;
  /** The script that prepares a realm. */
  readonly realm: string;
  /** The texts of the parts of the web's API. */
  readonly parts: Readonly<Record<string, string>>;
  readonly code: string;
  readonly setup: RealmSetup;
  readonly memory: readonly SharedArrayBuffer[];
}
