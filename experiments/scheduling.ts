// `scheduling`: clients wait for a server that works for them, among threads that compute. The kernel gives each thread
// its turn, so the one server has one turn for all its clients. With the graft each client hands its slices to the
// server, which then has as many turns as there are clients.
//
// Two questions. How much sooner do answers come, against the number of competing threads (all are equally urgent)? And
// for which waits does it pay? A client that is more urgent than its server waits for the threads that compute before
// the server's turn; handing slices on saves that wait and costs graft calls.

import {
  CPU_MHZ,
  GeneratorProgram,
  Kernel,
  PRIORITY_DEFAULT,
  SLICE_US,
  type Steps,
  type Thread,
  type User,
} from 'graftwork/kernel-model';
import { type Figure, hashText, type Point, type Result, type Series, type Table } from '../report/index.ts';
import { compartments, type Kind } from './compartments.ts';
import type { Experiment } from './experiment.ts';
import { graftPackage } from './graft-package.ts';
import { numbersFrom } from './made-traces.ts';
import { breakEven, COMPARTMENT_FLAG, callCost_us, kindOf, realTimes } from './sample-cost.ts';

/**
 * How clients wait: inside the kernel, or runnable (looking, then giving way), or runnable with the graft that hands
 * their slices on.
 */
export type Waiting = 'blocked' | 'runnable' | 'handing on';

export interface SchedulingOptions {
  readonly clients: number;
  readonly requests: number;
  /** The work of a request for the server: drawn evenly from 0 to twice this. */
  readonly service_us: number;
  readonly competitors: number;
  /** How long a competitor computes before it yields by itself; Infinity: until its slice is over. */
  readonly burst_us: number;
  /** The clients' priority; all other threads have the default one. */
  readonly priority: number;
  readonly waiting: Waiting;
  readonly seed: number;
  readonly kind: Kind;
}

/** Emulated times. */
export interface SchedulingRun {
  /** From the question to the answer, the mean over all requests. */
  readonly response_us: number;
  readonly requests_per_s: number;
  /** The competitors' part of all the time until the last answer. */
  readonly competitors_share: number;
  readonly graft_calls: number;
  /** Wrong answers of the server: none. */
  readonly wrong: number;
  readonly trace_hash: string;
}

const USER = 'ann';
/** The time between an answer and the client's next question. */
const THINK_US = 500;
const CHUNK_US = 10_000;
const ANSWER = (value: number): number => (value * 31 + 7) % 65_521;

/** A run under way. */
class Office {
  readonly kernel: Kernel;
  readonly server: Thread;
  readonly clients: readonly Thread[];
  readonly #competitors: readonly Thread[];
  readonly #options: SchedulingOptions;
  readonly #random: () => number;
  #waited_us = 0;
  #wrong = 0;
  #busy: number;
  #end_us = 0;
  #competed_us = 0;

  constructor(options: SchedulingOptions) {
    const { clients, competitors, priority, seed, kind } = options;
    this.#options = options;
    this.#random = numbersFrom(seed);
    this.#busy = clients;
    const kernel = new Kernel({ frames: 4, disk: null, compartments: compartments(kind) });
    this.kernel = kernel;
    const spawn = (name: string, body: (user: User) => Steps, more: object = {}): Thread =>
      kernel.spawn({ name, owner: USER, program: new GeneratorProgram(body), ...more });
    this.server = spawn('server', (user) => this.#serve(user));
    this.clients = Array.from({ length: clients }, (_, i) =>
      spawn(`client ${i}`, (user) => this.#ask(user, i), { priority }),
    );
    this.#competitors = Array.from({ length: competitors }, (_, i) =>
      spawn(`competitor ${i}`, (user) => this.#compete(user), { owner: 'bob' }),
    );
  }

  *#serve(user: User): Steps {
    for (;;) {
      const { id, value } = (yield* user.call('receive', 'work')) as { id: number; value: number };
      yield* user.compute(2 * this.#options.service_us * this.#random() * CPU_MHZ);
      yield* user.call('reply', id, ANSWER(value));
    }
  }

  *#ask(user: User, client: number): Steps {
    const { requests } = this.#options;
    for (let i = 0; i < requests; i++) {
      yield* user.compute(THINK_US * CPU_MHZ);
      const value = client * requests + i;
      const begun_us = user.now_us;
      const answer = yield* this.#answer(user, value);
      this.#waited_us += user.now_us - begun_us;
      if (answer !== ANSWER(value)) this.#wrong++;
    }
    if (--this.#busy > 0) return;
    this.#end_us = user.now_us;
    this.#competed_us = this.#competitors.reduce((sum, { ran_us }) => sum + ran_us, 0);
  }

  *#answer(user: User, value: number): Steps<unknown> {
    if (this.#options.waiting === 'blocked') return yield* user.call('request', 'work', value);
    const letter = yield* user.call('post', 'work', value);
    for (;;) {
      // The processor comes back when no other thread wants it, or with the answer.
      yield* user.call('yield');
      const found = (yield* user.call('poll', letter)) as { answer: unknown } | null;
      if (found !== null) return found.answer;
    }
  }

  *#compete(user: User): Steps {
    const { burst_us } = this.#options;
    while (this.#busy > 0) {
      yield* user.compute(Math.min(burst_us, CHUNK_US) * CPU_MHZ);
      if (burst_us < Number.POSITIVE_INFINITY) yield* user.call('yield');
    }
  }

  found(): SchedulingRun {
    const { clients, requests } = this.#options;
    return {
      response_us: this.#waited_us / (clients * requests),
      requests_per_s: (clients * requests * 1e6) / this.#end_us,
      competitors_share: this.#competed_us / this.#end_us,
      graft_calls: this.kernel.calls.counts.committed,
      wrong: this.#wrong,
      trace_hash: this.kernel.trace.hash,
    };
  }
}

/** Serves all requests of all clients among the competitors. */
export const serveAmong = async (options: SchedulingOptions): Promise<SchedulingRun> => {
  const office = new Office(options);
  const { kernel, clients, server } = office;
  if (options.waiting === 'handing on') {
    for (const { id } of clients) {
      const point = `kernel/thread/${id}/schedule-delegate`;
      await kernel.install(
        await graftPackage(`group-${id}`, { file: 'scheduling/group.ts', export: 'delegate', point }),
        { user: USER },
      );
      const { shared } = kernel.points.table.get(point).grafts[0]?.columns ?? {};
      (shared as Int32Array)[0] = server.id;
    }
  }
  kernel.run();
  return office.found();
};

const WAYS: readonly Waiting[] = ['blocked', 'runnable', 'handing on'];
/** An urgent client that only looks and yields gets the processor back each time, and its server never runs. */
const URGENT_WAYS: readonly Waiting[] = ['blocked', 'handing on'];

type Runs = Readonly<Record<Waiting, SchedulingRun>>;

/** The times of each way, among that many competitors or at such bursts. */
interface Row {
  readonly clients: number;
  readonly competitors: number;
  readonly burst_us: number;
  /** For an urgent client, without 'runnable'. */
  readonly runs: Runs;
}

const EQUALS = { service_us: 250_000, burst_us: Number.POSITIVE_INFINITY, priority: PRIORITY_DEFAULT } as const;
const URGENT = { clients: 1, service_us: 2000, competitors: 1, priority: PRIORITY_DEFAULT - 6 } as const;

const rowOf = async (options: Omit<SchedulingOptions, 'waiting'>, ways: readonly Waiting[]): Promise<Row> => {
  const runs = {} as Record<Waiting, SchedulingRun>;
  for (const waiting of ways) runs[waiting] = await serveAmong({ ...options, waiting });
  return { ...options, runs };
};

/** Against the better way without the graft. */
const timesAsFast = (runs: Runs): number =>
  Math.min(runs.blocked.response_us, runs.runnable.response_us) / runs['handing on'].response_us;

const equalsTable = (rows: readonly Row[]): Table => ({
  kind: 'table',
  title:
    `Equally urgent: response to requests of ${EQUALS.service_us / 1000} ms on average, slices of ` +
    `${SLICE_US / 1000} ms, emulated time`,
  columns: ['clients', 'competitors', ...WAYS.map((way) => `${way}, s`), 'times as fast'],
  rows: rows.map(({ clients, competitors, runs }) => [
    clients,
    competitors,
    ...WAYS.map((way) => runs[way].response_us / 1e6),
    timesAsFast(runs),
  ]),
  note:
    'How the clients wait: blocked in the kernel; runnable, giving way; or runnable and handing on. Times as fast: ' +
    'against the better of the first two.',
});

const sharesTable = (rows: readonly Row[]): Table => ({
  kind: 'table',
  title: 'The same: requests served a minute, and the competitors’ share of the processor',
  columns: ['clients', 'competitors', ...WAYS.map((way) => `${way}: served`), ...WAYS.map((way) => `${way}: share %`)],
  rows: rows.map(({ clients, competitors, runs }) => [
    clients,
    competitors,
    ...WAYS.map((way) => 60 * runs[way].requests_per_s),
    ...WAYS.map((way) => 100 * runs[way].competitors_share),
  ]),
  note:
    'The server’s own turn is given up for the one that it is handed, so a single client gains nothing, and no ' +
    'competitor loses more than the turns of the clients, which were theirs to give.',
});

const equalsFigure = (rows: readonly Row[]): Figure => {
  const clients = [...new Set(rows.map((row) => row.clients))];
  const line = (count: number, way: Waiting): Series => ({
    name: `${count === 1 ? '1 client' : `${count} clients`}, ${way}`,
    points: rows
      .filter((row) => row.clients === count)
      .map((row): Point => [row.competitors, row.runs[way].response_us / 1e6]),
  });
  return {
    kind: 'figure',
    title: 'Emulated response time against the number of competing threads',
    x: { label: 'competing threads', unit: '' },
    y: { label: 'response', unit: 's' },
    series: clients.flatMap((count) => (['blocked', 'handing on'] as const).map((way) => line(count, way))),
    marks: 'line',
  };
};

/** The time that handing on saves a request, against how long a competitor computes before the server's turn. */
const saved = (rows: readonly Row[]): Point[] =>
  rows.map(({ burst_us, runs }) => [burst_us, runs.blocked.response_us - runs['handing on'].response_us]);

const urgentTable = (rows: readonly Row[], requests: number): Table => ({
  kind: 'table',
  title: `An urgent client, one competitor: requests of ${URGENT.service_us / 1000} ms on average, emulated time`,
  columns: [
    'competitor’s burst ms',
    ...URGENT_WAYS.map((way, i) => (i === 0 ? `response ms: ${way}` : way)),
    'saved µs',
    'graft calls a request',
  ],
  rows: rows.map((row, i) => [
    row.burst_us / 1000,
    ...URGENT_WAYS.map((way) => row.runs[way].response_us / 1000),
    Math.round((saved(rows)[i] as Point)[1]),
    row.runs['handing on'].graft_calls / requests,
  ]),
  note:
    'The server is no more urgent than the competitor and waits for it; the slice of the urgent client is urgent ' +
    'whoever has it.',
});

const urgentFigure = (rows: readonly Row[], even_us: number): Figure => ({
  kind: 'figure',
  title: 'What handing on saves a request, less what the graft costs',
  x: { label: 'competitor’s burst', unit: 'µs' },
  y: { label: 'saved a request', unit: 'µs' },
  series: [{ name: 'saved', points: saved(rows).filter(([x]) => x <= 5000) }],
  marks: 'line',
  note:
    'Below zero the graft costs more than it saves. It breaks even where the competitor computes ' +
    `${Math.round(even_us)} µs at a time.`,
});

const SMALL_BURSTS_US = [0, 200, 500, 1000, 2000, 5000, 20_000];
const FULL_BURSTS_US = [
  0, 50, 100, 200, 300, 400, 500, 600, 800, 1000, 1500, 2000, 5000, 10_000, 20_000, 50_000, 90_000,
];

/** Rows of the first question, and of the second. */
const measured = async (small: boolean, seed: number, kind: Kind, progress: (text: string) => void) => {
  const equals: Row[] = [];
  for (const clients of small ? [1, 3] : [1, 2, 4, 8]) {
    for (const competitors of small ? [0, 1, 2, 4, 8] : [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32]) {
      progress(`scheduling: ${clients} clients, ${competitors} competitors`);
      equals.push(await rowOf({ ...EQUALS, clients, requests: small ? 12 : 60, competitors, seed, kind }, WAYS));
    }
  }
  const urgent: Row[] = [];
  for (const burst_us of small ? SMALL_BURSTS_US : FULL_BURSTS_US) {
    progress(`scheduling: bursts of ${burst_us} µs`);
    urgent.push(await rowOf({ ...URGENT, requests: small ? 100 : 600, burst_us, seed, kind }, URGENT_WAYS));
  }
  return { equals, urgent };
};

const factsOf = ({ equals, urgent }: Awaited<ReturnType<typeof measured>>, requests: number) => {
  const gain = ({ runs }: Row): number => timesAsFast(runs);
  const best = equals.reduce((a, b) => (gain(b) > gain(a) ? b : a));
  const even_us = breakEven(saved(urgent));
  const nearest = urgent.find(({ burst_us }) => burst_us >= even_us) ?? (urgent.at(-1) as Row);
  const longest = urgent.at(-1) as Row;
  return {
    gain_times: gain(best),
    gain_clients: best.clients,
    gain_competitors: best.competitors,
    gain_times_one_client: Math.max(...equals.filter(({ clients }) => clients === 1).map(gain)),
    break_even_burst_us: even_us,
    graft_calls_a_request: nearest.runs['handing on'].graft_calls / requests,
    urgent_saved_ms: (longest.runs.blocked.response_us - longest.runs['handing on'].response_us) / 1000,
    urgent_saved_at_burst_ms: longest.burst_us / 1000,
    wrong_answers: [...equals, ...urgent]
      .flatMap(({ runs }) => Object.values(runs))
      .reduce((sum, { wrong }) => sum + wrong, 0),
  };
};

export const scheduling: Experiment = {
  name: 'scheduling',
  describes:
    'Clients that hand their slices to the server they wait for: how much sooner answers come, and from which wait ' +
    'on it pays.',
  flags: COMPARTMENT_FLAG,
  async run({ small, seed, flags, progress }): Promise<Result> {
    const kind = kindOf(flags);
    const found = await measured(small, seed, kind, progress);
    const facts = factsOf(found, small ? 100 : 600);
    const even_us = facts.break_even_burst_us;
    return {
      name: 'scheduling',
      title:
        `Clients that hand their slices to their server have answers up to ${facts.gain_times.toFixed(1)} times as ` +
        `fast, and it pays from waits of ${Math.round(even_us)} µs on`,
      parts: [
        equalsTable(found.equals),
        sharesTable(found.equals),
        equalsFigure(found.equals),
        urgentTable(found.urgent, small ? 100 : 600),
        urgentFigure(found.urgent, even_us),
        await realTimes('scheduling', kind, small),
      ],
      facts: { compartment: kind, ...facts, graft_call_us: await callCost_us('scheduling', kind) },
      hash: hashText(JSON.stringify(found)),
    };
  },
};
