// The second pass: a graft's edits, all at once, by the numbers of the first.

import type { Element, ElementHandlers, TextChunk } from 'html-rewriter-wasm';
import { z } from 'zod';
import { attributeFault, attributeText, htmlOf, type Part, Parts, partsFault, RAW, removalFault } from './markup.ts';
import { type Handlers, rewritten } from './rewriter.ts';
import { RawPlace, Selector, select } from './selects.ts';

const Number_ = z.number().int().nonnegative();

const PLACES = ['before', 'after', 'prepend', 'append', 'replace', 'inner'] as const;
const Content = Object.fromEntries(PLACES.map((place) => [place, Parts.optional()])) as Record<
  (typeof PLACES)[number],
  z.ZodOptional<typeof Parts>
>;

/** An edit of one element or one text, by the number that `select` gave. */
export const Edit = z.union([
  z.strictObject({ selector: Selector, text: Number_, parts: Parts }),
  z.strictObject({
    selector: Selector,
    n: Number_,
    /** `remove`: with all that is inside; `unwrap`: what is inside stays. */
    do: z.enum(['remove', 'unwrap']).optional(),
    /** Attributes: a text sets one, null removes it. */
    set: z.record(z.string().max(64), z.string().max(10_000).nullable()).optional(),
    ...Content,
  }),
]);
export const Edits = z.array(Edit).max(10_000);
export type Edit = z.infer<typeof Edit>;
type ElementEdit = Extract<Edit, { n: number }>;

/** What is wrong with edits, as far as can be said without the document; null: nothing. */
export const editsFault = (edits: readonly Edit[]): string | null => {
  for (const edit of edits) {
    const lists = 'text' in edit ? [edit.parts] : PLACES.map((place) => edit[place] ?? []);
    for (const parts of lists) {
      const fault = partsFault(parts);
      if (fault !== null) return fault;
    }
  }
  return null;
};

/** What is wrong with an edit of an element of this tag; null: nothing. */
const elementFault = (tag: string, edit: ElementEdit): string | null => {
  const isRaw = RAW.has(tag);
  if (edit.do === 'unwrap' && isRaw) return `${tag} is not unwrapped`;
  if (edit.do === 'remove' && ['meta', 'base', 'html', 'head'].includes(tag)) return `${tag} is not removed`;
  if (isRaw && (edit.prepend ?? edit.append ?? edit.inner) !== undefined) return `nothing is put into ${tag}`;
  if (isRaw && edit.set !== undefined) return `${tag} keeps its attributes`;
  for (const [name, value] of Object.entries(edit.set ?? {})) {
    const fault = value === null ? removalFault(name) : attributeFault(tag, name, value);
    if (fault !== null) return fault;
  }
  return null;
};

const HTML = { html: true } as const;

const applied = (element: Element, edit: ElementEdit): void => {
  for (const [name, value] of Object.entries(edit.set ?? {})) {
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, attributeText(value));
  }
  const put = (parts: Part[] | undefined, into: (html: string) => void): void => {
    if (parts !== undefined) into(htmlOf(parts));
  };
  put(edit.before, (html) => element.before(html, HTML));
  put(edit.after, (html) => element.after(html, HTML));
  put(edit.inner, (html) => element.setInnerContent(html, HTML));
  put(edit.prepend, (html) => element.prepend(html, HTML));
  put(edit.append, (html) => element.append(html, HTML));
  put(edit.replace, (html) => element.replace(html, HTML));
  if (edit.do === 'remove') element.remove();
  else if (edit.do === 'unwrap') element.removeAndKeepContent();
};

/** The edits of one selector. */
class Applying {
  readonly elements = new Map<number, ElementEdit>();
  readonly texts = new Map<number, Part[]>();
  calls = 0;
  done = 0;
  fault: string | null = null;
  #n = 0;
  #texts = 0;
  readonly #raw: RawPlace;

  constructor(raw: RawPlace) {
    this.#raw = raw;
  }

  get handlers(): ElementHandlers {
    const element = (one: Element): void => this.#element(one);
    return this.texts.size === 0 ? { element } : { element, text: (chunk) => this.#text(chunk) };
  }

  #element(element: Element): void {
    this.calls++;
    const edit = this.elements.get(this.#n++);
    if (edit === undefined || this.fault !== null) return;
    this.fault = elementFault(element.tagName, edit);
    if (this.fault !== null) return;
    applied(element, edit);
    this.done++;
  }

  #text(chunk: TextChunk): void {
    this.calls++;
    const parts = this.texts.get(this.#texts);
    if (chunk.lastInTextNode) this.#texts++;
    if (parts === undefined || this.#raw.depth > 0) return;
    if (!chunk.lastInTextNode) return void chunk.remove();
    chunk.replace(htmlOf(parts), HTML);
    this.done++;
  }
}

export interface Edited {
  readonly bytes: Buffer;
  /** What is wrong with an edit, which was then not made; null: nothing. */
  readonly fault: string | null;
  /** Edits made; others named what is not there. */
  readonly done: number;
}

/**
 * Makes edits whose parts were checked. Where the document goes on behind these bytes, elements that do not end in them
 * are left as they are. Throws BadSelector.
 */
export const edit = async (bytes: Uint8Array, given: readonly Edit[], isWhole: boolean): Promise<Edited> => {
  const edits = isWhole ? given : await ofClosed(bytes, given);
  const raw = new RawPlace();
  const bySelector = new Map<string, Applying>();
  for (const one of edits) {
    const applying = bySelector.get(one.selector) ?? new Applying(raw);
    bySelector.set(one.selector, applying);
    if ('text' in one) applying.texts.set(one.text, one.parts);
    else applying.elements.set(one.n, one);
  }
  const all = [...bySelector.values()];
  const on = [...bySelector].map(([selector, applying]) => [selector, applying.handlers] as const);
  const handlers: Handlers = {
    on: all.some(({ texts }) => texts.size > 0) ? [raw.handlers, ...on] : on,
    calls: () => all.reduce((sum, { calls }) => sum + calls, raw.calls),
  };
  const made = await rewritten(bytes, handlers);
  const fault = all.find((one) => one.fault !== null)?.fault ?? null;
  return { bytes: made, fault, done: all.reduce((sum, { done }) => sum + done, 0) };
};

/** The edits of elements that end within the bytes, and of texts. */
const ofClosed = async (bytes: Uint8Array, edits: readonly Edit[]): Promise<Edit[]> => {
  const selectors = [...new Set(edits.flatMap((one) => ('n' in one ? [one.selector] : [])))];
  const { selected } = await select(
    bytes,
    selectors.map((selector) => ({ selector })),
    false,
  );
  const closed = new Map(selectors.map((selector, i) => [selector, new Set(selected[i]?.elements.map(({ n }) => n))]));
  return edits.filter((one) => !('n' in one) || closed.get(one.selector)?.has(one.n) === true);
};
