// The changes of one graft, carried out in the page: all of them, or none. Each is compared with the page before it is
// made, since the page may have changed since the graft saw it, and logged with its undo. An undo takes back only what
// is still as it was left: whatever the page has changed since is the page's.

import {
  createElement,
  createTextNode,
  cssText,
  data,
  firstChild,
  getAttribute,
  insertBefore,
  isConnected,
  list,
  type Numbers,
  namespace,
  nextSibling,
  page,
  parentNode,
  removeAttribute,
  removeChild,
  setAttribute,
  setCssText,
  setData,
  setProperty,
  styleOfHtml,
  styleOfSvg,
} from './natives.ts';

interface Piece {
  readonly text: string;
  readonly note: string | null;
}

type Change =
  | { readonly kind: 'hide'; readonly id: number }
  | { readonly kind: 'text'; readonly id: number; readonly before: string; readonly pieces: readonly Piece[] };

/** Takes one change back, where the page has not changed it since. */
type Undo = () => void;

const styleOf = (element: Element): CSSStyleDeclaration | null => {
  const space = namespace(element);
  if (space === 'http://www.w3.org/1999/xhtml') return styleOfHtml(element as HTMLElement);
  return space === 'http://www.w3.org/2000/svg' ? styleOfSvg(element as SVGElement) : null;
};

/** A page whose policy refuses style attributes ignores the text of one; then its declarations are set instead. */
const restoreStyle = (element: Element, style: CSSStyleDeclaration, attribute: string | null, rules: string): void => {
  if (attribute === null) return removeAttribute(element, 'style');
  setAttribute(element, 'style', attribute);
  if (cssText(style) !== rules) setCssText(style, rules);
};

const hide = (element: Element, undos: Undo[]): boolean => {
  const style = styleOf(element);
  if (style === null) return false;
  const attribute = getAttribute(element, 'style');
  const rules = cssText(style);
  let left: string | null = attribute;
  undos[undos.length] = () => {
    if (left !== attribute && getAttribute(element, 'style') === left) restoreStyle(element, style, attribute, rules);
  };
  setProperty(style, 'display', 'none', 'important');
  left = getAttribute(element, 'style');
  return true;
};

const setText = (node: Text, before: string, after: string, undos: Undo[]): boolean => {
  undos[undos.length] = () => {
    if (data(node) === after) setData(node, before);
  };
  setData(node, after);
  return true;
};

const nodeOf = ({ text, note }: Piece): Node => {
  const plain = createTextNode(page, text);
  if (note === null) return plain;
  const mark = createElement(page, 'mark');
  setAttribute(mark, 'title', note);
  insertBefore(mark, plain, null);
  return mark;
};

/** Whether a node of ours says what it said when it was made. */
const isAsMade = (node: Node, { text, note }: Piece): boolean => {
  if (note === null) return data(node as Text) === text;
  const inside = firstChild(node);
  return (
    inside !== null &&
    nextSibling(inside) === null &&
    getAttribute(node as Element, 'title') === note &&
    data(inside as Text) === text
  );
};

/** Puts several nodes in the place of a text, which is kept for the undo. */
const split = (node: Text, pieces: readonly Piece[], undos: Undo[]): boolean => {
  const parent = parentNode(node);
  if (parent === null) return false;
  const made = list<Node>();
  for (let i = 0; i < pieces.length; i++) made[i] = nodeOf(pieces[i] as Piece);
  undos[undos.length] = () => {
    for (let i = 0; i < made.length; i++) {
      const one = made[i] as Node;
      const follows = i === 0 || nextSibling(made[i - 1] as Node) === one;
      if (parentNode(one) !== parent || !follows || !isAsMade(one, pieces[i] as Piece)) return;
    }
    insertBefore(parent, node, made[0] as Node);
    for (let i = 0; i < made.length; i++) removeChild(parent, made[i] as Node);
  };
  for (let i = 0; i < made.length; i++) insertBefore(parent, made[i] as Node, node);
  removeChild(parent, node);
  return true;
};

/** Whether the page still is what the graft has seen. */
const isAsSeen = (change: Change, numbers: Numbers): boolean => {
  const node = numbers.node(change.id);
  if (node === undefined || !isConnected(node)) return false;
  return change.kind === 'hide' ? styleOf(node as Element) !== null : data(node as Text) === change.before;
};

const make = (change: Change, numbers: Numbers, undos: Undo[]): boolean => {
  if (!isAsSeen(change, numbers)) return false;
  const node = numbers.node(change.id) as Node;
  if (change.kind === 'hide') return hide(node as Element, undos);
  const { before, pieces } = change;
  const isPlain = pieces.length === 1 && pieces[0]?.note === null;
  return isPlain ? setText(node as Text, before, (pieces[0] as Piece).text, undos) : split(node as Text, pieces, undos);
};

/** Takes changes back, newest first. */
export const undoAll = (undos: readonly Undo[]): void => {
  for (let i = undos.length - 1; i >= 0; i--) {
    try {
      (undos[i] as Undo)();
    } catch {
      // What the page has made impossible stays; the rest is taken back.
    }
  }
};

/**
 * Carries all changes out and gives their undos; null: the page is not what the graft saw, or refuses one, and nothing
 * is changed. Code of the page may run in between (of its custom elements), so each is compared when it is made, too.
 */
export const applyAll = (changes: readonly Change[], numbers: Numbers): readonly Undo[] | null => {
  const undos = list<Undo>();
  for (let i = 0; i < changes.length; i++) if (!isAsSeen(changes[i] as Change, numbers)) return null;
  try {
    let isGood = true;
    for (let i = 0; i < changes.length && isGood; i++) isGood = make(changes[i] as Change, numbers, undos);
    if (isGood) return undos;
  } catch {
    // As below.
  }
  undoAll(undos);
  return null;
};
