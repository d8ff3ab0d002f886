// What a measured graft finds under `api`: functions of a module of the user's, and for everything else that the plugin
// needs, a function that answers null.

import { pathToFileURL } from 'node:url';
import type { Callable, CallableTree } from 'graftwork/plugins';

/** Functions, and groups of them, by name; a `Callable` of a host's is taken as it is. */
interface Given {
  readonly [name: string]: ((...args: unknown[]) => unknown) | Callable | Given;
}

/** Ordinary functions under dotted names, for the floors, which have no host. */
export type Functions = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

export interface Offered {
  readonly tree: CallableTree;
  readonly functions: Functions;
}

const isAsync = (run: unknown): boolean => Object.prototype.toString.call(run) === '[object AsyncFunction]';

const asCallable = (value: Given[string]): Callable | null => {
  if (typeof value === 'function') return { waits: isAsync(value), run: (_caller, args) => value(...args) };
  return typeof value.run === 'function' ? (value as Callable) : null;
};

/**
 * The names among `needs` of single functions: a group is told apart by what the code does with it, since a manifest
 * may name either.
 */
export const functionsNeeded = (needs: readonly string[], code: string): string[] =>
  needs.flatMap((need) => {
    const last = need.split('.').at(-1) as string;
    const calls = code.matchAll(new RegExp(`\\b${last}\\s*\\??\\.\\s*([a-z]\\w*)\\s*\\(`, 'g'));
    const members = new Set([...calls].map(([, member]) => member as string));
    return members.size === 0 ? [need] : [...members].map((member) => `${need}.${member}`);
  });

type Branch = Record<string, Callable | Record<string, unknown>>;

/** Puts a callable under a dotted name, where neither it nor one on the way to it is there. Whether it did. */
const put = (tree: Branch, name: string, callable: Callable): boolean => {
  const [first, ...rest] = name.split('.') as [string, ...string[]];
  if (rest.length === 0) {
    if (tree[first] !== undefined) return false;
    tree[first] = callable;
    return true;
  }
  tree[first] ??= {};
  const group = tree[first];
  return asCallable(group as Given[string]) === null && put(group as Branch, rest.join('.'), callable);
};

const converted = (given: Given): Branch =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, asCallable(value) ?? converted(value as Given)]),
  );

const flat = (tree: Branch, prefix = ''): [string, Callable][] =>
  Object.entries(tree).flatMap(([name, value]) =>
    typeof value.run === 'function' ? [[prefix + name, value as Callable]] : flat(value as Branch, `${prefix}${name}.`),
  );

const isNeeded = (name: string, needs: readonly string[]): boolean =>
  needs.some((need) => name === need || name.startsWith(`${need}.`));

/**
 * What `needs` ask for, of the module `file` (its default export, or all of its exports), and nulls for the rest, which
 * `asked` hears of when they are called.
 */
export const offered = async (
  needs: readonly string[],
  code: string,
  file: string | null,
  asked: (name: string) => void,
): Promise<Offered> => {
  const module = file === null ? {} : ((await import(pathToFileURL(file).href)) as { readonly default?: Given });
  const all = converted((module.default ?? module) as Given);
  const tree: Branch = {};
  for (const [name, callable] of flat(all)) if (isNeeded(name, needs)) put(tree, name, callable);
  const open = needs.filter((need) => !flat(tree).some(([name]) => isNeeded(name, [need])));
  for (const name of functionsNeeded(open, code)) {
    const run = (): null => {
      asked(name);
      return null;
    };
    put(tree, name, { waits: false, run });
  }
  const functions = flat(tree).map(([name, { run }]): [string, Functions[string]] => [
    name,
    (...args) => run(null as never, args) ?? null,
  ]);
  return { tree: tree as CallableTree, functions: Object.fromEntries(functions) };
};
