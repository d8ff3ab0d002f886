// What a seed says: the operations of one life of a host. Nothing here looks at a host, so the same seed and the same
// life give the same operations, whatever came of those before.
//
// A program is what a graft is asked to do: steps, among them transfers with an id each (effects), nested calls, waits,
// and faults. Grafts interpret programs (plugin.ts), and answer the ids of what they believe was kept.

import { Random } from '../../support/random.ts';

export type Kind = 'process' | 'isolate';

/** A transfer. `move`: in the map, the stored map and the table alike; `pay`: between purses in memory. */
export interface Effect {
  readonly id: string;
  readonly book: 'move' | 'pay';
  readonly from: string;
  readonly to: string;
  readonly amount: number;
}

export interface Transfer {
  readonly do: 'move' | 'pay';
  readonly effect: Effect;
  readonly tableFirst: boolean;
  /** Slept between taking and giving. */
  readonly pause_ms: number;
  /** What goes wrong in the middle, and before which part of the work. */
  readonly cut: string | null;
  readonly cutAt: number;
}

export interface Call {
  readonly do: 'call';
  readonly point: string;
  readonly program: Program;
  /** Whether the graft goes on when the call throws. */
  readonly catches: boolean;
}

export type Step =
  | Transfer
  | Call
  | { readonly do: 'fault'; readonly fault: string }
  | { readonly do: 'lock' | 'open'; readonly name: string }
  | { readonly do: 'sleep' | 'schedule'; readonly ms: number }
  | { readonly do: 'subscribe'; readonly event: string }
  | { readonly do: 'emit'; readonly event: string; readonly program: Program }
  | { readonly do: 'audit' | 'keep' | 'log' | 'original' };

export interface Program {
  readonly id: string;
  /** Whose graft answers. */
  readonly plugin: string;
  readonly principal: string;
  readonly steps: readonly Step[];
  /** The post-condition says no. */
  readonly rejected: boolean;
  /** What is answered instead of an answer. */
  readonly nonsense: string | null;
  /** The host's own default throws. */
  readonly defaultThrows: boolean;
}

export type Operation =
  | {
      readonly op: 'call';
      readonly point: string;
      readonly program: Program;
      readonly cancel_ms: number | null;
      readonly way: 'invoke' | 'call' | 'by-name';
    }
  | { readonly op: 'chain'; readonly point: string; readonly programs: readonly Program[]; readonly principal: string }
  | { readonly op: 'event'; readonly program: Program }
  | { readonly op: 'rows'; readonly programs: readonly Program[] }
  | { readonly op: 'transaction'; readonly parts: readonly Part[]; readonly throws: boolean }
  | { readonly op: 'peek' | 'kill' }
  | { readonly op: 'emit'; readonly event: string; readonly program: Program }
  | { readonly op: 'install'; readonly plugin: string; readonly bad: string | null }
  | { readonly op: 'remove'; readonly plugin: string; readonly now: boolean };

/** A part of a transaction of the host's own. */
export type Part =
  | Transfer
  | { readonly do: 'audit' }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'invoke'; readonly point: string; readonly program: Program }
  | { readonly do: 'event'; readonly program: Program };

export interface Life {
  readonly operations: readonly Operation[];
  /** Close while calls run. */
  readonly closesLoaded: boolean;
  /** Remove all plugins before closing; otherwise they come back in the next life. */
  readonly removesAll: boolean;
  readonly processes: { readonly processes: number; readonly spares: number; readonly queued: number };
  /** Whether two plugins share processes. */
  readonly shares: boolean;
}

export const PLUGINS = ['p0', 'p1', 'p2', 'p3'];
export const ACCOUNTS = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7', 'a8', 'a9'];
export const EVENTS = ['rain', 'snow'];
const PRINCIPALS = ['', '', 'ann', 'ben', 'cid'];
const LOCKS = ['red', 'green', 'blue'];
/** Function points where any plugin's graft may be chosen; nested calls go there too. */
export const CALLED = ['f/default', 'f/fail', 'f/deny', 'f/short'];
export const CHAINS = ['c/default', 'c/fail'];

const BAD_PACKAGES = ['throws', 'lacks', 'syntax', 'loops', 'wedges'];
const NONSENSE = [
  'function',
  'nan',
  'undefined',
  'date',
  'shape',
  'proxy',
  'cycle',
  'getter',
  'bigint',
  'stranger',
  'pending',
];
/** How often each fault is chosen. `spin`, `wedge` and `hoard` cost a time-out or a process each. */
const FAULTS: Readonly<Record<string, number>> = {
  throw: 8,
  refuse: 8,
  abort: 4,
  calls: 2,
  caught: 3,
  lines: 2,
  large: 2,
  missing: 2,
  broken: 2,
  unheard: 2,
  brokenLater: 2,
  spin: 1,
  wedge: 1,
  hoard: 1,
};
/** Where a plugin shares the host's thread it cannot wait, and what wedges natively holds the host up. */
const OF_PROCESSES = new Set(['brokenLater', 'wedge']);

const DEPTH_MAX = 3;

const weighted = (random: Random, weights: Readonly<Record<string, number>>): string => {
  const rows = Object.entries(weights).filter(([, weight]) => weight > 0);
  let at = random.below(rows.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [name, weight] of rows) {
    at -= weight;
    if (at < 0) return name;
  }
  return (rows[0] as [string, number])[0];
};

/** Makes the programs of one operation: each with ids of its own. */
class Author {
  readonly #random: Random;
  readonly #kind: Kind;
  readonly #id: string;
  #last = 0;

  constructor(random: Random, kind: Kind, id: string) {
    this.#random = random;
    this.#kind = kind;
    this.#id = id;
  }

  get #waits(): boolean {
    return this.#kind === 'process';
  }

  #nextId(): string {
    return `${this.#id}-${++this.#last}`;
  }

  fault(): string {
    const weights = Object.entries(FAULTS).filter(([name]) => this.#waits || !OF_PROCESSES.has(name));
    return weighted(this.#random, Object.fromEntries(weights));
  }

  transfer(mayCut: boolean): Transfer {
    const random = this.#random;
    const book = random.chance(0.4) ? 'move' : 'pay';
    return {
      do: book,
      effect: {
        id: this.#nextId(),
        book,
        from: random.pick(ACCOUNTS),
        to: random.pick(ACCOUNTS),
        amount: 1 + random.below(9),
      },
      // Not always, so that deadlocks between the writer's slot and the maps come about, but do not reign.
      tableFirst: random.chance(0.85),
      pause_ms: this.#waits && random.chance(0.1) ? random.below(30) : 0,
      cut: mayCut && random.chance(0.12) ? this.fault() : null,
      cutAt: random.below(book === 'move' ? 11 : 3),
    };
  }

  #step(depth: number, mayCut: boolean, plain: boolean): Step {
    const random = this.#random;
    const waits = this.#waits ? 1 : 0;
    const chosen = weighted(random, {
      transfer: 40,
      audit: 3,
      lock: 4,
      open: 4,
      keep: 4,
      log: 4,
      original: plain ? 0 : 3 * waits,
      sleep: 4 * waits,
      call: depth < DEPTH_MAX && !plain ? 14 * waits : 0,
      subscribe: plain ? 0 : 3,
      emit: depth < DEPTH_MAX && !plain ? 2 : 0,
      schedule: plain ? 0 : 2,
    });
    switch (chosen) {
      case 'transfer':
        return this.transfer(mayCut);
      case 'lock':
        return { do: 'lock', name: random.pick(LOCKS) };
      case 'open':
        return { do: 'open', name: random.chance(0.9) ? 'thing' : 'closes-badly' };
      case 'sleep':
        return { do: 'sleep', ms: random.below(random.chance(0.1) ? 700 : 20) };
      case 'schedule':
        return { do: 'schedule', ms: 100 + random.below(400) };
      case 'subscribe':
        return { do: 'subscribe', event: random.pick(EVENTS) };
      case 'emit':
        return { do: 'emit', event: random.pick(EVENTS), program: this.program(DEPTH_MAX, true) };
      case 'call':
        return {
          do: 'call',
          point: random.pick(CALLED),
          program: this.program(depth + 1),
          catches: random.chance(0.6),
        };
      default:
        return { do: chosen as 'audit' | 'keep' | 'log' | 'original' };
    }
  }

  /** `plain`: nothing in it whose end only the graft itself would learn. */
  program(depth = 0, plain = false, principal = this.#random.pick(PRINCIPALS)): Program {
    const random = this.#random;
    const goesWrong = random.chance(0.3);
    const count = 1 + random.below(random.chance(0.5) ? 1 : 4);
    const steps = Array.from({ length: count }, () => this.#step(depth, goesWrong, plain));
    if (goesWrong && random.chance(0.5))
      steps.splice(random.below(steps.length + 1), 0, { do: 'fault', fault: this.fault() });
    const program: Program = {
      id: this.#nextId(),
      plugin: random.pick(PLUGINS),
      principal,
      steps,
      rejected: goesWrong && random.chance(0.1),
      nonsense: goesWrong && random.chance(0.2) ? random.pick(NONSENSE) : null,
      defaultThrows: goesWrong && random.chance(0.05),
    };
    return { ...program, steps: program.steps.map((step) => inherited(step, principal)) };
  }

  part(): Part {
    const random = this.#random;
    const chosen = weighted(random, { transfer: 5, audit: 1, sleep: 1, invoke: 4, event: 1 });
    switch (chosen) {
      case 'transfer':
        return this.transfer(false);
      case 'audit':
        return { do: 'audit' };
      case 'sleep':
        return { do: 'sleep', ms: random.below(20) };
      case 'invoke':
        return { do: 'invoke', point: random.pick(CALLED), program: this.program(1) };
      default:
        return { do: 'event', program: this.program(DEPTH_MAX, true) };
    }
  }
}

/** What a call makes in turn is on the same principal's behalf. */
const inherited = (step: Step, principal: string): Step =>
  step.do === 'call' || step.do === 'emit' ? { ...step, program: onBehalfOf(step.program, principal) } : step;

const onBehalfOf = (program: Program, principal: string): Program => ({
  ...program,
  principal,
  steps: program.steps.map((step) => inherited(step, principal)),
});

const WEIGHTS = {
  call: 55,
  chain: 7,
  event: 5,
  rows: 4,
  transaction: 12,
  peek: 3,
  emit: 2,
  install: 8,
  remove: 2,
  kill: 4,
};

const operation = (random: Random, kind: Kind, id: string): Operation => {
  const author = new Author(random, kind, id);
  const chosen = weighted(random, { ...WEIGHTS, kill: kind === 'process' ? WEIGHTS.kill : 0 });
  switch (chosen) {
    case 'call':
      return {
        op: 'call',
        point: random.pick(CALLED),
        program: author.program(),
        cancel_ms: random.chance(0.08) ? random.below(60) : null,
        way: random.pick(['invoke', 'invoke', 'call', 'by-name'] as const),
      };
    case 'chain': {
      const principal = random.pick(PRINCIPALS);
      const programs = PLUGINS.map((plugin) => ({ ...author.program(1, false, principal), plugin }));
      return { op: 'chain', point: random.pick(CHAINS), programs, principal };
    }
    case 'event':
      return { op: 'event', program: author.program(DEPTH_MAX, true) };
    case 'emit':
      return { op: 'emit', event: random.pick(EVENTS), program: author.program(DEPTH_MAX, true, '') };
    case 'rows':
      return {
        op: 'rows',
        programs: Array.from({ length: 1 + random.below(4) }, () => author.program(DEPTH_MAX, true, '')),
      };
    case 'transaction': {
      const parts = Array.from({ length: 1 + random.below(4) }, () => author.part());
      return { op: 'transaction', parts, throws: random.chance(0.2) };
    }
    case 'install':
      return {
        op: 'install',
        plugin: random.pick(PLUGINS),
        bad: random.chance(0.25) ? random.pick(BAD_PACKAGES.slice(0, kind === 'process' ? 5 : 3)) : null,
      };
    case 'remove':
      return { op: 'remove', plugin: random.pick(PLUGINS), now: random.chance(0.5) };
    default:
      return { op: chosen as 'peek' | 'kill' };
  }
};

/** The operations of life number `life` of a seed. */
export const planLife = (seed: number, life: number, count: number, kind: Kind): Life => {
  const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(life + 1, 0x85ebca6b));
  return {
    operations: Array.from({ length: count }, (_, at) => operation(random, kind, `${seed}.${life}.${at}`)),
    closesLoaded: random.chance(0.4),
    removesAll: random.chance(0.5),
    processes: { processes: 1 + random.below(4), spares: random.below(3), queued: random.chance(0.3) ? 6 : 1000 },
    shares: random.chance(0.3),
  };
};
