// CLOCK: a hand goes round the frames. A page that was referenced since the hand last passed is spared once; the first
// that was not goes, and the hand stops behind its frame. A page comes in as not referenced: its first reference, the
// fault, does not count.
//
// It is nearly LRU at the price of one mark a hit, and does badly where LRU does: on loops and scans.

import { graft, policyOf, type Replacement } from './eviction.ts';

const EMPTY = 0;
const UNREFERENCED = 1;
const REFERENCED = 2;

const clockReplacement = (frames: number): Replacement => {
  const marks = new Uint8Array(frames);
  let hand = 0;
  return {
    enter: (frame) => {
      marks[frame] = UNREFERENCED;
    },
    hit: (frame) => {
      marks[frame] = REFERENCED;
    },
    leave: (frame) => {
      marks[frame] = EMPTY;
    },
    victim: () => {
      for (;;) {
        const frame = hand;
        hand = frame + 1 === frames ? 0 : frame + 1;
        if (marks[frame] === UNREFERENCED) return frame;
        if (marks[frame] === REFERENCED) marks[frame] = UNREFERENCED;
      }
    },
  };
};

/** Makes a CLOCK policy. */
export const makeClock = policyOf(clockReplacement);

/** CLOCK as a graft. */
export const evict = graft(makeClock);
