// What a host is made from, and what it tells of itself when there is nobody to tell.

import type { EntitySchema } from 'typeorm';
import type { CompartmentMaker, ProcessOptions } from '../plugins/compartment/index.ts';
import { checkOptions, isFunction, isObject, isString } from '../plugins/index.ts';
import type { Clock } from '../txn/index.ts';
import type { CommitStep } from './store/index.ts';

export interface HostOptions {
  /** `sqlite:PATH`, or `memory`: no database, state and messages are lost at the end. Default `sqlite:graftwork.db`. */
  readonly store?: string;
  /** File of the plugins and the abort records; omitted: kept in memory. */
  readonly registry?: string;
  /** The application's tables. */
  readonly entities?: readonly EntitySchema[];
  readonly processes?: ProcessOptions;
  /** Where plugins run; default: processes of their own. */
  readonly compartment?: CompartmentMaker;
  /**
   * Told what nobody else can be told: an accessor that failed, an undo that threw, lines that grafts logged. Default:
   * standard error.
   */
  readonly report?: (event: HostEvent) => void;
  /** For tests: told each step of a commit with the store. */
  readonly onStep?: (step: CommitStep) => void;
}

export type HostEvent =
  | { readonly what: 'log'; readonly graft: string; readonly committed: boolean; readonly lines: readonly string[] }
  | {
      readonly what: 'accessor-failed' | 'undo-failed' | 'effect-failed' | 'store-failed';
      readonly name: string;
      readonly error: unknown;
    };

const CHECKS = {
  store: isString,
  registry: isString,
  entities: Array.isArray,
  processes: isObject,
  compartment: isObject,
  report: isFunction,
  onStep: isFunction,
};

/** The machine's monotonic clock. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const toStandardError = (event: HostEvent): void => {
  if (event.what === 'log') for (const line of event.lines) console.error(`[${event.graft}] ${JSON.stringify(line)}`);
  else console.error(`graftwork: ${event.what}: ${event.name}:`, event.error);
};

export const DEFAULT_STORE = 'sqlite:graftwork.db';

/** Throws GRAFT_BAD_OPTION for options that are unknown or not allowed. */
export const checkHostOptions = (options: HostOptions): void => checkOptions(options, CHECKS, 'createHost');
