// The undo log: one flat stack of before-images for a whole tree of nested transactions (VINO: "the log can be
// transient: it is a call stack of undo functions"). A record is four consecutive slots: the operation, the place it
// changed, the key, the before-image. A nested transaction is a mark (a length) on the stack. A record is written
// before the change it undoes, so undo must be harmless when the change never happened. The array is reused from
// transaction to transaction; slots are cleared at the end, so that they keep no dead object alive.

import type { Undone } from './abort.ts';

/** An operation that can be undone: `undo` restores `before` at `place`. */
export interface Undoable {
  readonly name: string;
  /** Goes with another operation, and is neither counted nor named in what an abort tells. */
  readonly isSilent?: boolean;
  undo(place: unknown, key: unknown, before: unknown): void;
}

const STRIDE = 4;
const KEPT_SLOTS_MAX = 4096;
const NAMES_MAX = 20;
const KEY_TEXT_MAX = 80;

const NOTHING: Undone = { records: 0, first: [] };

const nameOf = (operation: Undoable, key: unknown): string => {
  if (typeof key !== 'string' && typeof key !== 'number') return operation.name;
  const text = String(key);
  return `${operation.name} ${text.length > KEY_TEXT_MAX ? `${text.slice(0, KEY_TEXT_MAX - 1)}…` : text}`;
};

export class UndoLog {
  #slots: unknown[] = [];
  #length = 0;

  /** The current height, to unwind to. */
  get mark(): number {
    return this.#length;
  }

  push(operation: Undoable, place: unknown, key: unknown, before: unknown): void {
    const slots = this.#slots;
    const at = this.#length;
    slots[at] = operation;
    slots[at + 1] = place;
    slots[at + 2] = key;
    slots[at + 3] = before;
    this.#length = at + STRIDE;
  }

  /**
   * Undoes everything above `mark`, newest first. An undo that throws stops nothing: `failed` is told its place, whose
   * state is now wrong, and the rest unwinds.
   */
  unwind(mark: number, failed: (place: unknown, operation: string, error: unknown) => void): Undone {
    if (this.#length === mark) return NOTHING;
    const slots = this.#slots;
    let records = 0;
    const first: string[] = [];
    for (let at = mark; at < this.#length; at += STRIDE) {
      if ((slots[at] as Undoable).isSilent === true) continue;
      if (++records <= NAMES_MAX) first.push(nameOf(slots[at] as Undoable, slots[at + 2]));
    }
    while (this.#length > mark) {
      const at = this.#length - STRIDE;
      this.#length = at;
      const operation = slots[at] as Undoable;
      try {
        operation.undo(slots[at + 1], slots[at + 2], slots[at + 3]);
      } catch (error) {
        failed(slots[at + 1], operation.name, error);
      }
      for (let i = at; i < at + STRIDE; i++) slots[i] = undefined;
    }
    if (mark === 0 && slots.length > KEPT_SLOTS_MAX) this.#slots = [];
    return { records, first };
  }

  /** Forgets all records: they have been committed. */
  clear(): void {
    const slots = this.#slots;
    if (slots.length > KEPT_SLOTS_MAX) this.#slots = [];
    else for (let at = 0; at < this.#length; at++) slots[at] = undefined;
    this.#length = 0;
  }
}
