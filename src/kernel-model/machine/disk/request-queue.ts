// The queue of requests that wait for a drive.
//
// `c-scan`: the arm sweeps upwards only. Next is the request with the lowest block above that of the last one served;
// if none is left above, a new sweep begins at the lowest. Blocks are numbered by cylinder, so a sweep goes over the
// cylinders in order. Of several requests for one block, each sweep serves the oldest. So every sweep ends, and a
// request that came after n others for its block is served in the sweep in which it came or one of the n + 1 after it.
// `fcfs`: in order of arrival.

/** The order in which waiting requests are served. */
export type QueueOrder = 'c-scan' | 'fcfs';

export class RequestQueue<T extends { readonly lbn: number }> {
  readonly #order: QueueOrder;
  /** Ascending by block (c-scan), equal blocks in order of arrival; or in order of arrival (fcfs). */
  readonly #waiting: T[] = [];
  #last_lbn = -1;

  constructor(order: QueueOrder) {
    this.#order = order;
  }

  get length(): number {
    return this.#waiting.length;
  }

  push(request: T): void {
    this.#waiting.splice(this.#order === 'fcfs' ? this.#waiting.length : this.#firstAbove(request.lbn), 0, request);
  }

  /** Takes the next request out; undefined: none waits. */
  shift(): T | undefined {
    if (this.#order === 'fcfs') return this.#waiting.shift();
    const at = this.#firstAbove(this.#last_lbn);
    const [request] = this.#waiting.splice(at < this.#waiting.length ? at : 0, 1);
    if (request !== undefined) this.#last_lbn = request.lbn;
    return request;
  }

  #firstAbove(lbn: number): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#waiting[middle] as T).lbn <= lbn) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
