// The maps `exports` and `imports` of a package.json, as Node reads them (its documentation, "Resolution Algorithm
// Specification"), but for which conditions hold: those of a web runtime. What is only for Node is taken where there
// is nothing else.

export type ImportKind = 'import' | 'require';
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const WEB: readonly string[] = ['browser', 'module', 'module-sync', 'default'];
/** Conditions within conditions; real packages have three. */
const CONDITION_DEPTH = 8;

/** A target is excluded by null, and is undefined where no condition holds. */
type Target = string | null | undefined;
type Holds = (condition: string) => boolean;

const FORBIDDEN_SEGMENT = /(^|[\\/])(\.\.?|node_modules)([\\/]|$)/i;

/** A target that Node does not take excludes too. */
const checkTarget = (target: string, isPrivate: boolean): Target => {
  if (!target.startsWith('./')) return isPrivate && !/^(\.|\/)/.test(target) ? target : null;
  return FORBIDDEN_SEGMENT.test(target.slice(2)) ? null : target;
};

/** The first target of a list that is one, and of conditions the first that holds, in the order of the file. */
function pick(target: unknown, holds: Holds, isPrivate: boolean, depth = 0): Target {
  if (typeof target === 'string') return checkTarget(target, isPrivate);
  if (target === null || depth > CONDITION_DEPTH) return null;
  if (Array.isArray(target)) {
    let last: Target;
    for (const one of target) {
      last = pick(one, holds, isPrivate, depth + 1);
      if (typeof last === 'string') return last;
    }
    return last;
  }
  if (typeof target !== 'object') return null;
  for (const [condition, inner] of Object.entries(target)) {
    const picked = holds(condition) ? pick(inner, holds, isPrivate, depth + 1) : undefined;
    if (picked !== undefined) return picked;
  }
  return undefined;
}

function pickTarget(target: unknown, kind: ImportKind, isPrivate: boolean): string | null {
  const holds: Holds = (condition) => condition === kind || WEB.includes(condition);
  const found = pick(target, holds, isPrivate);
  if (found !== undefined) return found;
  return pick(target, (condition) => condition === 'node' || holds(condition), isPrivate) ?? null;
}

/** A key with one star: what stands before it, and behind it. */
interface Pattern {
  readonly key: string;
  readonly head: string;
  readonly tail: string;
}

interface MapKeys {
  /** Those that have a star, the best first: what stands before the star is longest, then all of it. */
  readonly patterns: readonly Pattern[];
  /** Whether any begins with a dot: then they are paths, else conditions. */
  readonly arePaths: boolean;
}

const keysOf = new WeakMap<Json, MapKeys>();

const patternOf = (key: string): Pattern => {
  const star = key.indexOf('*');
  return { key, head: key.slice(0, star), tail: key.slice(star + 1) };
};

/** Looked for once: a hostile map has hundreds of thousands. */
function mapKeys(map: Json): MapKeys {
  let keys = keysOf.get(map);
  if (keys === undefined) {
    const all = Object.keys(map);
    const patterns = all.filter((key) => key.includes('*')).map(patternOf);
    patterns.sort((a, b) => b.head.length - a.head.length || b.key.length - a.key.length);
    keys = { patterns, arePaths: all.some((key) => key.startsWith('.')) };
    keysOf.set(map, keys);
  }
  return keys;
}

const matches = (key: string, { key: pattern, head, tail }: Pattern): boolean =>
  key.startsWith(head) && key !== head && (tail === '' || (key.endsWith(tail) && key.length >= pattern.length));

function mapped(map: Json, key: string, kind: ImportKind, isPrivate: boolean): string | null {
  if (Object.hasOwn(map, key) && !key.includes('*')) return pickTarget(map[key], kind, isPrivate);
  const pattern = mapKeys(map).patterns.find((one) => matches(key, one));
  if (pattern === undefined) return null;
  const rest = key.slice(pattern.head.length, key.length - pattern.tail.length);
  // What the star stands for must not lead elsewhere either.
  if (FORBIDDEN_SEGMENT.test(rest)) return null;
  return pickTarget(map[pattern.key], kind, isPrivate)?.replaceAll('*', () => rest) ?? null;
}

/** What `exports` says of `.` or `./sub`: a path that begins with `./`, or null. */
export function exportsTarget(exports: unknown, key: string, kind: ImportKind): string | null {
  if (isObject(exports) && mapKeys(exports).arePaths) return mapped(exports, key, kind, false);
  return key === '.' ? pickTarget(exports, kind, false) : null;
}

/** What `imports` says of `#name`: a path that begins with `./`, a bare import, or null. */
export const importsTarget = (imports: unknown, key: string, kind: ImportKind): string | null =>
  isObject(imports) ? mapped(imports, key, kind, true) : null;
