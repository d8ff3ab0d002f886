// The registry: the plugins of a host, in a file of its own. It keeps the installed plugins with their packages, and
// records of the newest aborts. It shares no transaction with the application's database: a record of an abort is
// written when the abort is over.
//
// All abort records of one turn of the event loop are written in one transaction, so a storm of aborts costs few
// writes.

import { GraftError } from '../../plugins/index.ts';
import type { AbortRecord, KeptPlugin, MissingGuard, Registry } from '../registry.ts';
import { ABORTS_MAX, ABORTS_PRUNE } from './bounds.ts';
import { asSeen, Connection } from './connection.ts';
import { type PreparedFile, prepareFile } from './open.ts';
import { REGISTRY_STEPS } from './own-tables.ts';

type Fresh = Omit<AbortRecord, 'id'>;

const SAVE = `INSERT INTO plugin (name, version, digest, installer, installed_at, package, removed)
  VALUES (?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ'), ?, ?)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, digest = excluded.digest, installer = excluded.installer,
  installed_at = excluded.installed_at, package = excluded.package, removed = excluded.removed`;
const RECORD =
  'INSERT INTO abort (at, point, graft, reason, detail, source, undone, removed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)';

interface PluginRow {
  readonly package: string;
  readonly installer: string;
  readonly removed: string;
}
type AbortRow = Omit<AbortRecord, 'undone' | 'removed'> & { readonly undone: string; readonly removed: number };

/** Opens the registry at `path`, and makes it if there is none. `report` hears of records that could not be kept. */
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
  #gathered: Fresh[] = [];
  #unpruned = ABORTS_PRUNE;
  #closing: Promise<void> | null = null;

  constructor(file: PreparedFile, report: (error: GraftError) => void) {
    this.#file = file;
    this.#connection = new Connection(file.database);
    this.#report = report;
  }

  /** The plugins, in the order of their first installation. */
  async plugins(): Promise<KeptPlugin[]> {
    const rows = this.#do(() =>
      this.#connection.all<PluginRow>('SELECT package, installer, removed FROM plugin ORDER BY seq'),
    );
    return rows.map((row) => ({
      package: JSON.parse(row.package),
      installer: row.installer,
      removed: JSON.parse(row.removed),
    }));
  }

  /** Adds a plugin, or replaces the one of its name. */
  async savePlugin({ package: pkg, installer, removed }: KeptPlugin): Promise<void> {
    const { name, version, digest } = pkg;
    this.#do(() =>
      this.#connection.run(SAVE, name, version, digest, installer, JSON.stringify(pkg), JSON.stringify(removed)),
    );
  }

  /** Records that a plugin's graft was removed, so that the next start does not bring it back. */
  graftRemoved(plugin: string, exported: string): void {
    if (this.#closing !== null) return;
    try {
      const row = this.#connection.get<{ removed: string }>('SELECT removed FROM plugin WHERE name = ?', plugin);
      if (row === undefined) return;
      const removed = new Set<string>(JSON.parse(row.removed)).add(exported);
      this.#connection.run('UPDATE plugin SET removed = ? WHERE name = ?', JSON.stringify([...removed]), plugin);
    } catch (cause) {
      this.#report(
        new GraftError('GRAFT_STORE', `registry: the removal of ${plugin} ${exported} was not kept`, { cause }),
      );
    }
  }

  async removePlugin(name: string): Promise<void> {
    this.#do(() => this.#connection.run('DELETE FROM plugin WHERE name = ?', name));
  }

  async missing(): Promise<MissingGuard[]> {
    return this.#do(() => this.#connection.all<MissingGuard>('SELECT point, graft, reason FROM missing'));
  }

  saveMissing(guards: readonly MissingGuard[]): void {
    if (this.#closing !== null) return;
    try {
      this.#connection.run('BEGIN IMMEDIATE');
      this.#connection.run('DELETE FROM missing');
      for (const { point, graft, reason } of guards)
        this.#connection.run('INSERT INTO missing (point, graft, reason) VALUES (?, ?, ?)', point, graft, reason);
      this.#connection.commit();
    } catch (cause) {
      if (this.#connection.inTransaction) this.#connection.run('ROLLBACK');
      this.#report(new GraftError('GRAFT_STORE', 'registry: which guards are missing was not kept', { cause }));
    }
  }

  /** Keeps a record; it is written within a turn of the event loop. */
  recordAbort(record: Fresh): void {
    if (this.#closing !== null) return;
    this.#gathered.push(record);
    if (this.#gathered.length === 1) setImmediate(() => this.#flush());
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

  #flush(): void {
    const records = this.#gathered;
    if (records.length === 0) return;
    this.#gathered = [];
    try {
      this.#connection.run('BEGIN IMMEDIATE');
      for (const record of records) this.#insert(record);
      this.#prune(records.length);
      this.#connection.commit();
    } catch (cause) {
      if (this.#connection.inTransaction) this.#connection.run('ROLLBACK');
      this.#report(
        new GraftError('GRAFT_STORE', `registry: ${records.length} records of aborts were not kept`, { cause }),
      );
    }
  }

  #insert({ at, point, graft, reason, detail, source, undone, removed }: Fresh): void {
    this.#connection.run(RECORD, at, point, graft, reason, detail, source, JSON.stringify(undone), Number(removed));
  }

  #prune(added: number): void {
    this.#unpruned += added;
    if (this.#unpruned < ABORTS_PRUNE) return;
    this.#connection.run('DELETE FROM abort WHERE id <= (SELECT max(id) FROM abort) - ?', ABORTS_MAX);
    this.#unpruned = 0;
  }
}
