// What a plugin, and all plugins of one installer together, may keep in the host between calls, with its unit and its
// default. What one call may use is in limits.ts; heaps are bounded by memory_mb and by their number
// (compartment/heap-pool.ts).

export interface KeptLimits {
  /** Storage, state and messages: UTF-16 units of texts and keys, and VALUE_UNITS for every value. */
  readonly kept_bytes: number;
  /** Keys of storage and maps, elements of lists, cells. */
  readonly kept_entries: number;
  /** Messages that have not been sent. */
  readonly messages: number;
  /** Timers that have not fired. */
  readonly timers: number;
  /** Events that grafts have subscribed to. */
  readonly subscriptions: number;
  /** Handles that calls have open. */
  readonly handles: number;
}

export const KEPT_RESOURCES = ['kept_bytes', 'kept_entries', 'messages', 'timers', 'subscriptions', 'handles'] as const;
export const KEPT_BYTES = 0;
export const KEPT_ENTRIES = 1;
export const MESSAGES = 2;
export const TIMERS = 3;
export const SUBSCRIPTIONS = 4;
export const HANDLES = 5;

/** Of one plugin. */
export const PLUGIN_KEPT: KeptLimits = {
  kept_bytes: 32 * 2 ** 20,
  kept_entries: 50_000,
  messages: 1000,
  timers: 16,
  subscriptions: 64,
  handles: 256,
};

/** Of all plugins of one installer: four plugins that keep all they may; of what is small, sixteen. */
export const INSTALLER_KEPT: KeptLimits = {
  kept_bytes: 4 * PLUGIN_KEPT.kept_bytes,
  kept_entries: 4 * PLUGIN_KEPT.kept_entries,
  messages: 4 * PLUGIN_KEPT.messages,
  timers: 16 * PLUGIN_KEPT.timers,
  subscriptions: 16 * PLUGIN_KEPT.subscriptions,
  handles: 4 * PLUGIN_KEPT.handles,
};

/** What a value counts beside its text: about what it takes in memory. */
export const VALUE_UNITS = 16;

/** The units of plain data. */
export const unitsOf = (value: unknown): number => {
  if (typeof value === 'string') return VALUE_UNITS + value.length;
  if (typeof value !== 'object' || value === null) return VALUE_UNITS;
  let units = VALUE_UNITS;
  if (Array.isArray(value)) for (const part of value) units += unitsOf(part);
  else for (const [key, part] of Object.entries(value)) units += VALUE_UNITS + key.length + unitsOf(part);
  return units;
};
