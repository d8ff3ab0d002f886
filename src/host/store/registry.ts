// The registry: the plugins of a host, in a file of its own. It keeps the plugins with their packages, removed ones
// too, and records of the newest aborts. It shares no transaction with the application's database: a record of an abort
// is written when the abort is over.
//
// What a caller asks for (install, remove) is one transaction, written before anything in memory changes, and refused
// where it fails. What happened by itself (removals, records of aborts) waits in a list: it is written in one
// transaction, removals at once and records once a turn of the event loop, so a storm of aborts costs few writes; what
// could not be written is reported, and tried again after a while and with every other write.

import { GraftError, unknownName } from '../../plugins/index.ts';
import type { PluginPackage } from '../../plugins/package/index.ts';
import {
  type AbortRecord,
  graftsOf,
  type Installed,
  type KeptGraft,
  type KeptPlugin,
  type MissingGuard,
  type Registry,
  type Removal,
} from '../registry.ts';
import { ABORTS_MAX, ABORTS_PRUNE, REMOVED_MAX, RETRY_MS, RETRY_MS_MAX } from './bounds.ts';
import { asSeen, Connection } from './connection.ts';
import { type PreparedFile, prepareFile } from './open.ts';
import { REGISTRY_STEPS } from './own-tables.ts';
import {
  type FreshAbort,
  type GraftRemoved,
  type GraftRow,
  keptPlugins,
  type PluginRow,
  packageIn,
} from './registry-rows.ts';

const SAVE = `INSERT INTO plugin (name, version, digest, installer, installed_at, package)
  VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, digest = excluded.digest, installer = excluded.installer,
  installed_at = excluded.installed_at, package = excluded.package, removed = '[]'`;
const RECORD =
  'INSERT INTO abort (at, point, graft, reason, detail, source, undone, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';
const OLDEST_REMOVED = `DELETE FROM plugin WHERE removed <> '[]' AND name NOT IN (SELECT name FROM plugin
  WHERE removed <> '[]' ORDER BY CASE WHEN json_valid(removed) THEN removed ->> '$.at' END DESC, seq DESC LIMIT ?)`;
const REMOVED = 'UPDATE graft SET removed = ? WHERE plugin = ? AND point = ? AND export = ?';

type AbortRow = Omit<AbortRecord, 'undone' | 'removed'> & { readonly undone: string; readonly removed: number };

/** Opens the registry at `path`, and makes it if there is none. `report` hears of what could not be written yet. */
export const openRegistry = async (
  path: string,
  options: { readonly report?: (error: GraftError) => void } = {},
): Promise<Registry> => {
  // Without FULL, a loss of power may lose the newest records, never the file; an end of the process loses nothing.
  return new RegistryFile(await prepareFile(path, REGISTRY_STEPS, 'NORMAL'), options.report ?? (() => {}));
};

class RegistryFile implements Registry {
  readonly #file: PreparedFile;
  readonly #connection: Connection;
  readonly #report: (error: GraftError) => void;
  #records: FreshAbort[] = [];
  #removed: GraftRemoved[] = [];
  /** What is to be kept of missing guards; null: that is kept already. */
  #missing: readonly MissingGuard[] | null = null;
  #unpruned = ABORTS_PRUNE;
  #retry_ms = RETRY_MS;
  #timer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(file: PreparedFile, report: (error: GraftError) => void) {
    this.#file = file;
    this.#connection = new Connection(file.database);
    this.#report = report;
  }

  plugins(without: readonly string[] = []): readonly KeptPlugin[] {
    return this.#kept('name NOT IN (SELECT value FROM json_each(?))', JSON.stringify(without));
  }

  plugin(name: string): KeptPlugin | null {
    return this.#kept('name = ?', name)[0] ?? null;
  }

  #kept(where: string, value: string): KeptPlugin[] {
    return this.#do(() => {
      const rows = this.#connection.all<PluginRow>(
        "SELECT name, version, installer, installed_at, package, nullif(removed, '[]') AS removed FROM plugin " +
          `WHERE ${where} ORDER BY seq`,
        value,
      );
      const grafts = this.#connection.all<GraftRow>(
        'SELECT plugin, point, export, removed FROM graft WHERE plugin IN (SELECT value FROM json_each(?)) ' +
          'ORDER BY rowid',
        JSON.stringify(rows.map(({ name }) => name)),
      );
      return keptPlugins(rows, grafts);
    });
  }

  packageOf(name: string): PluginPackage {
    return this.#do(() => {
      const row = this.#connection.get<{ package: string }>('SELECT package FROM plugin WHERE name = ?', name);
      if (row === undefined) {
        const names = this.#connection.all<{ name: string }>('SELECT name FROM plugin').map((one) => one.name);
        throw new GraftError('GRAFT_UNKNOWN_PLUGIN', unknownName('plugin', name, names));
      }
      return packageIn(row.package, name);
    });
  }

  install(pkg: PluginPackage, { by, at }: Installed, missing: readonly MissingGuard[]): void {
    const { name, version, digest } = pkg;
    this.#write(missing, () => {
      this.#connection.run(SAVE, name, version, digest, by, at, JSON.stringify(pkg));
      this.#connection.run('DELETE FROM graft WHERE plugin = ?', name);
      for (const graft of graftsOf(pkg))
        this.#connection.run(
          'INSERT OR IGNORE INTO graft (plugin, point, export) VALUES (?, ?, ?)',
          name,
          graft.point,
          graft.export,
        );
    });
  }

  remove(name: string, removal: Removal, missing: readonly MissingGuard[]): void {
    this.#write(missing, () => {
      this.#connection.run('UPDATE plugin SET removed = ? WHERE name = ?', JSON.stringify(removal), name);
      this.#connection.run(OLDEST_REMOVED, REMOVED_MAX);
      this.#connection.run('DELETE FROM graft WHERE plugin NOT IN (SELECT name FROM plugin)');
    });
  }

  saveMissing(guards: readonly MissingGuard[]): void {
    this.#write(guards, () => {});
  }

  missing(): readonly MissingGuard[] {
    return this.#do(() => this.#connection.all<MissingGuard>('SELECT point, graft, reason FROM missing'));
  }

  graftRemoved(plugin: string, graft: KeptGraft, missing: readonly MissingGuard[]): void {
    if (this.#closing !== null) return;
    this.#removed.push({ plugin, graft });
    this.#missing = missing;
    this.#flush();
  }

  recordAbort(record: FreshAbort): void {
    if (this.#closing !== null) return;
    this.#records.push(record);
    // A storm while nothing can be written: the newest are kept, as in the file.
    if (this.#records.length > ABORTS_MAX) this.#records.shift();
    if (this.#records.length === 1) setImmediate(() => this.#flush());
  }

  async aborts({
    limit,
    before = Number.MAX_SAFE_INTEGER,
  }: {
    readonly limit: number;
    readonly before?: number;
  }): Promise<AbortRecord[]> {
    this.#flush();
    const sql = 'SELECT * FROM abort WHERE id < ? ORDER BY id DESC LIMIT ?';
    const rows = this.#do(() => this.#connection.all<AbortRow>(sql, before, limit));
    return rows.map((row) => ({ ...row, undone: JSON.parse(row.undone), removed: row.removed !== 0 }));
  }

  close(): Promise<void> {
    if (this.#closing === null) {
      this.#flush();
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#file.close();
      this.#closing = Promise.resolve();
    }
    return this.#closing;
  }

  #do<T>(work: () => T): T {
    if (this.#closing !== null) throw new GraftError('GRAFT_CLOSED', 'the registry is closed');
    try {
      return work();
    } catch (error) {
      throw asSeen(error);
    }
  }

  /** Writes what waits, and `work`, in one transaction. Throws GRAFT_STORE, and nothing has changed. */
  #write(missing: readonly MissingGuard[], work: () => void): void {
    this.#do(() => {
      this.#transaction(missing, work);
      this.#written();
    });
  }

  #transaction(missing: readonly MissingGuard[] | null, work: () => void): void {
    try {
      this.#connection.run('BEGIN IMMEDIATE');
      for (const { plugin, graft } of this.#removed)
        this.#connection.run(REMOVED, JSON.stringify(graft.removed), plugin, graft.point, graft.export);
      for (const record of this.#records) this.#insert(record);
      this.#prune(this.#records.length);
      work();
      if (missing !== null) this.#replaceMissing(missing);
      this.#connection.commit();
    } catch (error) {
      if (this.#connection.inTransaction) this.#connection.run('ROLLBACK');
      throw error;
    }
  }

  #replaceMissing(guards: readonly MissingGuard[]): void {
    this.#connection.run('DELETE FROM missing');
    for (const { point, graft, reason } of guards)
      this.#connection.run('INSERT INTO missing (point, graft, reason) VALUES (?, ?, ?)', point, graft, reason);
  }

  /** Nothing waits any more. */
  #written(): void {
    this.#records = [];
    this.#removed = [];
    this.#missing = null;
    this.#retry_ms = RETRY_MS;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #flush(): void {
    if (this.#closing !== null) return;
    if (this.#records.length === 0 && this.#removed.length === 0 && this.#missing === null) return;
    try {
      this.#transaction(this.#missing, () => {});
      this.#written();
    } catch (cause) {
      const removed = this.#removed.map(({ plugin, graft }) => `${plugin}#${graft.export}`);
      const what = [
        ...(removed.length > 0 ? [`the removal of ${removed.join(', ')}`] : []),
        ...(this.#records.length > 0 ? [`${this.#records.length} records of aborts`] : []),
      ];
      this.#report(new GraftError('GRAFT_STORE', `registry: not written yet: ${what.join(', ')}`, { cause }));
      this.#again();
    }
  }

  #again(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, this.#retry_ms).unref();
    this.#retry_ms = Math.min(this.#retry_ms * 2, RETRY_MS_MAX);
  }

  #insert({ at, point, graft, reason, detail, source, undone, removed }: FreshAbort): void {
    this.#connection.run(RECORD, at, point, graft, reason, detail, source, JSON.stringify(undone), Number(removed));
  }

  #prune(added: number): void {
    this.#unpruned += added;
    if (this.#unpruned < ABORTS_PRUNE) return;
    this.#connection.run('DELETE FROM abort WHERE id <= (SELECT max(id) FROM abort) - ?', ABORTS_MAX);
    this.#unpruned = 0;
  }
}
