// The graft points that the fuzzer calls, and what grafts may call there: all that a host has to offer.

import { setImmediate } from 'node:timers/promises';
import type { Host, HostPoint } from '../../../src/host/index.ts';
import { badArgument, type Callable, type CallableTree } from '../../../src/plugins/index.ts';
import { type Books, TOTAL } from './books.ts';
import { EVENTS, type Kind, type Program } from './plan.ts';

export interface Answer {
  readonly kept: readonly string[];
}

export type Line = Answer & { readonly programs: Readonly<Record<string, Program>> };

/** Own time that no honest program needs, even on a machine that is busy with other things. */
const AMPLE = { own_ms: 1500, total_ms: 8000 };
const SHORT = { own_ms: 150, total_ms: 8000 };
export const TOTAL_MS = AMPLE.total_ms;
/** Nobody is removed for faults, but at the one point that says so. */
const ENDLESS = Number.POSITIVE_INFINITY;

/** Who is told of what grafts tell. */
export interface Listener {
  /** Something that must not be. */
  alarm(what: string): void;
  /** Which program ran before another in the same heap. */
  after(before: string, id: string): void;
}

export class Points {
  readonly #host: Host;
  readonly #books: Books;
  readonly #listener: Listener;
  readonly events: ReturnType<Host['callables']['events']>;
  readonly functions = new Map<string, HostPoint<Program, Answer>>();
  readonly lines = new Map<string, HostPoint<Line, Line>>();
  readonly rows: HostPoint<readonly Program[], readonly Answer[]>;
  readonly told: HostPoint<Program, null>;
  readonly peek: HostPoint<null, number>;
  /** Handles that are open. */
  open = 0;
  /** What plugins need: all of it. */
  readonly needs: readonly string[];

  constructor(host: Host, books: Books, kind: Kind, listener: Listener) {
    this.#host = host;
    this.#books = books;
    this.#listener = listener;
    this.events = host.callables.events(EVENTS);
    const callable = this.#callables(kind);
    this.needs = Object.keys(callable);
    this.#declareFunctions(callable);
    this.#declareChains(callable);
    const rest = { budget: ENDLESS, limits: AMPLE, callable };
    this.rows = host.graftPoint<Program, Answer>({
      ...this.#answering,
      ...rest,
      name: 'f/row',
      kind: 'function',
      rows: true,
    });
    this.told = this.#declareEvents(callable);
    this.peek = host.graftPoint<null, number>({
      ...rest,
      name: 'f/peek',
      kind: 'function',
      default: () => TOTAL,
      readOnly: true,
    });
  }

  readonly #answering = {
    output: {
      '~standard': {
        version: 1 as const,
        vendor: 'fuzz',
        validate: (value: unknown) => {
          const kept = (value as Partial<Answer> | null)?.kept;
          const fits = Array.isArray(kept) && kept.every((id) => typeof id === 'string');
          return fits ? { value: value as Answer } : { issues: [{ message: 'no list of what was kept' }] };
        },
      },
    },
    default: async ({ id, defaultThrows }: Program): Promise<Answer> => {
      if (id.endsWith('1')) await setImmediate();
      if (defaultThrows) throw new Error('the default throws on purpose');
      return { kept: [] };
    },
    /** Reads state that others may have locked, so that the verdict itself may have to wait. */
    check: ({ kept }: Answer, program: Program, state: (name: string, ...args: unknown[]) => unknown) => {
      if (/[05]$/.test(program.id) && typeof state('purses.get', 'a0') !== 'number') return 'a purse is gone';
      if (program.rejected) return 'rejected on purpose';
      const own = program.id.slice(0, program.id.indexOf('-'));
      return kept.every((id) => id.startsWith(own)) || 'an effect of a stranger';
    },
  };

  #declareFunctions(callable: CallableTree): void {
    const declare = (name: string, onFault: 'default' | 'fail' | 'deny', budget: number, limits: object): void => {
      const point = this.#host.graftPoint<Program, Answer>({
        ...this.#answering,
        name,
        kind: 'function',
        onFault,
        budget,
        limits,
        callable,
        select: ({ plugin }) => plugin,
      });
      this.functions.set(name, point);
    };
    declare('f/default', 'default', ENDLESS, AMPLE);
    declare('f/fail', 'fail', 3, AMPLE);
    declare('f/deny', 'deny', ENDLESS, AMPLE);
    declare('f/short', 'default', ENDLESS, SHORT);
  }

  #declareChains(callable: CallableTree): void {
    for (const onFault of ['default', 'fail'] as const) {
      const name = `c/${onFault}`;
      this.lines.set(
        name,
        this.#host.graftPoint<Line, Line>({
          name,
          kind: 'chain',
          onFault,
          budget: ENDLESS,
          limits: AMPLE,
          callable,
          check: ({ kept, programs }) =>
            (Array.isArray(kept) && kept.every((id) => id !== 'stranger') && programs !== undefined) || 'not a line',
        }),
      );
    }
  }

  #declareEvents(callable: CallableTree): HostPoint<Program, null> {
    const declare = <Input>(name: string): HostPoint<Input, null> =>
      this.#host.graftPoint<Input, null>({
        name,
        kind: 'event',
        budget: ENDLESS,
        limits: AMPLE,
        callable,
      });
    declare('e/hear');
    declare('e/ring');
    return declare<Program>('e/told');
  }

  #callables(kind: Kind): CallableTree {
    const host = this.#host;
    const books = this.#books;
    const { callables } = host;
    const waiting: CallableTree =
      kind === 'process'
        ? {
            sleep: callables.sleep,
            call: callables.calls(Object.fromEntries(['default', 'fail', 'deny', 'short'].map(pointNamed))),
            brokenLater: {
              waits: true,
              run: async () => {
                await setImmediate();
                throw new Error('broken on purpose');
              },
            },
          }
        : {};
    return {
      purses: books.purses.writable(),
      accounts: books.accounts.writable(),
      saved: books.saved.writable(),
      paid: books.paid.writable(),
      account: books.account.callables({ read: 'all', write: ['amount'] }),
      move: books.move.callables({ read: 'all', write: 'all', insert: true }),
      journal: books.journal.writable(),
      count: books.count.writable(),
      last: books.last.writable(),
      mail: books.mail.callable,
      storage: host.storage,
      log: host.log,
      schedule: callables.schedule,
      abort: callables.abort,
      ...callables.locks().callables,
      ...callables.handles((name) => this.#opened(name)).callables,
      ...this.events.callables,
      ...this.#own,
      ...waiting,
    };
  }

  readonly #own: Readonly<Record<string, Callable>> = {
    broken: {
      waits: false,
      run: () => {
        throw new Error('broken on purpose');
      },
    },
    alarm: { waits: false, run: (_caller, [text]) => this.#listener.alarm(String(text)) },
    after: { waits: false, run: (_caller, [before, id]) => this.#listener.after(String(before), String(id)) },
    total: { waits: false, run: (_caller, args) => (args.length === 0 ? TOTAL : badArgument('total: takes nothing')) },
  };

  #opened(name: string): { read: () => string; close: () => void } {
    this.open++;
    return {
      read: () => name,
      close: () => {
        this.open--;
        if (name === 'closes-badly') throw new Error('closed on purpose');
      },
    };
  }
}

const pointNamed = (policy: string): [string, string] => [`f/${policy}`, `f/${policy}`];
