// console: lines for the host's log. A line is text; how much of it is kept is the host's matter (console-lines.ts).

import type { World } from './world.ts';

declare const web: World;

const [DEBUG, INFO, WARN, ERROR] = [0, 1, 2, 3];
const TEXT_MAX = 4000;
const DEPTH_MAX = 3;
const ITEMS_MAX = 50;

/** Where the frames of a plugin end, and those around it begin. */
const REALM_FRAME = /\n[^\n]*graftwork:realm/;

const quoted = (text: string): string => JSON.stringify(text.slice(0, TEXT_MAX));

const atomOf = (value: unknown): string | null => {
  if (typeof value === 'function') return `[Function: ${value.name || 'anonymous'}]`;
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  return typeof value === 'object' && value !== null ? null : String(value);
};

const errorOf = (error: Error): string => {
  const { stack, name, message } = error;
  if (typeof stack !== 'string' || stack === '') return `${name}: ${message}`;
  const end = stack.search(REALM_FRAME);
  return end < 0 ? stack : stack.slice(0, end);
};

/** What stands between the brackets of an object. */
const insideOf = (value: object, depth: number, seen: readonly object[]): string => {
  const show = (item: unknown): string => (typeof item === 'string' ? quoted(item) : shown(item, depth + 1, seen));
  const listed = (items: unknown[], form: (item: never) => string): string => {
    const texts = items.slice(0, ITEMS_MAX).map(form as (item: unknown) => string);
    if (items.length > ITEMS_MAX) texts.push(`… ${items.length - ITEMS_MAX} more`);
    return texts.join(', ');
  };
  if (Array.isArray(value)) return `[${listed(value.slice(0, ITEMS_MAX + 1), show)}]`;
  if (value instanceof Map)
    return `Map { ${listed([...value], ([key, item]: [unknown, unknown]) => `${show(key)} => ${show(item)}`)} }`;
  if (value instanceof Set) return `Set { ${listed([...value], show)} }`;
  const record = value as Record<string, unknown>;
  const tag = Object.getPrototypeOf(value)?.constructor?.name;
  const name = tag === undefined || tag === 'Object' ? '' : `${tag} `;
  return `${name}{ ${listed(Object.keys(value), (key: string) => `${key}: ${show(record[key])}`)} }`;
};

const shown = (value: unknown, depth = 0, seen: readonly object[] = []): string => {
  const atom = atomOf(value);
  if (atom !== null) return atom;
  const object = value as object;
  if (web.isProxy(object)) return '[Proxy]';
  if (object instanceof Error) return errorOf(object);
  if (object instanceof Date || object instanceof RegExp) return String(object);
  if (seen.includes(object)) return '[Circular]';
  if (depth > DEPTH_MAX) return Array.isArray(object) ? '[Array]' : '[Object]';
  return insideOf(object, depth, [...seen, object]);
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : shown(value));

const substituted = (letter: string, value: unknown): string => {
  if (letter === 'c') return '';
  if (letter === 'd' || letter === 'i') return String(letter === 'i' ? Math.trunc(Number(value)) : Number(value));
  if (letter === 'f') return String(Number(value));
  return letter === 's' ? textOf(value) : shown(value);
};

/** The line of a call: a format, where the first argument is one, and the rest behind it. */
const lineOf = (args: readonly unknown[]): string => {
  const [format, ...rest] = args;
  if (typeof format !== 'string') return args.map(textOf).join(' ');
  const head = format
    .slice(0, TEXT_MAX)
    .replace(/%([%sdifoOjc])/g, (found, letter: string) =>
      letter === '%' ? '%' : rest.length === 0 ? found : substituted(letter, rest.shift()),
    );
  return [head, ...rest.map(textOf)].join(' ');
};

let indent = '';
const counts = new Map<string, number>();
const timers = new Map<string, number>();
const LABELS_MAX = 100;

const say =
  (level: number) =>
  (...args: unknown[]): void =>
    web.tell(level, indent + lineOf(args).slice(0, TEXT_MAX));

const info = say(INFO);
const warn = say(WARN);
const error = say(ERROR);

const kept = <T>(map: Map<string, T>, label: string, value: T): T => {
  if (map.size < LABELS_MAX || map.has(label)) map.set(label, value);
  return value;
};

const elapsed = (label: unknown, args: readonly unknown[]): void => {
  const since = timers.get(`${label}`);
  if (since === undefined) warn(`Timer ${label} does not exist`);
  else info(`${label}: ${Math.floor(web.now()) - since} ms`, ...args);
};

const group = (...args: unknown[]): void => {
  if (args.length > 0) info(...args);
  if (indent.length < 20) indent += '  ';
};

export const console = {
  assert(holds?: unknown, ...args: unknown[]): void {
    if (!holds) error(...(args.length === 0 ? ['Assertion failed'] : ['Assertion failed:', ...args]));
  },
  clear(): void {},
  count: (label: unknown = 'default'): void =>
    info(`${label}: ${kept(counts, `${label}`, (counts.get(`${label}`) ?? 0) + 1)}`),
  countReset: (label: unknown = 'default'): void => void counts.delete(`${label}`),
  debug: say(DEBUG),
  dir: (value?: unknown): void => info(shown(value)),
  dirxml: info,
  error,
  group,
  groupCollapsed: group,
  groupEnd(): void {
    indent = indent.slice(2);
  },
  info,
  log: info,
  table: (value?: unknown): void => info(shown(value)),
  time: (label: unknown = 'default'): void => void kept(timers, `${label}`, Math.floor(web.now())),
  timeEnd(label: unknown = 'default'): void {
    elapsed(label, []);
    timers.delete(`${label}`);
  },
  timeLog: (label: unknown = 'default', ...args: unknown[]): void => elapsed(label, args),
  trace: (...args: unknown[]): void => say(DEBUG)('Trace:', ...args),
  warn,
};
Object.defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
