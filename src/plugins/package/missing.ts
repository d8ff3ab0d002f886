// Globals that a plugin names and a realm does not have: known when it is installed, and said with the author's line.
//
// esbuild knows which names are free, whatever is declared where. So where a source mentions such a name, the package
// is bundled once more, with the name replaced by a mark; the marks in that script are the places of free names. A file
// that looks whether a name is there (`typeof fetch`, `globalThis.fetch`, `'fetch' in …`) knows what it does: its uses
// are none. A use in a dependency is said, and no more: much of a library may never run. So is one in a file with a
// `try`, which may catch what it throws.

import { isObject } from './exports-map.ts';
import { printable } from './path.ts';
import { originalPosition } from './source-map.ts';
import { pathOf } from './source-name.ts';

/** A global that a plugin names and does not have: where, `file:line:column`, and what to do instead. */
export interface MissingGlobal {
  readonly name: string;
  readonly at: string;
  readonly instead: string;
  /** It reaches for the world outside, and is bound to fail: the plugin is refused. */
  readonly refused: boolean;
}

const NETWORK = 'ask the host for a callable that does the request';
const TIMER = 'ask the host for a timer (callables.timers)';
const PAGE = 'a graft has no page';
const STORAGE = 'ask the host for storage (api.storage)';
const SHARED = 'a graft runs alone';

/** What reaches for the world outside, which the author must ask the host for; and what to do instead. */
const OUTSIDE: Readonly<Record<string, string>> = {
  fetch: NETWORK,
  XMLHttpRequest: NETWORK,
  WebSocket: NETWORK,
  EventSource: NETWORK,
  WebTransport: NETWORK,
  localStorage: STORAGE,
  sessionStorage: STORAGE,
  indexedDB: STORAGE,
  Worker: SHARED,
  SharedWorker: SHARED,
  BroadcastChannel: SHARED,
};

/** The same, for what libraries also name where they look for what they run in. */
const SURROUNDINGS: Readonly<Record<string, string>> = {
  setTimeout: TIMER,
  setInterval: TIMER,
  setImmediate: TIMER,
  clearTimeout: TIMER,
  clearInterval: TIMER,
  clearImmediate: TIMER,
  process: 'take what it needs of its surroundings as input, or ask the host for a callable',
  Buffer: 'use Uint8Array, TextEncoder and TextDecoder',
  global: 'use globalThis',
  self: 'use globalThis',
  window: PAGE,
  document: PAGE,
  navigator: PAGE,
  location: PAGE,
  WebAssembly: 'use JavaScript',
  SharedArrayBuffer: SHARED,
  Atomics: SHARED,
  WeakRef: 'use WeakMap',
  FinalizationRegistry: 'release what is held where it is used last',
};

const INSTEAD: Readonly<Record<string, string>> = { ...OUTSIDE, ...SURROUNDINGS };

/** Names of globals that a realm does not have. */
export const MISSING_GLOBALS: readonly string[] = Object.keys(INSTEAD);

const NAMED_MAX = 50;
const MARK = '__graftwork_missing_';
const MARKED = new RegExp(`${MARK}(\\w+?)__`, 'g');
const MENTION = new RegExp(`\\b(${MISSING_GLOBALS.join('|')})\\b`);
/** How esbuild begins the script of a file, in the bundler's namespace. */
const FILE = /^\s*\/\/ plugin:(.+)$/;

export const mentionsMissing = (text: string): boolean => MENTION.test(text);

/** Flags of the build whose script has the marks. */
export const MARKING_FLAGS: readonly string[] = MISSING_GLOBALS.map((name) => `--define:${name}=${MARK}${name}__`);

/** Whether a source looks whether a name is there. */
const asksFor = (name: string, text: string): boolean =>
  [
    `typeof[\\s(]{1,20}${name}\\b`,
    `\\b(globalThis|window|self|global)\\??\\.${name}\\b`,
    `['"\`]${name}['"\`]\\s{1,20}in\\b`,
  ].some((form) => new RegExp(form).test(text));

/** The first use of each name in each file, where nothing looks whether it is there. `map` is that of the script. */
export const missingIn = (marked: string, map: string, textOf: (file: string) => string): MissingGlobal[] => {
  const found: MissingGlobal[] = [];
  const seen = new Set<string>();
  let file = '';
  for (const [above, line] of marked.split('\n').entries()) {
    file = pathOf(FILE.exec(line)?.[1] ?? file);
    for (const { index, 1: name = '' } of line.matchAll(MARKED)) {
      const key = `${file}\n${name}`;
      if (seen.has(key) || found.length >= NAMED_MAX) continue;
      seen.add(key);
      const text = textOf(file);
      if (asksFor(name, text)) continue;
      const place = originalPosition(map, above + 1, index + 1);
      if (place !== null)
        found.push(missingGlobal(name, `${place.file}:${place.line}:${place.column}`, isBound(file, text)));
    }
  }
  return found;
};

/** Whether what a file names is bound to fail where it is missing. */
const isBound = (file: string, text: string): boolean => !/(^|\/)node_modules\//.test(file) && !/\btry\b/.test(text);

const missingGlobal = (name: string, at: string, bound: boolean): MissingGlobal => ({
  name,
  at,
  instead: INSTEAD[name] as string,
  refused: bound && Object.hasOwn(OUTSIDE, name),
});

const AT_MAX = 300;

/** What a bundler says of them, by the host's own checks; null: it is nothing that this could be. */
export const checkMissing = (told: unknown): MissingGlobal[] | null => {
  if (!Array.isArray(told) || told.length > NAMED_MAX) return null;
  const found = told.map((one: unknown) => {
    const { name, at, refused } = (isObject(one) ? one : {}) as { name?: unknown; at?: unknown; refused?: unknown };
    const known = typeof name === 'string' && Object.hasOwn(INSTEAD, name) && typeof at === 'string';
    return known ? missingGlobal(name, printable(at.slice(0, AT_MAX)), refused === true) : null;
  });
  return found.every((one) => one !== null) ? found : null;
};

/** What is said of it. */
export const missingText = ({ name, at, instead }: Omit<MissingGlobal, 'refused'>): string =>
  `${at}: \`${name}\` does not exist here: ${instead}`;
