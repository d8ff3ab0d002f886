// The options of a host.

import type { DataSource } from 'typeorm';
import type { CompartmentMaker, ProcessOptions } from '../plugins/compartment/index.ts';
import {
  A_BOOLEAN,
  A_FUNCTION,
  A_LIST,
  A_TEXT,
  AN_OBJECT,
  checkOptions,
  type Expected,
  GraftError,
  isString,
  type KeepersOptions,
  type OptionChecks,
  PLUGIN_KEPT,
} from '../plugins/index.ts';
import type { ReportedEvent } from './host-event.ts';
import { type EntityClass, isDataSource } from './store/index.ts';

export interface HostOptions {
  /**
   * `sqlite:PATH`; or `postgres://…`, which needs the package `pg`; or the application's own TypeORM DataSource, of the
   * type better-sqlite3 or postgres, which stays the application's; or `memory`: no database; state and messages are
   * lost at the end. Default `sqlite:graftwork.db`.
   */
  readonly store?: string | DataSource;
  /**
   * Takes a DataSource that has `synchronize` on. That drops columns which the entities do not name any more, with what
   * is in them: for development alone.
   */
  readonly maySynchronize?: boolean;
  /**
   * File of the plugins and the abort records; omitted: with PostgreSQL in the store, otherwise kept in memory.
   */
  readonly registry?: string;
  /**
   * The application's tables in a database that `store` names by a text: those that are missing are made, and none is
   * changed. Entities that change need migrations, and a DataSource.
   */
  readonly entities?: readonly EntityClass[];
  /** How processes of plugins are made and shared, and whether walls must stand around them. */
  readonly processes?: ProcessOptions;
  /** The kind of compartment that plugins run in; default: processes of their own. */
  readonly compartment?: CompartmentMaker;
  /**
   * Hears from the first moment on of all events but aborts and removals (`host.on`), so of what no return value can
   * say: an accessor that failed, an undo that threw, lines that grafts logged. Default: standard error.
   */
  readonly report?: (event: ReportedEvent) => unknown;
  /** What a plugin, and all plugins of one installer, may keep between calls. Defaults: PLUGIN_KEPT, INSTALLER_KEPT. */
  readonly kept?: KeepersOptions;
}

const CHECKS: OptionChecks = {
  store: [
    'a text (`sqlite:PATH`, `memory`) or a DataSource of TypeORM',
    (value) => isString(value) || isDataSource(value),
  ],
  maySynchronize: A_BOOLEAN,
  registry: A_TEXT,
  entities: A_LIST,
  processes: AN_OBJECT,
  compartment: AN_OBJECT,
  report: A_FUNCTION,
  kept: AN_OBJECT,
};

const KEPT_CHECKS: OptionChecks = { plugin: AN_OBJECT, installer: AN_OBJECT };
const UNITS: Expected = [
  'a whole number, not negative',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
];
const UNIT_CHECKS: OptionChecks = Object.fromEntries(Object.keys(PLUGIN_KEPT).map((name) => [name, UNITS]));

export const DEFAULT_STORE = 'sqlite:graftwork.db';

/** Throws GRAFT_BAD_OPTION for options that are unknown or not allowed. */
export const checkHostOptions = (options: HostOptions): void => {
  checkOptions(options, CHECKS, 'createHost');
  if (typeof options.store === 'object' && options.entities !== undefined)
    throw new GraftError('GRAFT_BAD_OPTION', 'createHost: the entities are those of the DataSource');
  const { kept = {} } = options;
  checkOptions(kept, KEPT_CHECKS, 'kept');
  for (const limits of [kept.plugin, kept.installer]) checkOptions(limits ?? {}, UNIT_CHECKS, 'kept');
};
