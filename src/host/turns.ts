// Turns of the event loop. A call that has to wait for nothing ends without one. A caller that awaits one such call
// after the other would let no timer, no deadline and no process of the host go on: so once in so many calls the end is
// told a turn later.

import { setImmediate } from 'node:timers/promises';

const CALLS_A_TURN = 256;

export class Turns {
  #calls = 0;

  /** What `ended` comes to, now and then a turn of the event loop later. */
  after<T>(ended: Promise<T>): Promise<T> {
    if (++this.#calls < CALLS_A_TURN) return ended;
    this.#calls = 0;
    return ended.finally(() => setImmediate());
  }
}
