// The watch over what runs in a plugin's process. An item's own time is the processor time that the process's main
// thread has taken since the item was first seen to run. The wall clock is a far backstop: a process that has something
// to do and gets no processor at all is replaced, and nobody is to blame. Where the system does not tell of processor
// time, own time is the time that the item has run by the wall clock.

import { cpuOfProcess } from '../thread-cpu.ts';

/** What is watched: it may run `own_ms` on its own. */
interface Watched {
  readonly own_ms: number;
}

/** Beyond an item's own time by the wall clock: what the pipe and the scheduler may take. */
const GRACE_MS = 30;
/** A process that has something to do and gets no processor at all for so long is replaced. */
const STOPPED_MS_MAX = 1000;

export class ItemWatch {
  #item: Watched | null = null;
  /** When the item was first seen: the process's processor time, and the time that the item had run. */
  #begun = { cpu_ms: 0, used_ms: 0 };
  /** The processor time of the process when it was last seen to move, and when that was. */
  #moved_ms = 0;
  #movedAt = 0;

  /**
   * Looks at what runs in process `pid`. `used_ms`: how long it has run, by the wall clock, without its waits for the
   * host. Gives what it is to be ended for; null: nothing.
   */
  look(
    pid: number | undefined,
    item: Watched,
    { now, used_ms, waits }: { readonly now: number; readonly used_ms: number; readonly waits: boolean },
  ): 'own-time' | 'no-processor' | null {
    if (item === this.#item && waits) {
      this.#movedAt = now;
      return null;
    }
    const cpu_ms = cpuOfProcess(pid);
    if (item !== this.#item) {
      this.#item = item;
      this.#begun = { cpu_ms: cpu_ms ?? 0, used_ms };
    } else if (cpu_ms === null) return used_ms > item.own_ms + GRACE_MS ? 'own-time' : null;
    else if (cpu_ms - this.#begun.cpu_ms >= item.own_ms) return 'own-time';
    else if (cpu_ms === this.#moved_ms) return now - this.#movedAt > STOPPED_MS_MAX ? 'no-processor' : null;
    this.#moved_ms = cpu_ms ?? 0;
    this.#movedAt = now;
    return null;
  }

  /**
   * How long the item had no processor, or had told what the host has not come to read, in ms: as a plugin cannot
   * sleep, all time in which it did neither run nor wait for the host.
   */
  heldUp_ms(pid: number | undefined, item: Watched, used_ms: number): number {
    const cpu_ms = item === this.#item ? cpuOfProcess(pid) : null;
    return cpu_ms === null ? 0 : Math.max(0, used_ms - this.#begun.used_ms - (cpu_ms - this.#begun.cpu_ms));
  }
}
