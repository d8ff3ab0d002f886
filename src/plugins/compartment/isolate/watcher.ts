// The watcher: a small isolate of our own on a thread of its own, which ends an isolate of the host's thread whose
// stretch of running has lasted too long.
//
// A stretch is one stay inside a plugin's isolate: from the call, or the return of a host call, to the next host call
// or the end. The host's thread and the watcher share a few words. At most one stretch runs at a time: STRETCH is its
// number, and 0 while none runs. The watcher looks every SWEEP_MS and adds up the time between looks. It has one clock,
// which may be set, so it believes only a little of that time at once: it is late at worst. It marks a stretch whose
// time is up as KILLED, in one step with finding it still there, and disposes of its isolate: so it never ends a later
// one. When no stretch has run for IDLE_MS it returns, since a busy watcher keeps the process alive; the host's thread
// starts it again. It also returns when BELL rings, since it cannot learn of a new isolate while it runs.
//
// Time is up when a stretch has lasted LIMIT_MS and the host's thread has come to DUE_MS of processor time. That time
// the watcher cannot read: it ASKS a reporter (reporter.ts), which answers in CPU_MS before the next look. Where there
// is none, and where a stretch has lasted FAR times its limit all the same, it is ended, and the host's thread, which
// then asks its own clock, blames nobody who got no processor.

/** Rung by the host's thread: 1. */
export const BELL = 0;
/** 1 while the watcher watches. */
export const AWAKE = 1;
export const STRETCH = 2;
export const LIMIT_MS = 3;
/** The number of the isolate that the stretch runs in. */
export const ISOLATE = 4;
/** Processor time of the host's thread in ms: when the stretch is over, and when it was last asked for. */
export const DUE_MS = 5;
export const CPU_MS = 6;
/** 1 while the watcher wants to know CPU_MS. */
export const ASKED = 7;
export const WORDS = 8;

/** In CPU_MS: nobody has told yet. */
export const UNKNOWN = -1;

/** In STRETCH: the watcher has ended the stretch. */
export const KILLED = -1;

const SWEEP_MS = 2;
/** The longest time that is believed between two looks. */
const BETWEEN_MS_MAX = 20;
const IDLE_MS = 100;
const FAR = 20;

interface Disposable {
  dispose(): void;
}

/** With arguments: isolate number `at` is `isolate`; null: nothing. Without: watches. */
export type Watch = (isolate?: Disposable | null, at?: number) => void;

const end = (isolate: Disposable | undefined): void => {
  try {
    isolate?.dispose();
  } catch {
    // It has been disposed already, by its memory limit.
  }
};

/** Falls asleep. False: a stretch began meanwhile, and no other watcher was started for it. */
const sleeps = (words: Int32Array): boolean => {
  Atomics.store(words, AWAKE, 0);
  return Atomics.load(words, STRETCH) <= 0 || Atomics.compareExchange(words, AWAKE, 0, 1) !== 0;
};

/** Whether a stretch that has lasted `lasted_ms` is to be ended. */
const isUp = (words: Int32Array, lasted_ms: number): boolean => {
  const limit_ms = words[LIMIT_MS] as number;
  if (lasted_ms < limit_ms) return false;
  const cpu_ms = Atomics.load(words, CPU_MS);
  if (cpu_ms === UNKNOWN || lasted_ms >= FAR * limit_ms) return true;
  Atomics.store(words, ASKED, 1);
  Atomics.notify(words, ASKED);
  // Both count from the thread's start and may have run over.
  return ((cpu_ms - (words[DUE_MS] as number)) | 0) >= 0;
};

const watch = (words: Int32Array, isolates: readonly Disposable[]): void => {
  Atomics.store(words, AWAKE, 1);
  let seen = 0;
  let lasted_ms = 0;
  let looked_ms = Date.now();
  while (Atomics.wait(words, BELL, 0, SWEEP_MS) === 'timed-out') {
    const stretch = Atomics.load(words, STRETCH);
    const now_ms = Date.now();
    lasted_ms = stretch === seen ? lasted_ms + Math.min(Math.max(now_ms - looked_ms, 0), BETWEEN_MS_MAX) : 0;
    seen = stretch;
    looked_ms = now_ms;
    if (stretch <= 0) {
      if (lasted_ms > IDLE_MS && sleeps(words)) return;
    } else if (isUp(words, lasted_ms)) {
      const isolate = isolates[words[ISOLATE] as number];
      if (Atomics.compareExchange(words, STRETCH, stretch, KILLED) === stretch) end(isolate);
    }
  }
};

/** Makes the watcher over `memory`, WORDS words that it shares with the host's thread. */
export const watcher = (memory: SharedArrayBuffer): Watch => {
  const words = new Int32Array(memory);
  const isolates: Disposable[] = [];
  return (isolate, at = 0) => {
    if (isolate === undefined) watch(words, isolates);
    else if (isolate !== null) isolates[at] = isolate;
  };
};
