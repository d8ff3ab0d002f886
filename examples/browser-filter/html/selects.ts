// The first pass: what of a document matches a graft's selectors, in rows that cross at once.

import { decodeHTML, decodeHTMLAttribute } from 'entities';
import type { Element, ElementHandlers } from 'html-rewriter-wasm';
import { z } from 'zod';
import { type Handlers, read } from './rewriter.ts';

export const Selector = z.string().min(1).max(1000);

/** What a graft wants to see of the elements that match a selector. */
export const Select = z.strictObject({
  selector: Selector,
  /** Values of these attributes, by name. */
  attributes: z.array(z.string().min(1).max(64)).max(16).optional(),
  /** The texts inside, each piece between two tags. */
  text: z.boolean().optional(),
  /** Of each attribute, its different values, and nothing of the elements. */
  distinct: z.boolean().optional(),
});
export const Selects = z.array(Select).min(1).max(64);
export type Select = z.infer<typeof Select>;

/** An element that matched: its number among those that match the selector. */
export interface Found {
  readonly n: number;
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface Selected {
  readonly elements: Found[];
  /** Each with its number among the texts inside what matches. */
  readonly texts: { readonly n: number; readonly text: string }[];
  /** By attribute. */
  readonly values: Record<string, string[]>;
}

/** What may cross in one answer: UTF-16 units of it and rows. */
const UNITS_MAX = 700_000;
const ROWS_MAX = 15_000;

/** Keeps count of what will cross. */
class Room {
  #units = 0;
  #rows = 0;
  isFull = false;
  takes(units: number): boolean {
    this.#units += units + 16;
    this.#rows++;
    if (this.#units > UNITS_MAX || this.#rows > ROWS_MAX) this.isFull = true;
    return !this.isFull;
  }
}

/** Whether the place that is read lies in an element whose text is no text of the page. */
export class RawPlace {
  depth = 0;
  calls = 0;
  readonly handlers: readonly [string, ElementHandlers] = [
    'script, style, textarea, title, template, noscript, iframe, xmp, noembed, noframes, svg, math, select',
    {
      element: (element) => {
        this.calls++;
        this.depth++;
        element.onEndTag(() => void this.depth--);
      },
    },
  ];
}

/** The attributes of an element that a select names and that are there. */
const attributesOf = (
  element: { getAttribute(name: string): string | null },
  names: readonly string[],
): Record<string, string> => {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = element.getAttribute(name);
    // What would not be plain data is of no use to anybody.
    if (value !== null) found[name] = plainText(decodeHTMLAttribute(value));
  }
  return found;
};

const plainText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');

/** Elements that have no end tag. */
const VOID = /^(area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)$/;

/** Gathers one select. */
class Gathering {
  readonly #found: Selected = { elements: [], texts: [], values: {} };
  calls = 0;
  readonly #select: Select;
  readonly #room: Room;
  readonly #raw: RawPlace;
  readonly #distinct: Record<string, Set<string>> = {};
  #n = 0;
  #text = '';
  #texts = 0;

  readonly #isWhole: boolean;
  readonly #closed = new Set<number>();

  constructor(select: Select, room: Room, raw: RawPlace, isWhole: boolean) {
    this.#select = select;
    this.#isWhole = isWhole;
    this.#room = room;
    this.#raw = raw;
  }

  /** Of a document that goes on, elements that end within its beginning. */
  get selected(): Selected {
    if (this.#isWhole) return this.#found;
    return { ...this.#found, elements: this.#found.elements.filter(({ n }) => this.#closed.has(n)) };
  }

  get handlers(): ElementHandlers {
    const { distinct, text } = this.#select;
    const element: ElementHandlers['element'] = distinct === true ? (one) => this.#value(one) : (one) => this.#row(one);
    return text === true ? { element, text: (chunk) => this.#piece(chunk) } : { element };
  }

  #row(element: Element): void {
    this.calls++;
    const row = {
      n: this.#n++,
      tag: element.tagName,
      attributes: attributesOf(element, this.#select.attributes ?? []),
    };
    if (!this.#isWhole) this.#watch(element, row.n);
    const units = Object.values(row.attributes).reduce((sum, value) => sum + value.length + 16, row.tag.length);
    if (this.#room.takes(units)) this.#found.elements.push(row);
  }

  #watch(element: Element, n: number): void {
    if (VOID.test(element.tagName)) this.#closed.add(n);
    else element.onEndTag(() => void this.#closed.add(n));
  }

  #value(element: { getAttribute(name: string): string | null }): void {
    this.calls++;
    for (const [name, value] of Object.entries(attributesOf(element, this.#select.attributes ?? []))) {
      this.#distinct[name] ??= new Set();
      const seen = this.#distinct[name];
      if (seen.has(value) || !this.#room.takes(value.length)) continue;
      seen.add(value);
      this.#found.values[name] ??= [];
      this.#found.values[name].push(value);
    }
  }

  #piece(chunk: { readonly text: string; readonly lastInTextNode: boolean }): void {
    this.calls++;
    this.#text += chunk.text;
    if (!chunk.lastInTextNode) return;
    const text = this.#text;
    this.#text = '';
    const n = this.#texts++;
    if (this.#raw.depth === 0 && text.trim() !== '' && this.#room.takes(text.length))
      this.#found.texts.push({ n, text: plainText(decodeHTML(text)) });
  }
}

export interface Selection {
  readonly selected: readonly Selected[];
  /** There was more than may cross at once. */
  readonly isCut: boolean;
}

/** What of a document matches. Throws BadSelector. */
export const select = async (bytes: Uint8Array, selects: readonly Select[], isWhole: boolean): Promise<Selection> => {
  const room = new Room();
  const raw = new RawPlace();
  const gatherings = selects.map((one) => new Gathering(one, room, raw, isWhole));
  const on = selects.map(({ selector }, i) => [selector, (gatherings[i] as Gathering).handlers] as const);
  const handlers: Handlers = {
    on: selects.some(({ text }) => text === true) ? [raw.handlers, ...on] : on,
    calls: () => gatherings.reduce((sum, { calls }) => sum + calls, raw.calls),
  };
  await read(bytes, handlers);
  return { selected: gatherings.map(({ selected }) => selected), isCut: room.isFull };
};
