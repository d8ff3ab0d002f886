// The thread that listens to the main thread's heartbeat (watchdog.ts). Where it stops for too long, the main thread's
// stack is written to standard error, and the process ends: nothing in it could do so any more.

import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { workerData } from 'node:worker_threads';

const { beats, still_ms } = workerData as { readonly beats: Int32Array; readonly still_ms: number };
const STANDARD_ERROR = 2;
/** How long the main thread may take to say where it is. */
const PAUSE_MS = 5000;

const say = (text: string): void => {
  writeSync(STANDARD_ERROR, `${text}\n`);
};

const end = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
};

/** Pauses the main thread and tells its stack. */
const tell = (): void => {
  const session = new Session();
  const urls = new Map<string, string>();
  session.connectToMainThread();
  session.on('Debugger.scriptParsed', ({ params: { scriptId, url } }) => void urls.set(scriptId, url));
  session.on('Debugger.paused', ({ params }) => {
    for (const { functionName, location } of params.callFrames)
      say(`  at ${functionName || '(anonymous)'} ${urls.get(location.scriptId)}:${location.lineNumber + 1}`);
    end();
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
};

let seen = Atomics.load(beats, 0);
let since = performance.now();

setInterval(() => {
  const now = performance.now();
  const count = Atomics.load(beats, 0);
  if (count !== seen) {
    seen = count;
    since = now;
  }
  if (now - since < still_ms) return;
  since = Number.POSITIVE_INFINITY;
  say(`the event loop of the host has stood still for ${still_ms} ms; its thread is at`);
  tell();
  setTimeout(end, PAUSE_MS);
}, still_ms / 20);
