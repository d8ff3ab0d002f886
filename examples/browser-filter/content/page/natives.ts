// What the script takes from the page before any script of the page runs. A page may change every prototype later, or
// put setters there: nothing here looks a method up again, iterates, or grows an array that has a prototype.

const { apply, getOwnPropertyDescriptor, setPrototypeOf } = Reflect;

type Of<Self, Args extends readonly unknown[], Result> = (self: Self, ...args: Args) => Result;

const method = <Self extends object, Name extends keyof Self>(prototype: Self, name: Name) => {
  const native = prototype[name] as (...args: unknown[]) => unknown;
  return ((self: Self, ...args: unknown[]) => apply(native, self, args)) as Self[Name] extends (
    ...args: infer Args
  ) => infer Result
    ? Of<Self, Args, Result>
    : never;
};

const getter = <Self extends object, Name extends keyof Self>(
  prototype: Self,
  name: Name,
): Of<Self, [], Self[Name]> => {
  const native = getOwnPropertyDescriptor(prototype, name)?.get as () => Self[Name];
  return (self) => apply(native, self, []);
};

const setter = <Self extends object, Name extends keyof Self>(
  prototype: Self,
  name: Name,
): Of<Self, [Self[Name]], void> => {
  const native = getOwnPropertyDescriptor(prototype, name)?.set as (value: Self[Name]) => void;
  return (self, value) => apply(native, self, [value]);
};

/** A list that inherits nothing: an index that is assigned reaches no setter of the page's. */
export const list = <Value>(): Value[] => {
  const made: Value[] = [];
  setPrototypeOf(made, null);
  return made;
};

export const page = document;
export const querySelectorAll = method(Document.prototype, 'querySelectorAll') as (
  self: Document,
  selector: string,
) => NodeListOf<Element>;
export const createElement = method(Document.prototype, 'createElement') as (
  self: Document,
  name: string,
) => HTMLElement;
export const createTextNode = method(Document.prototype, 'createTextNode');
export const readyState = getter(Document.prototype, 'readyState');
export const lengthOf = getter(NodeList.prototype, 'length');
export const item = method(NodeList.prototype, 'item');

export const nodeType = getter(Node.prototype, 'nodeType');
export const firstChild = getter(Node.prototype, 'firstChild');
export const nextSibling = getter(Node.prototype, 'nextSibling');
export const parentNode = getter(Node.prototype, 'parentNode');
export const isConnected = getter(Node.prototype, 'isConnected');
export const insertBefore = method(Node.prototype, 'insertBefore') as (
  self: Node,
  node: Node,
  child: Node | null,
) => Node;
export const removeChild = method(Node.prototype, 'removeChild') as (self: Node, child: Node) => Node;
export const data = getter(CharacterData.prototype, 'data');
export const setData = setter(CharacterData.prototype, 'data');

export const localName = getter(Element.prototype, 'localName');
export const namespace = getter(Element.prototype, 'namespaceURI');
export const getAttribute = method(Element.prototype, 'getAttribute');
export const setAttribute = method(Element.prototype, 'setAttribute');
export const removeAttribute = method(Element.prototype, 'removeAttribute');
export const removeElement = method(Element.prototype, 'remove');
export const styleOfHtml = getter(HTMLElement.prototype, 'style');
export const styleOfSvg = getter(SVGElement.prototype, 'style');
export const setProperty = method(CSSStyleDeclaration.prototype, 'setProperty');
export const cssText = getter(CSSStyleDeclaration.prototype, 'cssText');
export const setCssText = setter(CSSStyleDeclaration.prototype, 'cssText');

export const MakeWorker = Worker;
export const postMessage = method(Worker.prototype, 'postMessage') as (self: Worker, message: object) => void;
export const terminate = method(Worker.prototype, 'terminate');
export const addEventListener = method(EventTarget.prototype, 'addEventListener');
export const messageData = getter(MessageEvent.prototype, 'data');
export const later = setTimeout;

const TheMap = Map;
const mapGet = method(Map.prototype, 'get');
const mapSet = method(Map.prototype, 'set');

/** Numbers of nodes, in the order in which they were seen. */
export const numbers = () => {
  const nodes = new TheMap<unknown, unknown>();
  const ids = new TheMap<unknown, unknown>();
  let last = 0;
  return {
    of: (node: Node): number => {
      const known = mapGet(ids, node) as number | undefined;
      if (known !== undefined) return known;
      last++;
      mapSet(ids, node, last);
      mapSet(nodes, last, node);
      return last;
    },
    node: (id: number): Node | undefined => mapGet(nodes, id) as Node | undefined,
  };
};

export type Numbers = ReturnType<typeof numbers>;
