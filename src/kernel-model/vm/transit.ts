// Pages in transit: on their way in from the disk or out to it, each with a frame that is neither free nor owned.
//
//   const read = transit.begin(space, page)      the page is on its way; `read` settles when the caller says so
//   transit.of(space, page)                      its completion, for a thread that faults on the page meanwhile
//   transit.end(space, page, read)               it has arrived; where another is on its way since, that one stays

import { Completion } from '../wait.ts';
import type { AddressSpace } from './address-space.ts';

export class Transit {
  readonly #pages = new Map<AddressSpace, Map<number, Completion>>();

  get count(): number {
    let count = 0;
    for (const pages of this.#pages.values()) count += pages.size;
    return count;
  }

  of(space: AddressSpace, page: number): Completion | undefined {
    return this.#pages.get(space)?.get(page);
  }

  /** Any page's completion; null: no page is on its way. */
  any(): Completion | null {
    for (const pages of this.#pages.values()) for (const completion of pages.values()) return completion;
    return null;
  }

  begin(space: AddressSpace, page: number): Completion {
    const completion = new Completion();
    let pages = this.#pages.get(space);
    if (pages === undefined) {
      pages = new Map();
      this.#pages.set(space, pages);
    }
    pages.set(page, completion);
    return completion;
  }

  end(space: AddressSpace, page: number, completion: Completion): void {
    const pages = this.#pages.get(space);
    if (pages?.get(page) === completion) pages.delete(page);
    if (pages?.size === 0) this.#pages.delete(space);
  }
}
