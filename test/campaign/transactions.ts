// Random transactions over one database: grafts that are honest, fail, lie and are killed, beside the host's own code,
// from several clients. Each reads some places and writes others, rows and maps, in a random order. What committed must
// be one history: the graph of who read and wrote what of whom has no circle, and a replay of the committed ones alone,
// in its order, reads the same and ends the same. Used by a test and by
// `npm run campaign -- transactions [--database sqlite|postgres] [--calls N] [--seed N]`.

import { EntitySchema } from 'typeorm';
import { createHost, type Host, type HostMap, type HostTransaction } from '../../src/host/index.ts';
import { DATABASES } from '../support/databases.ts';
import { Random } from '../support/random.ts';

/** What a place holds, in a map as a text: a number that comes of all that its writer has read, and who that was. */
interface Cell {
  readonly value: number;
  readonly by: number;
}

/** A place: a row, an entry of a map in memory, or of a stored map. */
type Place = `${'row' | 'memory' | 'stored'}:${number}`;

interface Job {
  readonly n: number;
  readonly reads: readonly Place[];
  readonly writes: readonly Place[];
  readonly how: 'well' | 'throws' | 'lies' | 'dies';
}

/** What a committed transaction says of itself, in its own transaction. */
interface Entry {
  readonly n: number;
  readonly reads: readonly (readonly [Place, Cell])[];
  readonly writes: readonly Place[];
}

export interface TransactionsResult {
  readonly database: string;
  readonly calls: number;
  readonly committed: number;
  readonly undone: number;
  /** Honest ones that were ended by nobody's fault, by reason. */
  readonly ended: Readonly<Record<string, number>>;
  /** What must not be; empty is right. */
  readonly violations: readonly string[];
  readonly seed: number;
}

const PLACES_EACH = 6;
const CLIENTS = 8;
const FIRST: Cell = { value: 1, by: 0 };

const Spot = new EntitySchema<{ id: number; value: number; by: number }>({
  name: 'Spot',
  tableName: 'spot',
  columns: { id: { type: 'integer', primary: true }, value: { type: 'integer' }, by: { type: 'integer' } } as never,
});
const Said = new EntitySchema<{ n: number; what: string }>({
  name: 'Said',
  tableName: 'said',
  columns: { n: { type: 'integer', primary: true }, what: { type: 'text' } } as never,
});

/** The value that the transaction `n` writes after it has read these. The plugin has the same text. */
const made = (n: number, cells: readonly Cell[]): number =>
  cells.reduce((sum, { value }) => (sum * 31 + value) % 1_000_003, n);

const PLUGIN = `
const made = (n, cells) => cells.reduce((sum, { value }) => (sum * 31 + value) % 1000003, n);
const read = (api, place) => {
  const [kind, id] = place.split(':');
  if (kind !== 'row') return JSON.parse(api[kind].get(id));
  const [{ value, by }] = api.spot.find({ where: { id: Number(id) } });
  return { value, by };
};
const write = (api, place, cell) => {
  const [kind, id] = place.split(':');
  if (kind === 'row') api.spot.update({ id: Number(id) }, cell);
  else api[kind].set(id, JSON.stringify(cell));
};
export const work = ({ n, reads, writes, how }, api) => {
  const seen = reads.map((place) => [place, read(api, place)]);
  const cell = { value: made(n, seen.map(([, one]) => one)), by: n };
  for (const place of writes) write(api, place, cell);
  api.said.insert({ n, what: JSON.stringify({ n, reads: seen, writes }) });
  api.mail({ n });
  if (how === 'throws') throw new Error('on purpose');
  if (how === 'dies') api.die();
  return how === 'lies' ? { not: 'a number' } : n;
};`;

/** A process takes a while to start, so few are killed. */
const WICKED = ['throws', 'throws', 'throws', 'throws', 'lies', 'lies', 'lies', 'lies', 'dies'] as const;

const placesOf = (): Place[] =>
  (['row', 'memory', 'stored'] as const).flatMap((kind) =>
    Array.from({ length: PLACES_EACH }, (_, id): Place => `${kind}:${id}`),
  );

/** A host whose places are all as at the first start. */
class World {
  readonly host: Host;
  readonly memory: HostMap<string>;
  readonly stored: HostMap<string>;
  readonly sent = new Set<number>();
  readonly #mail: ReturnType<Host['channel']>;
  readonly #random: Random;

  constructor(host: Host, random: Random) {
    this.host = host;
    this.#random = random;
    this.memory = host.map('memory');
    this.stored = host.map('stored', { stored: true });
    this.#mail = host.channel('mail', (_id, payload) => void this.sent.add((payload as { n: number }).n));
    const all = { read: 'all', write: 'all', insert: true } as const;
    for (const name of ['honest', 'wicked'])
      host.graftPoint({
        name: `work/${name}`,
        kind: 'function',
        default: () => -1,
        check: (answer) => typeof answer === 'number',
        budget: 1_000_000,
        limits: { own_ms: 1000, total_ms: 20_000 },
        callable: {
          spot: host.table('spot').callables(all),
          said: host.table('said').callables(all),
          memory: this.memory.writable(),
          stored: this.stored.writable(),
          mail: this.#mail.callable,
          die: { waits: false, run: () => this.#kill() },
        },
      });
  }

  #kill(): null {
    const pids = this.host.pids();
    try {
      if (pids.length > 0) process.kill(this.#random.pick(pids), 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
    return null;
  }

  async begin(): Promise<void> {
    const { host } = this;
    await host.restore();
    await host.transaction(async (txn) => {
      for (const place of placesOf()) await this.#write(txn, place, FIRST, true);
    });
    for (const name of ['honest', 'wicked']) {
      const needs = ['spot', 'said', 'memory', 'stored', 'mail', 'die'];
      const graftwork = { api: 1, grafts: [{ point: `work/${name}`, export: 'work' }], needs };
      await host.install({ manifest: { name, graftwork }, files: { 'index.js': PLUGIN } });
    }
  }

  async #read(txn: HostTransaction, place: Place): Promise<Cell> {
    const [kind, id] = place.split(':') as ['row' | 'memory' | 'stored', string];
    if (kind !== 'row') return JSON.parse((await this[kind].in(txn).get(id)) as string) as Cell;
    const [row] = await this.host
      .table('spot')
      .in(txn)
      .find({ where: { id: Number(id) } });
    return { value: row?.value as number, by: row?.by as number };
  }

  async #write(txn: HostTransaction, place: Place, cell: Cell, isNew = false): Promise<void> {
    const [kind, id] = place.split(':') as ['row' | 'memory' | 'stored', string];
    const spots = this.host.table('spot').in(txn);
    if (kind !== 'row') await this[kind].in(txn).set(id, JSON.stringify(cell));
    else if (isNew) await spots.insert({ id: Number(id), ...cell });
    else await spots.update({ id: Number(id) }, { ...cell });
  }

  /** The same as a graft does, by the host's own code. */
  own({ n, reads, writes, how }: Job): Promise<void> {
    return this.host.transaction(async (txn) => {
      const seen: [Place, Cell][] = [];
      for (const place of reads) seen.push([place, await this.#read(txn, place)]);
      const cells = seen.map(([, cell]) => cell);
      for (const place of writes) await this.#write(txn, place, { value: made(n, cells), by: n });
      await txn.entities.insert(Said, { n, what: JSON.stringify({ n, reads: seen, writes }) });
      await this.#mail.send(txn, { n });
      if (how !== 'well') throw new Error('on purpose');
    });
  }

  async said(): Promise<Entry[]> {
    const rows = await this.host.table('said').read({ limit: 1_000_000 });
    return rows.map(({ what }) => JSON.parse(what as string) as Entry);
  }

  /** What all places hold. */
  async held(): Promise<Map<Place, Cell>> {
    const rows = await this.host.table('spot').read({ orderBy: [{ column: 'id' }] });
    return new Map<Place, Cell>([
      ...rows.map(({ id, value, by }): [Place, Cell] => [`row:${id}` as Place, { value, by } as Cell]),
      ...this.memory.entries().map(([id, text]): [Place, Cell] => [`memory:${id}` as Place, JSON.parse(text)]),
      ...this.stored.entries().map(([id, text]): [Place, Cell] => [`stored:${id}` as Place, JSON.parse(text)]),
    ]);
  }
}

/** Who comes before whom, by places: whoever read a version is after its writer, and before that of the next one. */
const edgesOf = (entries: readonly Entry[]): { readonly after: Map<number, Set<number>>; readonly forks: string[] } => {
  const next = new Map<string, number>();
  const forks: string[] = [];
  const after = new Map(entries.map(({ n }) => [n, new Set<number>()]));
  for (const { n, reads, writes } of entries)
    for (const [place, { by }] of reads) {
      if (!writes.includes(place)) continue;
      const version = `${place} by ${by}`;
      if (next.has(version)) forks.push(`${version} was replaced by ${next.get(version)} and by ${n}`);
      next.set(version, n);
    }
  for (const { n, reads } of entries)
    for (const [place, { by }] of reads) {
      if (by !== 0) after.get(by)?.add(n);
      const replaced = next.get(`${place} by ${by}`);
      if (replaced !== undefined && replaced !== n) after.get(n)?.add(replaced);
      if (by !== 0 && !after.has(by)) forks.push(`${n} has read ${place} by ${by}, which has not committed`);
    }
  return { after, forks };
};

/** The entries in an order that keeps every edge; null: there is a circle. */
const inOrder = (entries: readonly Entry[], after: ReadonlyMap<number, ReadonlySet<number>>): Entry[] | null => {
  const byNumber = new Map(entries.map((entry) => [entry.n, entry]));
  const before = new Map(entries.map(({ n }) => [n, 0]));
  for (const followers of after.values()) for (const n of followers) before.set(n, (before.get(n) ?? 0) + 1);
  const ready = entries.filter(({ n }) => before.get(n) === 0);
  for (let at = 0; at < ready.length; at++)
    for (const n of after.get((ready[at] as Entry).n) ?? []) {
      const left = (before.get(n) as number) - 1;
      before.set(n, left);
      if (left === 0) ready.push(byNumber.get(n) as Entry);
    }
  return ready.length === entries.length ? ready : null;
};

const sameCell = (a: Cell | undefined, b: Cell | undefined): boolean => a?.value === b?.value && a?.by === b?.by;

/** What is wrong with a history, and with what is held at its end. */
export const wrongWith = (entries: readonly Entry[], held: ReadonlyMap<Place, Cell>): string[] => {
  const { after, forks } = edgesOf(entries);
  if (forks.length > 0) return forks;
  const order = inOrder(entries, after);
  if (order === null) return ['the history can be put in no order'];
  const model = new Map(placesOf().map((place) => [place, FIRST]));
  const wrong: string[] = [];
  for (const { n, reads, writes } of order) {
    for (const [place, cell] of reads)
      if (!sameCell(model.get(place), cell)) wrong.push(`${n} has read ${place} as it is not`);
    const cells = reads.map(([, cell]) => cell);
    for (const place of writes) model.set(place, { value: made(n, cells), by: n });
  }
  for (const [place, cell] of model)
    if (!sameCell(held.get(place), cell))
      wrong.push(`${place} holds ${JSON.stringify(held.get(place))}, not ${JSON.stringify(cell)}`);
  return wrong;
};

const shuffled = <T>(of: readonly T[], random: Random): T[] =>
  of
    .map((one) => [random.next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);

const jobOf = (n: number, random: Random): Job => {
  const places = shuffled(placesOf(), random).slice(0, 1 + random.below(4));
  const writes = places.filter(() => random.chance(0.6));
  const how = random.chance(0.7) ? 'well' : random.pick(WICKED);
  return { n, reads: places, writes: shuffled(writes, random), how };
};

/** Runs `calls` transactions, and looks at what they came to. */
export const runTransactions = async (
  database: string,
  calls: number,
  seed: number,
  progress: (text: string) => void,
): Promise<TransactionsResult> => {
  const kind = DATABASES.find(({ name }) => name.startsWith(database));
  if (kind === undefined || !kind.isThere) throw new Error(`no database ${database}: ${kind?.name ?? 'not known'}`);
  const made = await kind.make();
  const random = new Random(seed);
  const violations: string[] = [];
  const ended: Record<string, number> = {};
  const open = (): Promise<Host> =>
    createHost({
      store: made.url,
      entities: [Spot, Said],
      report: (event) => {
        if ('error' in event) violations.push(`reported: ${event.what} ${event.name}: ${event.error}`);
      },
    });
  const world = new World(await open(), random);
  await world.begin();
  const committed = new Set<number>();
  let last = 0;
  const end = (reason: string): void => {
    ended[reason] = (ended[reason] ?? 0) + 1;
  };
  const graft = async (job: Job): Promise<void> => {
    const isHonest = job.how === 'well';
    const outcome = await world.host.invoke(`work/${isHonest ? 'honest' : 'wicked'}`, job as never);
    const [report] = outcome.grafts;
    if (isHonest && outcome.status === 'committed') committed.add(job.n);
    else if (isHonest) end(`${outcome.status} ${report?.reason}`);
    // A process that was killed from outside is nobody's fault, and its calls are made again.
    else if (outcome.status === 'committed' && job.how === 'dies') committed.add(job.n);
    else if (outcome.status === 'committed') violations.push(`${job.n}, which ${job.how}, has committed`);
  };
  const own = async (job: Job): Promise<void> => {
    try {
      await world.own(job);
      committed.add(job.n);
    } catch (error) {
      if (job.how === 'well') end(`own: ${(error as Error).message}`);
    }
  };
  const client = async (): Promise<void> => {
    while (last < calls) {
      const job = jobOf(++last, random);
      await (random.chance(0.3) ? own(job) : graft(job));
      if (job.n % 500 === 0) progress(`${database}: ${job.n} of ${calls}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  await until(() => world.sent.size >= committed.size);
  const entries = await world.said();
  const numbers = new Set(entries.map(({ n }) => n));
  violations.push(...wrongWith(entries, await world.held()));
  for (const n of committed) if (!numbers.has(n)) violations.push(`${n} was answered as done and is not there`);
  for (const n of numbers) if (!committed.has(n)) violations.push(`${n} is there and was not answered as done`);
  for (const n of world.sent) if (!numbers.has(n)) violations.push(`the message of ${n} has left, which is not there`);
  for (const n of numbers) if (!world.sent.has(n)) violations.push(`the message of ${n} has not left`);
  const { aborts = 0 } = world.host.plugins().find(({ name }) => name === 'honest')?.grafts[0] ?? {};
  if (aborts > 0) violations.push(`the honest graft was blamed ${aborts} times`);
  if (world.host.inUse().transactions > 0) violations.push('a transaction is open');
  const memory = [...world.memory.entries()];
  await world.host.close();
  violations.push(...(await afterRestart(await open(), memory, entries)));
  await made.remove();
  return { database, calls, committed: numbers.size, undone: calls - numbers.size, ended, violations, seed };
};

/** What a new host finds: the same rows and stored entries; memory is that of the end. */
const afterRestart = async (
  host: Host,
  memory: readonly (readonly [string, string])[],
  entries: readonly Entry[],
): Promise<string[]> => {
  const world = new World(host, new Random(1));
  const held = await world.held();
  for (const [id, text] of memory) held.set(`memory:${id}` as Place, JSON.parse(text) as Cell);
  const wrong = wrongWith(entries, held).map((what) => `after a restart: ${what}`);
  await host.close();
  return wrong;
};

/** Resolves when it holds, or after a while: what is missing then is told. */
const until = async (holds: () => boolean): Promise<void> => {
  for (const end = performance.now() + 10_000; !holds() && performance.now() < end; )
    await new Promise((resolve) => setTimeout(resolve, 20));
};
