// A doubly linked list of small numbers (frames, or a policy's own nodes), in two typed arrays: every operation takes
// constant time and allocates nothing. A number is in the list at most once. `push` adds it as the newest, `oldest` is
// at the other end.

/** A list over the numbers 0 … `nodes` − 1, empty at first. */
export class LinkedList {
  /** Towards the newest; -1 for a number that is not in the list. The entry after the last number is both ends. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  readonly #end: number;
  /** How many numbers are in it. */
  size = 0;

  constructor(nodes: number) {
    this.#newer = new Int32Array(nodes + 1).fill(-1);
    this.#older = new Int32Array(nodes + 1);
    this.#end = nodes;
    this.#newer[nodes] = nodes;
    this.#older[nodes] = nodes;
  }

  /** The number that was pushed first, or -1. */
  get oldest(): number {
    const node = this.#newer[this.#end]!;
    return node === this.#end ? -1 : node;
  }

  /** The number that was pushed last, or -1. */
  get newest(): number {
    const node = this.#older[this.#end]!;
    return node === this.#end ? -1 : node;
  }

  has(node: number): boolean {
    return this.#newer[node]! >= 0;
  }

  /** Adds a number that is not in the list. */
  push(node: number): void {
    const before = this.#older[this.#end]!;
    this.#newer[before] = node;
    this.#older[node] = before;
    this.#newer[node] = this.#end;
    this.#older[this.#end] = node;
    this.size += 1;
  }

  /** Takes out a number that is in the list. */
  remove(node: number): void {
    const newer = this.#newer[node]!;
    const older = this.#older[node]!;
    this.#newer[older] = newer;
    this.#older[newer] = older;
    this.#newer[node] = -1;
    this.size -= 1;
  }

  /** Makes a number that is in the list its newest. */
  renew(node: number): void {
    this.remove(node);
    this.push(node);
  }
}
