// Hostile statements: generated ones, and those of a corpus that lies beside the project. No answer and no error has a
// canary in it, and everything is as it was. Statements of the same grammar, run without any wall, do betray canaries.

import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readCorpus } from '../../hostile/entry.ts';
import { DATABASES, POSTGRES } from '../../support/databases.ts';
import { Random } from '../../support/random.ts';
import { CANARY, GRANTS, ITEMS, SqlWorld } from './fixture.ts';
import { type Dialect, hostileStatement, isBetrayal, POSTGRES_HOSTILE, SQLITE_HOSTILE } from './hostile-statements.ts';

const SEED = 20_261_127;
const COUNT = 400;
const [sqlite] = DATABASES as [(typeof DATABASES)[0]];

const generated = (dialect: Dialect): string[] => {
  const random = new Random(SEED);
  return Array.from({ length: COUNT }, () => hostileStatement(random, dialect));
};

const KINDS = [
  { kind: sqlite, dialect: SQLITE_HOSTILE },
  { kind: POSTGRES, dialect: POSTGRES_HOSTILE },
];

for (const { kind, dialect } of KINDS)
  (kind.isThere ? test : test.skip)(
    `${kind.name}: ${COUNT} statements of seed ${SEED} betray nothing, and change nothing`,
    async () => {
      const world = await SqlWorld.open(kind);
      try {
        const plugin = await world.plugin();
        const before = await world.contents();
        const betrayed: string[] = [];
        let answered = 0;
        for (const text of generated(dialect)) {
          const [answer] = await plugin.ask([text]);
          if (typeof answer !== 'string') answered++;
          else expect([text, answer]).toEqual([text, expect.stringMatching(/^GRAFT_SQL: /)]);
          if (isBetrayal(JSON.stringify(answer))) betrayed.push(text);
        }
        expect(betrayed).toEqual([]);
        // Some read nothing but what is granted, or what they have made themselves.
        expect(answered).toBeLessThan(COUNT / 4);
        expect(await world.contents()).toBe(before);
        expect(existsSync('/tmp/graftwork-hostile.db') || existsSync('/tmp/graftwork-hostile')).toBe(false);
        expect(world.events.filter(({ what }) => what === 'host-fault')).toEqual([]);
      } finally {
        await world.close();
      }
    },
    120_000,
  );

test('without walls, statements of this grammar do betray', async () => {
  const { url, remove } = await sqlite.make();
  const file = url.slice('sqlite:'.length);
  const writer = new DatabaseSync(file);
  writer.exec(
    'CREATE TABLE item (id integer primary key, name, owner, price, made, facts, secret);' +
      'CREATE INDEX item_name ON item (name);' +
      'CREATE TABLE users (id integer primary key, name, password)',
  );
  for (const { id, name, owner, secret } of ITEMS)
    writer.prepare('INSERT INTO item VALUES (?, ?, ?, 1, 1, 1, ?)').run(id, name, owner, secret);
  writer.prepare('INSERT INTO users VALUES (1, ?, ?)').run(`${CANARY}-n`, `${CANARY}-p`);
  writer.close();
  const database = new DatabaseSync(file, { readOnly: true, limits: { length: 1_000_000 } });
  const betrayals = generated(SQLITE_HOSTILE).filter((text) => {
    try {
      return isBetrayal(JSON.stringify(database.prepare(text).all()));
    } catch {
      return false;
    }
  });
  expect(betrayals.length).toBeGreaterThan(COUNT / 8);
  database.close();
  await remove();
});

const CORPUS = fileURLToPath(new URL('../../../../shared/hostile/corpus.jsonl', import.meta.url));

(existsSync(CORPUS) ? test : test.skip)(
  'statements of the corpus beside the project (../shared/hostile, class sql) are contained',
  async () => {
    const world = await SqlWorld.open(sqlite);
    try {
      const before = await world.contents();
      const query = world.host.sql({ grants: GRANTS });
      const entries = readCorpus(CORPUS).filter((entry) => entry.class === 'sql');
      expect(entries.length).toBeGreaterThan(5);
      const ends: string[] = [];
      for (const { id, source, outcome } of entries) {
        const point = world.host.graftPoint<null, unknown>({
          name: `corpus/${id}`,
          kind: 'function',
          default: () => null,
          onFault: 'fail',
          limits: { own_ms: 1000, total_ms: 20_000 },
          callable: { query },
        });
        const graftwork = { api: 1, grafts: [{ point: `corpus/${id}`, export: 'attack' }], needs: ['query'] };
        const files = { 'index.js': `export const attack = ${source};` };
        await world.host.install({ manifest: { name: id, graftwork }, files });
        const end = await point.invoke(null);
        expect(isBetrayal(JSON.stringify(end))).toBe(false);
        if (outcome === 'aborted') ends.push(`${id} ${end.status} ${end.grafts[0]?.reason}`);
        else expect(['committed', 'failed']).toContain(end.status);
      }
      expect(ends.filter((end) => !/ failed (thrown|limit|invalid-answer)$/.test(end))).toEqual([]);
      expect(await world.contents()).toBe(before);
    } finally {
      await world.close();
    }
  },
);
