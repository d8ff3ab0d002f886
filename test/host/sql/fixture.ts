// A host over a database with tables of canaries, and a graft that runs what it is told by `api.sql`. What it may read
// is the table `item`: some columns, and rows of one owner. A second database has those columns and rows alone, under
// the same name, for whoever asks it directly what the answer is.

import { EntitySchema } from 'typeorm';
import { createHost, type Host, type HostEvent, type HostPoint, type SqlOptions } from '../../../src/host/index.ts';
import type { CallableTree } from '../../../src/plugins/index.ts';
import type { DatabaseKind } from '../../support/databases.ts';

/** What no answer and no error may have in it. */
export const CANARY = 'CANARY';

interface ItemRow {
  id: number;
  name: string;
  owner: string;
  price: number | null;
  made: string | null;
  facts: string | null;
  secret: string;
}

export const Item = new EntitySchema<ItemRow>({
  name: 'item',
  columns: {
    id: { type: 'integer', primary: true },
    name: { type: 'text' },
    owner: { type: 'text' },
    price: { type: 'double precision', nullable: true },
    made: { type: 'text', nullable: true },
    facts: { type: 'text', nullable: true },
    secret: { type: 'text', nullable: true },
  },
  indices: [{ name: 'item_name', columns: ['name'] }],
});

export const Users = new EntitySchema<{ id: number; name: string; password: string }>({
  name: 'users',
  columns: { id: { type: 'integer', primary: true }, name: { type: 'text' }, password: { type: 'text' } },
});

export const VISIBLE = ['id', 'name', 'price', 'made', 'facts'] as const;
const OWNERS = ['ann', 'bob'];
const FACTS = ['{"color":"red","sizes":[1,2,3]}', '{"color":"blue","sizes":[]}', null];

/** Rows of the table `item`; those of bob are canaries in every text. */
export const ITEMS: readonly ItemRow[] = Array.from({ length: 40 }, (_, i) => {
  const owner = OWNERS[i % 2] as string;
  const isHidden = owner === 'bob';
  return {
    id: i + 1,
    name: isHidden ? `${CANARY}-${i}` : `tëa ${'✓'.repeat(i % 3)}${i % 7}`,
    owner,
    price: i % 5 === 0 ? null : i * 1.25,
    made: isHidden ? CANARY : `2026-0${1 + (i % 9)}-15`,
    facts: isHidden ? `"${CANARY}"` : (FACTS[i % 3] ?? null),
    secret: `${CANARY}-secret-${i}`,
  };
});

const USERS = Array.from({ length: 5 }, (_, i) => ({
  id: i + 1,
  name: `${CANARY}-n${i}`,
  password: `${CANARY}-p${i}`,
}));

export const GRANTS: SqlOptions['grants'] = { item: { read: VISIBLE, where: { owner: 'ann' } } };

/** The statements of a call, each caught or not. */
interface Asked {
  readonly statements: readonly (readonly [text: string, parameters?: readonly unknown[]])[];
  readonly caught: boolean;
}

const CODE = `export const run = ({ statements, caught }, api) => statements.map(([text, parameters]) => {
  if (!caught) return api.sql(text, parameters ?? []);
  try { return api.sql(text, parameters ?? []); } catch (error) { return error.code + ': ' + error.message; }
});`;

export class SqlWorld {
  readonly host: Host;
  readonly url: string;
  readonly events: HostEvent[];
  readonly #remove: () => Promise<void>;
  #points = 0;

  static async open(kind: DatabaseKind): Promise<SqlWorld> {
    const { url, remove } = await kind.make();
    const events: HostEvent[] = [];
    const host = await createHost({ store: url, entities: [Item, Users], report: (event) => events.push(event) });
    const world = new SqlWorld(host, url, events, remove);
    await host.transaction(async (txn) => {
      await txn.entities.insert(Item, [...ITEMS]);
      await txn.entities.insert(Users, USERS);
    });
    return world;
  }

  private constructor(host: Host, url: string, events: HostEvent[], remove: () => Promise<void>) {
    this.host = host;
    this.url = url;
    this.events = events;
    this.#remove = remove;
  }

  /** Everything in the tables, as text. */
  async contents(): Promise<string> {
    const tables = await this.host.transaction(async (txn) => [
      await txn.entities.find(Item, { order: { id: 'ASC' } }),
      await txn.entities.find(Users, { order: { id: 'ASC' } }),
    ]);
    return JSON.stringify(tables);
  }

  /** A plugin of its own that runs statements as far as `options` go. */
  async plugin(options: Partial<SqlOptions> = {}, more: CallableTree = {}): Promise<SqlPlugin> {
    const name = `sql-${++this.#points}`;
    const point = this.host.graftPoint<Asked, unknown[]>({
      name: `test/${name}`,
      kind: 'function',
      default: () => [],
      onFault: 'fail',
      budget: Number.POSITIVE_INFINITY,
      limits: { own_ms: 5000, total_ms: 60_000 },
      callable: { sql: this.host.sql({ grants: GRANTS, ...options }), ...more },
    });
    const graftwork = { api: 1, grafts: [{ point: `test/${name}`, export: 'run' }], needs: ['sql'] };
    await this.host.install({ manifest: { name, graftwork }, files: { 'index.js': CODE } });
    return new SqlPlugin(point);
  }

  async close(): Promise<void> {
    await this.host.close();
    await this.#remove();
  }
}

export class SqlPlugin {
  readonly point: HostPoint<Asked, unknown[]>;

  constructor(point: HostPoint<Asked, unknown[]>) {
    this.point = point;
  }

  /** What statements answer; in place of an answer, `CODE: message` of an error. */
  async ask(...statements: Asked['statements']): Promise<unknown[]> {
    const outcome = await this.point.invoke({ statements, caught: true });
    if (outcome.status !== 'committed') throw new Error(JSON.stringify(outcome));
    return outcome.value;
  }

  /** How a call ends in which one statement is not caught, for whom. */
  async end(text: string, principal = ''): Promise<string> {
    const outcome = await this.point.invoke({ statements: [[text]], caught: false }, { principal });
    const { reason = '', detail = '' } = (outcome.grafts[0] ?? {}) as { reason?: string; detail?: string };
    return `${outcome.status} ${reason} ${detail}`.trim();
  }
}
