// The manifest of a plugin, the `graftwork` field of its package.json: where its grafts stand, what they need, what
// they may use up.
//
//   {
//     "api": 1,
//     "grafts": [{ "point": "shop/price", "export": "price", "order": 100 }],
//     "needs": ["stock"],
//     "limits": { "own_ms": 50 }
//   }
//
// Unknown keys are refused everywhere, so that a misspelt limit is an error and not a limit that never holds. The
// functions here take plain data (see plain.ts), throw GRAFT_BAD_MANIFEST with the path of what is wrong, and import
// nothing of Node.

import { GraftError } from '../errors.ts';
import { LIMIT_NAMES, type Limits } from '../limits.ts';
import { shown as told } from '../shown.ts';
import { printable, shown } from './path.ts';

/** One row of `grafts`: the export of the plugin's module that stands at a graft point. Lower `order` comes first. */
export interface ManifestGraft {
  readonly point: string;
  readonly export: string;
  readonly order: number;
}

/** A manifest with its defaults filled in, frozen. */
export interface Manifest {
  readonly api: 1;
  readonly grafts: readonly ManifestGraft[];
  readonly needs: readonly string[];
  readonly limits: Readonly<Partial<Limits>>;
}

const GRAFTS_MAX = 64;
const NEEDS_MAX = 64;
const POINT_CHARACTERS = 200;
const IDENTIFIER_CHARACTERS = 100;
const NAME_CHARACTERS = 214;
const VERSION_CHARACTERS = 64;
const DESCRIPTION_CHARACTERS = 300;
const ORDER_DEFAULT = 100;

const POINT = /^[a-z0-9\-_.]+(\/[a-z0-9\-_.]+)*$/;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
/**
 * The rules of npm for new names: lower case, safe in a URL, no dot or underscore in front. No dash either: a command
 * would take the name for an option.
 */
const NAME_PART = /^[a-z0-9][a-z0-9\-._]*$/;
const RESERVED_NAME = /^(node_modules|favicon\.ico|constructor|prototype|(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?)$/;
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9a-zA-Z.-]+)?(\+[0-9a-zA-Z.-]+)?$/;

const bad = (path: string, why: string): GraftError => new GraftError('GRAFT_BAD_MANIFEST', `${path}: ${why}`);

const wrong = (path: string, expected: string, got: unknown): GraftError =>
  bad(path, `must be ${expected}, not ${got === undefined ? 'missing' : printable(told(got))}`);

type Fields = Record<string, unknown>;

/** The keys of a plain object, all of which must be among `allowed`. */
function fields(path: string, value: unknown, allowed: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value);
  for (const key of Object.keys(value)) {
    if (!allowed.includes(key)) throw bad(`${path}.${shown(key)}`, `unknown; the keys are ${allowed.join(', ')}`);
  }
  return value as Fields;
}

function list(path: string, value: unknown, length_max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, 'an array', value);
  if (value.length > length_max) throw wrong(path, `a list of at most ${length_max} entries`, value);
  return value;
}

const isIdentifier = (text: string): boolean =>
  text.length <= IDENTIFIER_CHARACTERS && IDENTIFIER.test(text) && !FORBIDDEN.has(text);

function checkGraft(path: string, value: unknown): ManifestGraft {
  const { point, export: name, order = ORDER_DEFAULT } = fields(path, value, ['point', 'export', 'order']);
  if (typeof point !== 'string' || point.length > POINT_CHARACTERS || !POINT.test(point)) {
    const expected = `segments of a-z, 0-9, - _ . joined by /, at most ${POINT_CHARACTERS} characters`;
    throw wrong(`${path}.point`, expected, point);
  }
  if (typeof name !== 'string' || !isIdentifier(name)) throw wrong(`${path}.export`, 'the name of an export', name);
  if (typeof order !== 'number' || !Number.isFinite(order)) throw wrong(`${path}.order`, 'a number', order);
  return Object.freeze({ point, export: name, order });
}

function checkGrafts(path: string, value: unknown): readonly ManifestGraft[] {
  const grafts = list(path, value, GRAFTS_MAX).map((row, i) => checkGraft(`${path}[${i}]`, row));
  const seen = new Set<string>();
  for (const [i, graft] of grafts.entries()) {
    const key = `${graft.point} ${graft.export}`;
    if (seen.has(key)) throw bad(`${path}[${i}]`, `${graft.export} stands at ${graft.point} already`);
    seen.add(key);
  }
  return Object.freeze(grafts);
}

function checkNeed(path: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= POINT_CHARACTERS && value.split('.').every(isIdentifier))
    return value;
  throw wrong(path, `identifiers joined by dots, at most ${POINT_CHARACTERS} characters`, value);
}

function checkLimits(path: string, value: unknown): Readonly<Partial<Limits>> {
  const given = fields(path, value, LIMIT_NAMES);
  const limits: { -readonly [name in keyof Limits]?: number } = {};
  for (const name of LIMIT_NAMES) {
    if (!Object.hasOwn(given, name)) continue;
    const limit = given[name];
    if (typeof limit !== 'number' || !Number.isFinite(limit) || limit <= 0)
      throw wrong(`${path}.${name}`, 'a number above 0', limit);
    limits[name] = limit;
  }
  return Object.freeze(limits);
}

/**
 * A manifest from plain data, checked, with its defaults. Throws GRAFT_BAD_MANIFEST with the path of the first fault.
 */
export function checkManifest(value: unknown): Manifest {
  const { api, grafts, needs = [], limits = {} } = fields('graftwork', value, ['api', 'grafts', 'needs', 'limits']);
  if (api !== 1) throw wrong('graftwork.api', '1', api);
  return Object.freeze({
    api,
    grafts: checkGrafts('graftwork.grafts', grafts),
    needs: Object.freeze(
      list('graftwork.needs', needs, NEEDS_MAX).map((need, i) => checkNeed(`graftwork.needs[${i}]`, need)),
    ),
    limits: checkLimits('graftwork.limits', limits),
  });
}

/** A plugin's name: the rules of npm, scoped or not, and nothing that means something else as a key or a file. */
export function checkName(value: unknown): string {
  const parts =
    typeof value === 'string' && value.length <= NAME_CHARACTERS ? value.replace(/^@(?=[^/]+\/)/, '').split('/') : [];
  const isScoped = String(value).startsWith('@');
  if (parts.length === (isScoped ? 2 : 1) && parts.every((part) => NAME_PART.test(part) && !RESERVED_NAME.test(part)))
    return value as string;
  throw wrong('name', `a package name of npm, at most ${NAME_CHARACTERS} characters`, value);
}

/** A plugin's version, as semver writes it. */
export function checkVersion(value: unknown): string {
  if (typeof value === 'string' && value.length <= VERSION_CHARACTERS && VERSION.test(value)) return value;
  throw wrong('version', `a version like 1.2.3, at most ${VERSION_CHARACTERS} characters`, value);
}

/** What a package says of itself in a sentence, printable and cut at 300 characters; empty where it says nothing. */
export const descriptionOf = (value: unknown): string =>
  typeof value === 'string' ? printable(value.slice(0, DESCRIPTION_CHARACTERS)) : '';

/** The one text of a manifest: same manifest, same text, whatever the order of keys it was written in. */
export function canonicalManifest({ api, grafts, needs, limits }: Manifest): string {
  const ordered = LIMIT_NAMES.filter((name) => Object.hasOwn(limits, name)).map((name) => [name, limits[name]]);
  return JSON.stringify([api, grafts.map((graft) => [graft.point, graft.export, graft.order]), needs, ordered]);
}
