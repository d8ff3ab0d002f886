// The event trace: every event, in order and with its time, folded into a hash as it happens. One seed gives one run,
// byte for byte: two runs are equal when their hashes and counts are. Only the hash is kept, unless a listener is
// given.

export const EVENTS = [
  'switch',
  'fault',
  'evict',
  'call',
  'trap',
  'graft',
  'wait',
  'wake',
  'exit',
  'bury',
  'unbury',
  'io',
] as const;
export type EventName = (typeof EVENTS)[number];
const NUMBERS = new Map(EVENTS.map((name, number) => [name, number]));

export type Listener = (event: EventName, a: number, b: number, now_us: number) => void;

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;
const SECOND = 0x9e3779b1;

export class Trace {
  events = 0;
  listener: Listener | null = null;
  #low = OFFSET;
  #high = SECOND | 0;
  readonly #time = new Float64Array(1);
  readonly #words = new Int32Array(this.#time.buffer);

  /** Notes an event; `a` and `b` identify its subject (a thread, a page, …). */
  note(event: EventName, a: number, b: number, now_us: number): void {
    this.events++;
    this.#time[0] = now_us;
    this.#fold(NUMBERS.get(event) as number);
    this.#fold(a);
    this.#fold(b);
    this.#fold(this.#words[0] as number);
    this.#fold(this.#words[1] as number);
    this.listener?.(event, a, b, now_us);
  }

  #fold(word: number): void {
    this.#low = Math.imul(this.#low ^ word, PRIME);
    this.#high = Math.imul((this.#high ^ this.#low) + word, SECOND) ^ (this.#high >>> 15);
  }

  /** The hash of everything noted, 16 hexadecimal digits (FNV-1a and a second, independent word). */
  get hash(): string {
    const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
    return hex(this.#high) + hex(this.#low);
  }
}
