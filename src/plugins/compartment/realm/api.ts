// The `api` object of a call, or of all calls of a graft: everything that a graft may do to its host.
//
// It is frozen, with null-prototype namespaces built from dotted names (`stock.get` becomes `api.stock.get`). Each
// function checks its arguments, gives their JSON text to the bridge, which waits for the host's answer, and parses
// that. It works while the call runs that it was made for, and throws at any other time. Columns are typed arrays over
// memory shared with the host, made once.

import { PLAIN_BOUNDS, plainFault } from '../../plain.ts';
import { jsonText } from './json-text.ts';
import {
  charCodeAt,
  create,
  freeze,
  hasOwn,
  NativeError,
  NativeFloat64Array,
  NativeInt32Array,
  NativeTypeError,
  NativeUint8Array,
  parse,
  put,
  slice,
} from './natives.ts';
import type { Direct, RealmSetup } from './steps.ts';

/**
 * Sends the arguments of a host call out, JSON text or nothing, and waits. It answers a direct value, or a text whose
 * first unit is its status and the rest JSON.
 */
export type Bridge = (accessor: number, args?: string) => Direct | string;

/** Statuses of a bridge's answer: those of the protocol's ANSWER, and one for arguments that are too large to send. */
export const BRIDGE_VALUE = 0;
export const BRIDGE_ERROR = 1;
export const BRIDGE_TOO_LARGE = 2;

interface ApiHost {
  readonly bridge: Bridge;
  readonly isProxy: (value: object) => boolean;
  /** Whether the call that an api object was made for runs. */
  readonly isCurrent: (call: object) => boolean;
  /** Records that the running call was refused something for its size: it cannot end well any more. */
  readonly exceeded: (what: string) => void;
}

/** A namespace: its functions by name and index, and the namespaces in it. */
interface Level {
  readonly names: string[];
  readonly leaves: ((call: object) => unknown)[];
}

const hostError = (text: string): Error => {
  const { code, message } = parse(text) as { code: string; message: string };
  const error = new NativeError(message);
  put(error, 'code', code);
  return error;
};

/** The host's answer. A failure on the way is the host's own: the graft learns only that there was one. */
const ask = (bridge: Bridge, index: number, args: string, name: string): Direct | string => {
  try {
    return args === '' ? bridge(index) : bridge(index, args);
  } catch {
    throw new NativeError(`${name}: the host could not be reached`);
  }
};

const exceeded = (host: ApiHost, what: string): Error => {
  host.exceeded(what);
  return new NativeTypeError(what);
};

const argumentsText = (name: string, args: unknown[], host: ApiHost): string => {
  while (args.length > 0 && args[args.length - 1] === undefined) args.length--;
  if (args.length === 0) return '';
  const fault = plainFault(args, PLAIN_BOUNDS, host.isProxy);
  if (fault !== null) {
    const what = `${name}, arguments${fault.path}: ${fault.why}`;
    throw hasOwn(fault, 'beyond') ? exceeded(host, what) : new NativeTypeError(what);
  }
  return jsonText(args);
};

const accessorFunction =
  (host: ApiHost, call: object, name: string, index: number): ((...args: unknown[]) => unknown) =>
  (...args) => {
    if (!host.isCurrent(call)) throw new NativeError(`${name}: the call that this function was made for has ended`);
    const reply = ask(host.bridge, index, argumentsText(name, args, host), name);
    if (typeof reply !== 'string') return reply;
    const status = charCodeAt(reply, 0);
    if (status === BRIDGE_VALUE) return parse(slice(reply, 1));
    if (status === BRIDGE_ERROR) throw hostError(slice(reply, 1));
    throw exceeded(host, `${name}, arguments: more than ${PLAIN_BOUNDS.bytes} bytes`);
  };

type ColumnSetup = RealmSetup['grafts'][number]['columns'][number];

const columnView = ({ type }: ColumnSetup, memory: SharedArrayBuffer): object => {
  if (type === 'u8') return new NativeUint8Array(memory);
  return type === 'i32' ? new NativeInt32Array(memory) : new NativeFloat64Array(memory);
};

/** The columns of a graft by name. Made before plugin code runs. */
export function columnViews(columns: readonly ColumnSetup[], memory: readonly SharedArrayBuffer[]): object {
  const views = create(null) as Record<string, object>;
  columns.forEach((column, index) => {
    views[column.name] = columnView(column, memory[index] as SharedArrayBuffer);
  });
  return freeze(views);
}

const makeLevel = (level: Level, call: object): object => {
  const made = create(null) as Record<string, unknown>;
  for (let i = 0; i < level.names.length; i++) {
    const leaf = level.leaves[i] as (call: object) => unknown;
    made[level.names[i] as string] = leaf(call); // Without a prototype there is no setter in reach.
  }
  return freeze(made);
};

/** Makes api objects for a graft that may call `callable` and has `columns`. Runs before plugin code. */
export function apiMaker(callable: readonly string[], columns: object | null, host: ApiHost): (call: object) => object {
  const root: Level = { names: [], leaves: [] };
  const levels = create(null) as Record<string, Level>;
  const add = (path: string, leaf: (call: object) => unknown): void => {
    const dot = path.lastIndexOf('.');
    const parent = dot < 0 ? root : levelAt(path.slice(0, dot));
    const name = path.slice(dot + 1);
    if (name === '' || parent.names.includes(name))
      throw new NativeTypeError(`the accessor ${path} has no name of its own`);
    parent.names.push(name);
    parent.leaves.push(leaf);
  };
  const levelAt = (path: string): Level => {
    const known = levels[path];
    if (known !== undefined) return known;
    const level: Level = { names: [], leaves: [] };
    levels[path] = level;
    add(path, (call) => makeLevel(level, call));
    return level;
  };
  callable.forEach((name, index) => {
    add(name, (call) => accessorFunction(host, call, `api.${name}`, index));
  });
  if (columns !== null) add('columns', () => columns);
  return (call) => makeLevel(root, call);
}
