// MRU: the page that was referenced last goes, before the new one comes in. One list of frames, in the order of their
// last references.
//
// It is the best policy on a loop over more pages than there are frames: it keeps a part of the loop and sacrifices one
// frame to the rest. It does badly nearly everywhere else: the pages that filled the frames first stay there for ever,
// needed or not.

import { graft, policyOf, type Replacement } from './eviction.ts';
import { LinkedList } from './linked-list.ts';

const mruReplacement = (frames: number): Replacement => {
  const recency = new LinkedList(frames);
  return {
    enter: (frame) => recency.push(frame),
    hit: (frame) => recency.renew(frame),
    leave: (frame) => recency.remove(frame),
    victim: () => recency.newest,
  };
};

/** Makes an MRU policy. */
export const makeMru = policyOf(mruReplacement);

/** MRU as a graft. */
export const evict = graft(makeMru);
