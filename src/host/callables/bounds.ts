// Every bound of the host's ready-made callables. A call that exceeds one is doomed with `limit`; a single argument
// beyond its bound is a GRAFT_BAD_ARGUMENT.

/** Names of locks, handles and events, in UTF-16 units. */
export const NAME_MAX = 200;
/** The duration of one sleep. */
export const SLEEP_MS_MAX = 60_000;
/** Handles that one call has open at a time. */
export const HANDLES_MAX = 16;
/**
 * Events that one call emits, and how deep handlers of events may emit events in turn (calls by name count too): at
 * most 8 + 64 + 512.
 */
export const EMITS_MAX = 8;
export const EMIT_DEPTH_MAX = 3;
/** How far ahead a timer may lie; the least keeps a plugin that schedules itself again and again from being a loop. */
export const TIMER_MS_MIN = 100;
export const TIMER_MS_MAX = 2 ** 31 - 1;
/** After what time a timer fires again whose call was not kept, by no fault of the graft. */
export const TIMER_RETRY_MS = 60_000;
/** Headers of one response, and their bytes with the names. */
export const HEADERS_MAX = 32;
export const HEADER_BYTES_MAX = 8192;
