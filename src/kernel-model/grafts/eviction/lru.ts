// LRU: the page that was not referenced for the longest time goes. One list of frames, in the order of their last
// references.
//
// It does well where pages that were used recently are used again. It does badly on a loop over more pages than there
// are frames: each page goes just before it is needed, and there is never a hit. A single scan sweeps out everything.

import { graft, policyOf, type Replacement } from './eviction.ts';
import { LinkedList } from './linked-list.ts';

/** The LRU order over a number of frames. */
export const lruReplacement = (frames: number): Replacement => {
  const recency = new LinkedList(frames);
  return {
    enter: (frame) => recency.push(frame),
    hit: (frame) => recency.renew(frame),
    leave: (frame) => recency.remove(frame),
    victim: () => recency.oldest,
  };
};

/** Makes an LRU policy. */
export const makeLru = policyOf(lruReplacement);

/** LRU as a graft. */
export const evict = graft(makeLru);
