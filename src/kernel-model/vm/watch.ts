// What an eviction policy is told: the order of references, and which page lies in which frame, as columns that the machine writes while it runs.
// One watch serves one policy: that of an address space, or the kernel's own for all of them; a space's references go to both.

import type { EvictionColumns } from '../grafts/eviction/index.ts';
import type { Watch } from '../machine/index.ts';

/** So many places are kept free, for a program that looks up only after a few more references. */
const SLACK = 64;

export class EvictionWatch implements Watch {
  readonly columns: EvictionColumns;
  /** Entries in `events`. */
  count = 0;
  /** The policy of all address spaces, told too. */
  next: EvictionWatch | null;
  readonly #full: () => void;
  readonly #threshold: number;

  /** `full` is called when the policy has to read the events soon; it only notes that. */
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

  reference(frame: number): void {
    this.columns.events[this.count++] = frame;
    if (this.count >= this.#threshold) this.#full();
    if (this.next !== null) this.next.reference(frame);
  }

  /** A page has come into a frame. */
  entered(frame: number, page: number): void {
    this.columns.pages[frame] = page;
    this.columns.events[this.count++] = -1 - frame;
    if (this.count >= this.#threshold) this.#full();
  }

  left(frame: number): void {
    this.columns.pages[frame] = -1;
  }
}
