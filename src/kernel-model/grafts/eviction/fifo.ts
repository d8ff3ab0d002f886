// FIFO: the page that came first goes, however often it was referenced since. One list of frames, in the order in which
// they were filled.
//
// It costs nothing at a hit. It does badly where some pages are needed all the time: they go like any other; and, as
// LRU, on loops and scans.

import { graft, policyOf, type Replacement } from './eviction.ts';
import { LinkedList } from './linked-list.ts';

const fifoReplacement = (frames: number): Replacement => {
  const arrivals = new LinkedList(frames);
  return {
    enter: (frame) => arrivals.push(frame),
    hit: () => {},
    leave: (frame) => arrivals.remove(frame),
    victim: () => arrivals.oldest,
  };
};

/** Makes a FIFO policy. */
export const makeFifo = policyOf(fifoReplacement);

/** FIFO as a graft. */
export const evict = graft(makeFifo);
