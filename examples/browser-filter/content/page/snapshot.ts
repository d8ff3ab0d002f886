// What a selector finds: elements with the texts below them, as plain rows. Text that nobody reads (of scripts, styles,
// fields) is left out.

import {
  data,
  firstChild,
  item,
  lengthOf,
  list,
  localName,
  type Numbers,
  nextSibling,
  nodeType,
  page,
  parentNode,
  querySelectorAll,
} from './natives.ts';

const ELEMENT = 1;
const TEXT = 3;
const ELEMENTS_MAX = 2000;
const TEXTS_MAX = 20_000;
const CHARACTERS_MAX = 500_000;

const isUnread = (element: Element): boolean => {
  const name = localName(element);
  return name === 'script' || name === 'style' || name === 'noscript' || name === 'template' || name === 'textarea';
};

/** The node after `node` in the tree below `top`; without what is below `node`, where `isOver`. */
const following = (top: Node, node: Node, isOver: boolean): Node | null => {
  const child = isOver ? null : firstChild(node);
  if (child !== null) return child;
  for (let at: Node | null = node; at !== null && at !== top; at = parentNode(at)) {
    const next = nextSibling(at);
    if (next !== null) return next;
  }
  return null;
};

interface Size {
  texts: number;
  characters: number;
}

const textsBelow = (top: Element, numbers: Numbers, size: Size): [number, string][] => {
  const texts = list<[number, string]>();
  for (let node: Node | null = top; node !== null; ) {
    const isElement = nodeType(node) === ELEMENT;
    if (nodeType(node) === TEXT) {
      const text = data(node as Text);
      size.texts++;
      size.characters += text.length;
      texts[texts.length] = [numbers.of(node), text];
    }
    node = following(top, node, isElement && isUnread(node as Element));
    if (size.texts > TEXTS_MAX || size.characters > CHARACTERS_MAX) break;
  }
  return texts;
};

/** Rows for the realm, or why there are none. */
export const rowsFor = (selector: string, numbers: Numbers): object | string => {
  let found: NodeListOf<Element>;
  try {
    found = querySelectorAll(page, selector);
  } catch {
    return 'no selector';
  }
  const count = lengthOf(found);
  if (count > ELEMENTS_MAX) return `more than ${ELEMENTS_MAX} elements`;
  const rows = list<object>();
  const size: Size = { texts: 0, characters: 0 };
  for (let i = 0; i < count; i++) {
    const element = item(found, i) as Element;
    rows[i] = { id: numbers.of(element), texts: textsBelow(element, numbers, size) };
  }
  return size.texts > TEXTS_MAX || size.characters > CHARACTERS_MAX ? 'more text than a graft may see' : rows;
};
