// The watch of an eviction policy: the order of references, and which page lies in which frame, as columns that the
// machine writes while it runs. One watch serves one policy: that of an address space, or the kernel's own for all of
// them. A space's references go to both.

import type { EvictionColumns } from '../grafts/eviction/index.ts';
import type { ReferenceWatch } from '../machine/index.ts';

/**
 * The number of places kept free, for a program that checks for the end of its turn only after a few more references.
 */
const SLACK = 64;

export class EvictionWatch implements ReferenceWatch {
  readonly columns: EvictionColumns;
  /** Entries in `events`, and how many of them the policy was shown at its last call. */
  count = 0;
  shown = 0;
  /** The watch of the policy of all address spaces, which gets the events too. */
  next: EvictionWatch | null;
  readonly #full: () => void;
  readonly #threshold: number;

  /** `full` is called when the policy has to read the events soon; it only takes a note of that. */
  constructor(columns: EvictionColumns, next: EvictionWatch | null, full: () => void) {
    this.columns = columns;
    this.next = next;
    this.#full = full;
    this.#threshold = columns.events.length - SLACK;
    columns.pages.fill(-1);
  }

  get isFull(): boolean {
    return this.count >= this.#threshold;
  }

  /** Shows the policy all events, for a page that is about to come in. */
  show(incoming: number): void {
    this.shown = this.count;
    this.columns.request[0] = this.count;
    this.columns.request[1] = incoming;
  }

  /** The policy has read what it was shown. Later events, of other threads, are kept for its next call. */
  forget(): void {
    this.columns.events.copyWithin(0, this.shown, this.count);
    this.count -= this.shown;
    this.shown = 0;
  }

  reference(frame: number): void {
    this.#note(frame);
    if (this.next !== null) this.next.reference(frame);
  }

  /** If a policy does not read its events for long, the newest are lost. */
  #note(event: number): void {
    if (this.count < this.columns.events.length) this.columns.events[this.count++] = event;
    if (this.count >= this.#threshold) this.#full();
  }

  /** A page has come into a frame. */
  entered(frame: number, page: number): void {
    this.columns.pages[frame] = page;
    this.#note(-1 - frame);
  }

  left(frame: number): void {
    this.columns.pages[frame] = -1;
  }
}

/** Columns of the kernel's own policy, which no graft reads. */
export const unsharedColumns = (frames: number, events: number): EvictionColumns => ({
  events: new Int32Array(events),
  request: new Int32Array(2),
  pages: new Int32Array(frames),
});
