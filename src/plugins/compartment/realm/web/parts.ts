// The parts of the web's API in a realm: which globals each gives, and which it takes as free variables.

export interface Part {
  readonly gives: readonly string[];
  /** Globals that libraries in it name without asking `web`. */
  readonly takes: readonly string[];
}

const part = (gives: readonly string[], takes: readonly string[] = []): Part => ({ gives, takes });

export const PARTS = {
  core: part(['DOMException', 'performance', 'queueMicrotask']),
  console: part(['console']),
  base64: part(['atob', 'btoa']),
  encoding: part(['TextDecoder', 'TextEncoder']),
  url: part(['URL', 'URLSearchParams'], ['TextDecoder', 'TextEncoder']),
  'url-pattern': part(['URLPattern'], ['URL']),
  events: part(['AbortController', 'AbortSignal', 'CustomEvent', 'Event', 'EventTarget']),
  clone: part(['structuredClone']),
  blob: part(['Blob']),
  headers: part(['Headers']),
  crypto: part(['crypto']),
  idna: part([]),
  'multi-byte': part([]),
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** The globals that the parts give, in alphabetical order. */
export const WEB_GLOBALS: readonly string[] = PART_NAMES.flatMap((name): readonly string[] => PARTS[name].gives).sort();
