// The page, as one graft sees it: transactional state of the realm. A graft reads and changes only this; what it has
// changed when it commits goes to the page as one batch (changes). An abort undoes it here, and the page never hears.
//
// A graft asks for elements by selectors, and the page answers later; but nobody in the realm can wait. So what was
// asked for is locked by the transaction that asks (ask), the graft meets a lock, is undone and begun anew when the
// answer is there, uncounted: as with every lock (src/plugins/graft-call.ts).

import { GraftError, WRITES } from '../../../../src/plugins/index.ts';
import { StateMap, Ticket, type Transaction, type Transactions } from '../../../../src/txn/index.ts';
import { type Row, rowsOf } from './rows.ts';

/** A part of a text: with a note, or plain. */
export interface Piece {
  readonly text: string;
  readonly note: string | null;
}

interface ElementState {
  readonly texts: readonly number[];
  readonly hidden: boolean;
}

/** One change of the page. `before` is what the page must still say. */
export type Change =
  | { readonly kind: 'hide'; readonly id: number }
  | { readonly kind: 'text'; readonly id: number; readonly before: string; readonly pieces: readonly Piece[] };

const ASKS_MAX = 64;
const PIECES_MAX = 1000;
const TEXT_MAX = 100_000;

/** The value of a state that nobody else can hold. */
const own = <Value>(value: Value | Ticket): Value => {
  if (value instanceof Ticket) throw new Error('a state of the page is locked');
  return value;
};

const refused = (why: string): never => {
  throw new GraftError('GRAFT_BAD_ARGUMENT', why);
};

const isSame = (one: Piece, other: Piece | undefined): boolean => one.text === other?.text && one.note === other.note;

export class PageModel {
  readonly #transactions: Transactions;
  readonly #query: (selector: string) => Promise<unknown>;
  readonly #found = state<string, readonly number[] | string>('page.query');
  readonly #elements = state<number, ElementState>('page.element');
  readonly #texts = state<number, readonly Piece[]>('page.text');
  readonly #asked = new Set<string>();

  /** `query` asks the page for the elements of a selector. */
  constructor(transactions: Transactions, query: (selector: string) => Promise<unknown>) {
    this.#transactions = transactions;
    this.#query = query;
  }

  /** The numbers of the elements that a selector finds, in the order of the page. A ticket: the page has to answer. */
  find(txn: Transaction, selector: string): readonly number[] | Ticket {
    if (this.#found.peek(selector) === undefined && !this.#asked.has(selector)) this.#ask(selector);
    const found = this.#found.get(txn, selector);
    if (found instanceof Ticket) return found;
    return typeof found === 'object' ? found : refused(`page.query: ${found ?? 'no answer'}`);
  }

  /** Holds the lock of the selector until the page has answered. */
  #ask(selector: string): void {
    if (this.#asked.size === ASKS_MAX) refused(`page.query: more than ${ASKS_MAX} selectors`);
    this.#asked.add(selector);
    const txn = this.#transactions.begin();
    own(this.#found.set(txn, selector, 'no answer'));
    const answered = (told: unknown): void => {
      const rows = rowsOf(told);
      own(this.#found.set(txn, selector, typeof rows === 'string' ? rows : rows.map((row) => this.#note(txn, row))));
      txn.commit();
    };
    this.#query(selector).then(answered, () => answered('the page does not answer'));
  }

  /** What was seen first counts: all of a call sees one page, and the page compares before it changes anything. */
  #note(txn: Transaction, { id, texts }: Row): number {
    for (const [text, value] of texts)
      if (this.#texts.peek(text) === undefined) own(this.#texts.set(txn, text, [{ text: value, note: null }]));
    if (this.#elements.peek(id) === undefined)
      own(this.#elements.set(txn, id, { texts: texts.map(([text]) => text), hidden: false }));
    return id;
  }

  #element(txn: Transaction, id: unknown): ElementState {
    if (typeof id !== 'number' || this.#elements.peek(id) === undefined) return refused('page: no element of a query');
    return own(this.#elements.get(txn, id)) as ElementState;
  }

  #pieces(txn: Transaction, id: number): readonly Piece[] {
    return own(this.#texts.get(txn, id)) as readonly Piece[];
  }

  /** The text of an element, as the graft has left it. */
  text(txn: Transaction, id: unknown): string {
    let text = '';
    for (const one of this.#element(txn, id).texts) for (const piece of this.#pieces(txn, one)) text += piece.text;
    return text;
  }

  hide(txn: Transaction, id: unknown): void {
    const element = this.#element(txn, id);
    if (!element.hidden) own(this.#elements.set(txn, id as number, { ...element, hidden: true }));
  }

  /** Changes the plain pieces of an element's texts. Gives how many have changed. */
  change(txn: Transaction, id: unknown, instead: (text: string) => readonly Piece[]): number {
    let changed = 0;
    for (const one of this.#element(txn, id).texts) {
      const before = this.#pieces(txn, one);
      const after = before.flatMap((piece) => (piece.note === null ? instead(piece.text) : [piece]));
      if (after.length === before.length && after.every((piece, i) => isSame(piece, before[i]))) continue;
      if (after.length > PIECES_MAX || after.reduce((sum, { text }) => sum + text.length, 0) > TEXT_MAX)
        throw txn.doom('limit', `a text of more than ${TEXT_MAX} units or ${PIECES_MAX} pieces`);
      own(this.#texts.set(txn, one, after));
      changed++;
    }
    return changed;
  }

  /** What a transaction that is about to commit has changed. */
  changes(txn: Transaction): Change[] {
    const changes: Change[] = [];
    for (const [id, before] of this.#texts.peekEntries()) {
      const pieces = this.#pieces(txn, id);
      if (pieces !== before) changes.push({ kind: 'text', id, before: before[0]?.text ?? '', pieces });
    }
    for (const [id, before] of this.#elements.peekEntries())
      if (own(this.#elements.get(txn, id)) !== before) changes.push({ kind: 'hide', id });
    return changes;
  }
}

/** A state of one model; its holder never keeps anybody waiting for another reason than the page's answer. */
const state = <Key, Value>(name: string): StateMap<Key, Value> =>
  new StateMap({ name, lock_timeout_ms: Number.POSITIVE_INFINITY, writes: { resource: WRITES, cost: 1 } });
