// Every bound of a graft's call, with its unit and its default. The effective limit is the smaller of the point's and
// the manifest's.

/**
 * The limits of one call. Clocks are in milliseconds, memory in MB (2^20 bytes) of the graft's heap, the rest counts.
 */
export interface Limits {
  /**
   * The graft's own time: processor time for running, parsing, draining promises. Waiting does not count, for the host
   * or for a core. Default 50.
   */
  readonly own_ms: number;
  /** The whole call, waiting included; at an event point, each graft's. Its expiry is nobody's fault. Default 2,000. */
  readonly total_ms: number;
  /** The graft's heap, in 2^20 bytes. Default 32. */
  readonly memory_mb: number;
  /** Calls of accessors. Default 1,000. */
  readonly calls: number;
  /** Changes of state: sets, deletes, inserts, updates. Default 1,000. */
  readonly writes: number;
  /** Text that a graft may log, in UTF-16 units. Default 16,384. */
  readonly log_bytes: number;
  /**
   * What a graft may hand to accessors, all calls of them together, in UTF-16 units of its JSON text: it bounds what
   * one call can make its host keep. Kinds whose arguments do not cross as text (direct, ses, metered) count none.
   * Default 16,777,216.
   */
  readonly argument_bytes: number;
}

export const LIMIT_DEFAULTS: Limits = {
  own_ms: 50,
  total_ms: 2000,
  memory_mb: 32,
  calls: 1000,
  writes: 1000,
  log_bytes: 16_384,
  argument_bytes: 16 * 2 ** 20,
};

export const LIMIT_NAMES = Object.keys(LIMIT_DEFAULTS) as readonly (keyof Limits)[];

/** What an account of a call counts, in the order of its arrays. */
export const RESOURCES = ['calls', 'writes', 'log_bytes', 'argument_bytes'] as const;
export const CALLS = 0;
export const WRITES = 1;
export const LOG_BYTES = 2;
export const ARGUMENT_BYTES = 3;

/** The smaller of each. */
export const smaller = (a: Limits, b: Partial<Limits>): Limits => {
  const limits = { ...a };
  for (const name of LIMIT_NAMES) limits[name] = Math.min(a[name], b[name] ?? Number.POSITIVE_INFINITY);
  return limits;
};
