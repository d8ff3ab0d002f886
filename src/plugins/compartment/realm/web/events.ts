// Event, CustomEvent, EventTarget, AbortController and AbortSignal. What a listener throws goes to the console. There
// is no AbortSignal.timeout, since there are no timers.

import { Event, EventTarget, getEventAttributeValue, setEventAttributeValue } from 'event-target-shim';
import type { World } from './world.ts';

type EventListener = ((event: Event) => unknown) | null;

export { Event, EventTarget };

declare const web: World;

export class CustomEvent extends Event {
  readonly #detail: unknown;

  constructor(type: string, init: { readonly detail?: unknown } = {}) {
    super(type, init);
    this.#detail = init.detail ?? null;
  }

  get detail(): unknown {
    return this.#detail;
  }
}

/** Whoever has it may make signals. */
const MAKER = Symbol('maker');
let end: (signal: AbortSignal, reason: unknown) => void;

export class AbortSignal extends EventTarget {
  static {
    end = (signal, reason) => signal.#end(reason);
  }

  #aborted = false;
  #reason: unknown = undefined;
  /** Signals made by `any` that follow this one. */
  readonly #followers: AbortSignal[] = [];

  constructor(maker?: unknown) {
    if (maker !== MAKER) throw new TypeError('Illegal constructor');
    super();
  }

  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal(MAKER);
    signal.#mark(reason);
    return signal;
  }

  static any(signals: Iterable<AbortSignal>): AbortSignal {
    const made = new AbortSignal(MAKER);
    const sources = [...signals];
    for (const source of sources)
      if (!(source instanceof AbortSignal)) throw new TypeError('AbortSignal.any: not a signal');
    const ended = sources.find((source) => source.#aborted);
    if (ended !== undefined) made.#mark(ended.#reason);
    else for (const source of sources) source.#followers.push(made);
    return made;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  get onabort(): EventListener {
    return getEventAttributeValue(this, 'abort');
  }

  set onabort(value: EventListener) {
    setEventAttributeValue(this, 'abort', value);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  get [Symbol.toStringTag](): string {
    return 'AbortSignal';
  }

  #mark(reason: unknown): void {
    this.#aborted = true;
    this.#reason = reason === undefined ? new web.DOMException('This operation was aborted', 'AbortError') : reason;
  }

  /** All signals that follow are marked before any listener runs. */
  #end(reason: unknown): void {
    if (this.#aborted) return;
    this.#mark(reason);
    const told: AbortSignal[] = [this];
    for (const signal of told)
      for (const follower of signal.#followers.splice(0)) {
        if (follower.#aborted) continue;
        follower.#mark(this.#reason);
        told.push(follower);
      }
    for (const signal of told) signal.dispatchEvent(new Event('abort'));
  }
}

export class AbortController {
  readonly #signal = new AbortSignal(MAKER);

  get signal(): AbortSignal {
    return this.#signal;
  }

  abort(reason?: unknown): void {
    end(this.#signal, reason);
  }

  get [Symbol.toStringTag](): string {
    return 'AbortController';
  }
}
