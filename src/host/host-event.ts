// What a host tells whoever listens: what no return value can say, and what other parts of an application follow as it
// happens.
//
//   const stop = host.on('abort', ({ graft, reason }) => count(graft, reason));
//   stop();
//
// The `report` of a host's options is such a listener too, there from the first moment on, of the kinds in REPORTED.
// Listeners are called when the code that an event comes from has run to its end, so what they do never lies inside a
// call of a graft.

import { type ConsoleLine, GraftError, isFunction, unknownName } from '../plugins/index.ts';
import type { AbortRecord, Removal } from './registry.ts';

/**
 * `log`: lines that a graft logged, at the end of its call. `console`: a line of a plugin's console, at once. `abort`:
 * the call of a graft was undone. `removal`: a plugin was removed, or one graft of it. Else a failure that no caller
 * waits for.
 */
export type HostEvent =
  | { readonly what: 'log'; readonly graft: string; readonly committed: boolean; readonly lines: readonly string[] }
  | ({
      readonly what: 'console';
      readonly plugin: string;
      /** `plugin#export`, and which call of it; null: the module itself, while it is evaluated. */
      readonly graft: string | null;
      readonly call: number | null;
    } & ConsoleLine)
  | ({ readonly what: 'abort' } & Omit<AbortRecord, 'id'>)
  | {
      readonly what: 'removal';
      readonly plugin: string;
      readonly version: string;
      /** `plugin#export`; null: the plugin with all of them. */
      readonly graft: string | null;
      readonly because: Removal;
    }
  | {
      readonly what: 'host-fault' | 'undo-failed' | 'effect-failed' | 'store-failed' | 'upgrade-undone';
      readonly name: string;
      readonly error: unknown;
    };

export type HostEventKind = HostEvent['what'];

/** Hears events of one kind, or of several. */
export type HostListener<Kind extends HostEventKind = HostEventKind> = (
  event: HostEvent & { readonly what: Kind },
) => unknown;

/** What nothing else tells: aborts and removals stand in outcomes and in the registry. */
export type ReportedEvent = Exclude<HostEvent, { readonly what: 'abort' | 'removal' }>;

const KINDS: Readonly<Record<HostEventKind, true>> = {
  log: true,
  console: true,
  abort: true,
  removal: true,
  'host-fault': true,
  'undo-failed': true,
  'effect-failed': true,
  'store-failed': true,
  'upgrade-undone': true,
};

const REPORTED = (Object.keys(KINDS) as HostEventKind[]).filter((kind) => kind !== 'abort' && kind !== 'removal');

const consoleText = ({ plugin, graft, call, level, text }: HostEvent & { what: 'console' }): string =>
  `[${graft ?? plugin}${call === null ? '' : ` ${call}`}] ${level}: ${JSON.stringify(text)}`;

export const toStandardError = (event: ReportedEvent): void => {
  if (event.what === 'log') for (const line of event.lines) console.error(`[${event.graft}] ${JSON.stringify(line)}`);
  else if (event.what === 'console') console.error(consoleText(event));
  else console.error(`graftwork: ${event.what}: ${event.name}:`, event.error);
};

export class HostEvents {
  readonly #listeners = new Map<HostEventKind, Set<HostListener>>();

  constructor(report: (event: ReportedEvent) => unknown) {
    for (const kind of REPORTED) this.on(kind, report as HostListener);
  }

  /** Calls `listener` at each event of a kind, until the function it gives is called. Throws GRAFT_BAD_OPTION. */
  on<Kind extends HostEventKind>(kind: Kind, listener: HostListener<Kind>): () => void {
    if (!Object.hasOwn(KINDS, kind))
      throw new GraftError('GRAFT_BAD_OPTION', `on: ${unknownName('event', kind, Object.keys(KINDS))}`);
    if (!isFunction(listener)) throw new GraftError('GRAFT_BAD_OPTION', `on: the listener of ${kind} is no function`);
    // Of its own, so that the same function may listen twice.
    const heard: HostListener = (event) => listener(event as HostEvent & { what: Kind });
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(heard));
    return () => void listeners.delete(heard);
  }

  readonly tell = (event: HostEvent): void => {
    const listeners = this.#listeners.get(event.what);
    if (listeners === undefined || listeners.size === 0) return;
    const heard = [...listeners];
    queueMicrotask(() => {
      for (const listener of heard) if (listeners.has(listener)) this.#call(listener, event);
    });
  };

  /** A listener that fails hurts nobody: that is a fault of the host's, told to the others. */
  #call(listener: HostListener, event: HostEvent): void {
    const failed = (error: unknown): void => {
      const fault: ReportedEvent = { what: 'host-fault', name: `a listener of ${event.what}`, error };
      if (event.what === 'host-fault') toStandardError(fault);
      else this.tell(fault);
    };
    try {
      const ended = listener(event);
      if (ended instanceof Promise) ended.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
