// The base of the benchmark's grafts: transactions on the machine's clock, points that remove no graft, and plugins
// from source text. A call goes the public way: through its point, in a transaction, with an account, checked both
// ways, committed.

import { types } from 'node:util';
import {
  type Base,
  type CompartmentMaker,
  GraftPoint,
  invoke,
  invokeSync,
  type Outcome,
  PluginTable,
  type PointOptions,
  PointTable,
  treasury,
} from 'graftwork/plugins';
import { type Clock, Transactions } from 'graftwork/txn';
import type { CallContender } from '../measure.ts';
import type { Kind } from './kinds.ts';
import { pluginText, type Script, type Source } from './source.ts';
import type { Work } from './work.ts';

const clock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return { cancel: () => clearTimeout(timer) };
  },
};

const SYNC = {
  wait: () => {
    throw new Error('nothing here has to wait');
  },
};

const broken = (report: { readonly error?: unknown }): void => {
  throw new Error('an undo failed', { cause: report });
};

/** A point as it is called here: the graft's answer, or how else the call ended. */
export interface Asked {
  ask(input: unknown): Outcome<unknown> | Promise<Outcome<unknown>>;
}

export class Bed implements Base {
  readonly transactions = new Transactions({ clock, report: broken });
  readonly treasury = treasury();
  readonly participant = null;
  readonly maker: CompartmentMaker;
  readonly #kind: Kind;
  readonly #points = new PointTable();
  readonly #plugins: PluginTable;
  #count = 0;

  constructor(kind: Kind, spares: number) {
    this.#kind = kind;
    this.maker = kind.make(spares);
    this.#plugins = new PluginTable({ points: this.#points, maker: this.maker, position: () => null });
  }

  isProxy(value: object): boolean {
    return types.isProxy(value);
  }

  hostFailed(_what: string, error: unknown): void {
    throw error;
  }

  reported(): void {}

  /** Installs a plugin of one graft, `source`, at a point of its own. */
  async install(source: Source | Script, options: Partial<PointOptions> = {}): Promise<Asked> {
    const name = `bench-${++this.#count}`;
    const point = this.#points.add(
      new GraftPoint({ name, kind: 'function', default: () => null, budget: Number.POSITIVE_INFINITY, ...options }),
    );
    const { code, export: exported } =
      'code' in source ? source : { code: await pluginText(this.#kind, source), export: 'graft' };
    const manifest = {
      api: 1,
      grafts: [{ point: name, export: exported, order: 100 }],
      needs: [...point.callables.keys()],
      limits: {},
    } as const;
    const plugin = await this.#plugins.install({ name, version: '1.0.0', manifest, code, sourceMap: '', digest: name });
    const here = plugin.compartment.run !== undefined;
    return { ask: here ? (input) => invokeSync(this, point, input, SYNC) : (input) => invoke(this, point, input) };
  }

  /** Closes the maker. */
  close(): void {
    if ('close' in this.maker) (this.maker.close as () => void)();
  }
}

/** The answer of a graft. A default's answer would make a fine figure: then it throws. */
export const committed = (outcome: Outcome<unknown>): unknown => {
  if (outcome.status === 'committed') return outcome.value;
  throw new Error(`a call ended as ${JSON.stringify(outcome).slice(0, 500)}`);
};

/** Own time that no call here reaches, however busy the machine is. */
export const AMPLE = { own_ms: 1000 };

/** A workload in a compartment, to be measured. */
export const subject = async (
  kind: Kind,
  work: Work,
  name: string = kind.name,
  more: Partial<PointOptions> = {},
): Promise<CallContender> => {
  const bed = new Bed(kind, 1);
  const { ask } = await bed.install(work.source, { limits: AMPLE, ...work.point, ...more } as Partial<PointOptions>);
  const answered = (outcome: Outcome<unknown>): number => work.value(committed(outcome));
  return {
    name,
    call() {
      const outcome = ask(work.input());
      return outcome instanceof Promise ? outcome.then(answered) : answered(outcome);
    },
    close: async () => bed.close(),
  };
};
