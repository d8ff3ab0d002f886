// The registry in PostgreSQL: the same as in a file (../registry.ts), in the database of the store. What it says of
// plugins is kept in memory as well, for one host has the database, and is told at once; what changes it is written
// first. Writes go out in the order in which they are asked for, each one transaction, and over a lost connection once
// more.

import { GraftError } from '../../../plugins/index.ts';
import type { PluginPackage } from '../../../plugins/package/index.ts';
import {
  type AbortRecord,
  graftsOf,
  type Installed,
  type KeptGraft,
  type KeptPlugin,
  type MissingGuard,
  type Registry,
  type Removal,
} from '../../registry.ts';
import { ABORTS_MAX, ABORTS_PRUNE, REMOVED_MAX, RETRY_MS, RETRY_MS_MAX } from '../bounds.ts';
import type { SqlValue } from '../dialect.ts';
import { type FreshAbort, type GraftRow, keptPlugins, type PluginRow, packageIn } from '../registry-rows.ts';
import type { Database } from './database.ts';
import { asSeen, isCut } from './errors.ts';
import { ABORT, GRAFT, MISSING, PLUGIN } from './own-tables.ts';
import type { Wire } from './wire.ts';

type RegistryStatement = readonly [sql: string, ...values: SqlValue[]];
type StoredAbort = Omit<AbortRecord, 'id' | 'undone'> & { readonly id: string; readonly undone: string };

const SAVE = `INSERT INTO ${PLUGIN} (name, version, digest, installer, installed_at, package) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, digest = excluded.digest,
  installer = excluded.installer, installed_at = excluded.installed_at, package = excluded.package, removed = NULL`;
const ADD = `INSERT INTO ${GRAFT} (plugin, point, export) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`;
const GRAFT_REMOVED = `UPDATE ${GRAFT} SET removed = ? WHERE plugin = ? AND point = ? AND export = ?`;
const RECORD = `INSERT INTO ${ABORT} (at, point, graft, reason, detail, source, undone, removed)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const PRUNE = `DELETE FROM ${ABORT} WHERE id <= (SELECT max(id) FROM ${ABORT}) - ?`;

const replaceMissing = (guards: readonly MissingGuard[]): RegistryStatement[] => [
  [`DELETE FROM ${MISSING}`],
  ...guards.map(
    ({ point, graft, reason }): RegistryStatement => [
      `INSERT INTO ${MISSING} (point, graft, reason) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
      point,
      graft,
      reason,
    ],
  ),
];

/** Opens the registry of a claimed database. */
export const openRegistry = async (database: Database, report: (error: GraftError) => void): Promise<Registry> => {
  const [plugins, grafts, missing] = await Promise.all([
    database.ask<PluginRow>(
      `SELECT name, version, installer, installed_at, package, removed FROM ${PLUGIN} ORDER BY seq`,
    ),
    database.ask<GraftRow>(`SELECT plugin, point, export, removed FROM ${GRAFT} ORDER BY seq`),
    database.ask<MissingGuard>(`SELECT point, graft, reason FROM ${MISSING}`),
  ]);
  return new PostgresRegistry(database, report, plugins, grafts, missing);
};

class PostgresRegistry implements Registry {
  readonly #database: Database;
  readonly #report: (error: GraftError) => void;
  #wire: Wire | null = null;
  readonly #plugins: Map<string, PluginRow>;
  #grafts: readonly GraftRow[];
  readonly #missing: readonly MissingGuard[];
  /** What happened by itself and is not written yet. */
  #waiting: RegistryStatement[] = [];
  #records = 0;
  #unpruned = ABORTS_PRUNE;
  /** The last write. */
  #last: Promise<void> = Promise.resolve();
  #isFlushing = false;
  #retry_ms = RETRY_MS;
  #timer: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  constructor(
    database: Database,
    report: (error: GraftError) => void,
    plugins: readonly PluginRow[],
    grafts: readonly GraftRow[],
    missing: readonly MissingGuard[],
  ) {
    this.#database = database;
    this.#report = report;
    this.#plugins = new Map(plugins.map((row) => [row.name, row]));
    this.#grafts = grafts;
    this.#missing = missing;
  }

  plugins(without: readonly string[] = []): readonly KeptPlugin[] {
    const rows = [...this.#plugins.values()].filter(({ name }) => !without.includes(name));
    return keptPlugins(rows, this.#grafts);
  }

  plugin(name: string): KeptPlugin | null {
    const row = this.#plugins.get(name);
    const grafts = this.#grafts.filter(({ plugin }) => plugin === name);
    return row === undefined ? null : (keptPlugins([row], grafts)[0] ?? null);
  }

  packageOf(name: string): PluginPackage {
    const row = this.#plugins.get(name);
    if (row === undefined) throw new GraftError('GRAFT_UNKNOWN_PLUGIN', name.slice(0, 200));
    return packageIn(row.package, name);
  }

  /** Those at the start. */
  missing(): readonly MissingGuard[] {
    return this.#missing;
  }

  async install(pkg: PluginPackage, installed: Installed, missing: readonly MissingGuard[]): Promise<void> {
    const { name, version, digest } = pkg;
    const text = JSON.stringify(pkg);
    const grafts = graftsOf(pkg).map((graft): GraftRow => ({ ...graft, plugin: name, removed: null }));
    await this.#write([
      [SAVE, name, version, digest, installed.by, installed.at, text],
      [`DELETE FROM ${GRAFT} WHERE plugin = ?`, name],
      ...grafts.map((graft): RegistryStatement => [ADD, name, graft.point, graft.export]),
      ...replaceMissing(missing),
    ]);
    const row = { name, version, installer: installed.by, installed_at: installed.at, package: text, removed: null };
    this.#plugins.set(name, row);
    this.#grafts = [...this.#grafts.filter(({ plugin }) => plugin !== name), ...grafts];
  }

  async remove(name: string, removal: Removal, missing: readonly MissingGuard[]): Promise<void> {
    const removed = JSON.stringify(removal);
    const gone = this.#tooMany(name);
    await this.#write([
      [`UPDATE ${PLUGIN} SET removed = ? WHERE name = ?`, removed, name],
      [`DELETE FROM ${PLUGIN} WHERE name = ANY(?)`, gone],
      [`DELETE FROM ${GRAFT} WHERE plugin = ANY(?)`, gone],
      ...replaceMissing(missing),
    ]);
    const row = this.#plugins.get(name);
    if (row !== undefined) this.#plugins.set(name, { ...row, removed });
    for (const one of gone) this.#plugins.delete(one);
    this.#grafts = this.#grafts.filter(({ plugin }) => !gone.includes(plugin));
  }

  /** Removed plugins that are kept no longer once `name` is removed too, the oldest. */
  #tooMany(name: string): string[] {
    const removed = this.plugins().filter((one) => one.removed !== null && one.name !== name);
    const oldest = removed.toSorted((a, b) => ((a.removed?.at ?? '') < (b.removed?.at ?? '') ? -1 : 1));
    return oldest.slice(0, Math.max(0, removed.length + 1 - REMOVED_MAX)).map((one) => one.name);
  }

  saveMissing(guards: readonly MissingGuard[]): void {
    this.#later(...replaceMissing(guards));
    this.#flush();
  }

  graftRemoved(plugin: string, { point, export: name, removed }: KeptGraft, missing: readonly MissingGuard[]): void {
    if (this.#closing !== null) return;
    const text = JSON.stringify(removed);
    this.#later([GRAFT_REMOVED, text, plugin, point, name], ...replaceMissing(missing));
    this.#grafts = this.#grafts.map((row) =>
      row.plugin === plugin && row.point === point && row.export === name ? { ...row, removed: text } : row,
    );
    this.#flush();
  }

  recordAbort({ at, point, graft, reason, detail, source, undone, removed }: FreshAbort): void {
    // A storm while nothing can be written: the first are kept.
    if (this.#closing !== null || this.#records >= ABORTS_MAX) return;
    const texts = [at, point, graft, reason, detail, source, JSON.stringify(undone)].map((text) =>
      text.replaceAll('\0', '\u{fffd}'),
    );
    this.#later([RECORD, ...texts, removed]);
    if (++this.#records === 1) setImmediate(() => this.#flush());
    if (++this.#unpruned < ABORTS_PRUNE) return;
    this.#unpruned = 0;
    this.#later([PRUNE, ABORTS_MAX]);
  }

  async aborts({
    limit,
    before = Number.MAX_SAFE_INTEGER,
  }: {
    limit: number;
    before?: number;
  }): Promise<AbortRecord[]> {
    if (this.#closing !== null) throw new GraftError('GRAFT_CLOSED', 'the registry is closed');
    this.#flush();
    await this.#last;
    const sql = `SELECT * FROM ${ABORT} WHERE id < ? ORDER BY id DESC LIMIT ?`;
    const rows = await this.#database.ask<StoredAbort>(sql, before, limit).catch((error: unknown) => {
      throw asSeen(error);
    });
    return rows.map((row) => ({ ...row, id: Number(row.id), undone: JSON.parse(row.undone) }));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#flush(true);
    await this.#last;
    await this.#wire?.close();
  }

  #later(...statements: RegistryStatement[]): void {
    this.#waiting.push(...statements);
  }

  /** Writes what waits, and this, in one transaction. Throws GRAFT_STORE, and nothing has changed. */
  #write(statements: readonly RegistryStatement[]): Promise<void> {
    if (this.#closing !== null) return Promise.reject(new GraftError('GRAFT_CLOSED', 'the registry is closed'));
    const write = this.#last.then(async () => {
      const waited = [...this.#waiting];
      const records = this.#records;
      await this.#transaction([...waited, ...statements]);
      this.#written(waited, records);
    });
    this.#last = write.catch(() => {});
    return write;
  }

  /** What has waited is written, the first of what waits now. */
  #written(waited: readonly RegistryStatement[], records: number): void {
    this.#waiting = this.#waiting.slice(waited.length);
    this.#records -= records;
    this.#retry_ms = RETRY_MS;
  }

  #flush(isLast = false): void {
    if (this.#isFlushing || (this.#closing !== null && !isLast)) return;
    this.#isFlushing = true;
    this.#last = this.#last.then(async () => {
      this.#isFlushing = false;
      const waited = [...this.#waiting];
      const records = this.#records;
      if (waited.length === 0) return;
      try {
        await this.#transaction(waited);
        this.#written(waited, records);
      } catch (cause) {
        this.#report(
          new GraftError('GRAFT_STORE', 'registry: removals and records of aborts are not written yet', { cause }),
        );
        this.#again();
      }
    });
  }

  #again(): void {
    if (this.#timer !== null || this.#closing !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#flush();
    }, this.#retry_ms).unref();
    this.#retry_ms = Math.min(this.#retry_ms * 2, RETRY_MS_MAX);
  }

  async #transaction(statements: readonly RegistryStatement[]): Promise<void> {
    try {
      await this.#send(statements).catch((error: unknown) => {
        // It may have been carried out. Said once more it comes to the same, but for records that are there twice.
        if (!isCut(error)) throw error;
        return this.#send(statements);
      });
    } catch (error) {
      throw asSeen(error);
    }
  }

  async #send(statements: readonly RegistryStatement[]): Promise<void> {
    if (this.#wire === null || this.#wire.isCut) this.#wire = this.#database.open();
    const wire = this.#wire;
    wire.tell('BEGIN');
    const answers = Promise.all(statements.map(([sql, ...values]) => wire.ask(sql, ...values)));
    answers.catch(() => {});
    const { command } = await wire.run('COMMIT', []);
    await answers;
    if (command !== 'COMMIT') throw new GraftError('GRAFT_STORE', 'the database has taken the transaction back');
  }
}
