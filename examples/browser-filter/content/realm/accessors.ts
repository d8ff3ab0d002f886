// What a graft at page/content may call: `api.page`. Arguments are plain data, and checked here.

import { type Callable, type CallableTree, type Caller, unexpected } from '../../../../src/plugins/index.ts';
import type { PageModel, Piece } from './model.ts';

const SELECTOR_MAX = 1000;
const WORD_MAX = 1000;
const TEXT_MAX = 10_000;

const textOf = (what: string, value: unknown, length_max: number, length_min = 0): string =>
  typeof value === 'string' && value.length <= length_max && value.length >= length_min
    ? value
    : unexpected(what, `a text of ${length_min} to ${length_max} units`, value);

const callable = (run: (caller: Caller, args: readonly unknown[]) => unknown): Callable => ({ waits: false, run });

/** `text` with each `word` as a piece of its own. */
const marked = (text: string, word: string, note: string): Piece[] =>
  text
    .split(word)
    .flatMap((part, i): Piece[] => [...(i === 0 ? [] : [{ text: word, note }]), { text: part, note: null }])
    .filter((piece) => piece.text !== '');

export const accessorsOf = (model: () => PageModel): CallableTree => ({
  page: {
    /** `query(selector)`: the numbers of the elements, in the order of the page. */
    query: callable(({ txn }, [selector]) => model().find(txn, textOf('page.query', selector, SELECTOR_MAX, 1))),
    /** `text(element)`: its text, with that of all elements in it. */
    text: callable(({ txn }, [id]) => model().text(txn, id)),
    /** `hide(element)`. */
    hide: callable(({ txn }, [id]) => model().hide(txn, id)),
    /** `replace(element, from, to)`: everywhere in its texts. Gives in how many. */
    replace: callable(({ txn }, [id, from, to]) => {
      const [old, fresh] = [textOf('page.replace', from, WORD_MAX, 1), textOf('page.replace', to, TEXT_MAX)];
      return model().change(txn, id, (text) => [{ text: text.replaceAll(old, () => fresh), note: null }]);
    }),
    /** `annotate(element, word, note)`: marks the word everywhere in its texts. Gives in how many. */
    annotate: callable(({ txn }, [id, word, note]) => {
      const [sought, said] = [textOf('page.annotate', word, WORD_MAX, 1), textOf('page.annotate', note, TEXT_MAX)];
      return model().change(txn, id, (text) => marked(text, sought, said));
    }),
  },
});
