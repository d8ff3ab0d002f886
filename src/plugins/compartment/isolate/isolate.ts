// The isolate compartment: an isolate per plugin in the host's own thread. Calls are synchronous and cost about a
// microsecond; loops and hoards of memory end as aborts. It is for semi-trusted code: a fault of the engine ends the
// host (README.md lists the ways), and only `process` survives it.
//
// A plugin has one isolate, and more while its calls are nested. After an abort the isolate is replaced, so that no
// heap outlives one.

import { HeapMaker } from '../heap-compartment.ts';
import { type Clocks, THREAD_CLOCKS } from '../own-clock.ts';
import { loaded } from '../realm-heap.ts';
import { threadOf } from './engine.ts';
import { IsolateHeap } from './isolate-heap.ts';

export interface IsolateOptions extends Partial<Clocks> {
  /**
   * Isolates that each plugin has ready beyond the one in use, made when the event loop is idle. An isolate takes 2 to
   * 3 ms and 1.3 MB. Default: none.
   */
  readonly spares?: number;
}

/** Makes isolate compartments. */
export class IsolateMaker extends HeapMaker {
  constructor({ spares = 0, ...clocks }: IsolateOptions = {}) {
    const thread = threadOf();
    const all = { ...THREAD_CLOCKS, ...clocks };
    super('isolate', (source) => () => loaded(() => new IsolateHeap(thread, all, source), source), {
      spares,
      nesting: thread.warden,
    });
  }
}
