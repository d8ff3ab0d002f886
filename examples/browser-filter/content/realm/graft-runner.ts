// One graft of the host's, run in this realm as a real call: its plugin is installed in a table of its own, called at
// the one event point, and its transaction commits when the page has taken its changes. The page is the store
// (src/plugins/participant.ts): it takes all of a batch or nothing. Where it refuses, because it has changed meanwhile,
// the call is undone, nobody is to blame, and it is begun anew on what the page is now.

import type { SignedMaker } from '../../../../src/plugins/compartment/in-realm/index.ts';
import {
  type Base,
  GraftError,
  GraftPoint,
  type GraftReport,
  invoke,
  PluginTable,
  PointTable,
  treasury,
} from '../../../../src/plugins/index.ts';
import { type Clock, type Transaction, Transactions } from '../../../../src/txn/index.ts';
import { LIMITS, POINT, type Run, type Told } from '../protocol.ts';
import { accessorsOf } from './accessors.ts';
import { type Change, PageModel } from './model.ts';

/** The part of the page that holds the DOM, asked by messages. */
export interface Page {
  readonly url: string;
  query(selector: string): Promise<unknown>;
  /** Whether it took all of the changes. If not, it took none. */
  apply(changes: readonly Change[]): Promise<boolean>;
}

const ATTEMPTS_MAX = 3;
const WHY_MAX = 1000;
/** Ends that are a graft's own fault, and can be told as a failure. */
const OWN_FAULTS: readonly unknown[] = [
  'thrown',
  'own-time',
  'limit',
  'not-callable',
  'invalid-answer',
  'compartment-lost',
];

/** Runs grafts, one after the other. */
export class GraftRunner {
  readonly #page: Page;
  readonly #maker: SignedMaker;
  readonly #base: Base;
  #model: PageModel;
  #changes: readonly Change[] = [];
  /** The transaction that has made them, if any. */
  #changed: Transaction | null = null;
  #report: GraftReport | null = null;

  constructor(page: Page, maker: SignedMaker, clock: Clock) {
    this.#page = page;
    this.#maker = maker;
    const transactions = new Transactions({ clock });
    this.#model = new PageModel(transactions, page.query);
    this.#base = {
      transactions,
      treasury: treasury(),
      participant: { joined: (txn) => txn === this.#changed, commit: () => this.#apply() },
      isProxy: () => false,
      hostFailed: () => {},
      reported: (_graft, report) => {
        this.#report = report;
      },
    };
  }

  async #apply(): Promise<void> {
    if (!(await this.#page.apply(this.#changes))) throw new GraftError('GRAFT_BAD_ARGUMENT', 'the page has changed');
  }

  async run(run: Run): Promise<Told> {
    let report: GraftReport;
    try {
      report = await this.#call(run);
    } catch (error) {
      // The module could not be loaded: what is fine for the host's process is not fine for metered code.
      return failed(error instanceof Error ? error.message : 'it could not be loaded');
    }
    return told(report, this.#changes.length);
  }

  async #call(run: Run): Promise<GraftReport> {
    const points = new PointTable();
    const point = points.add(
      new GraftPoint({
        name: POINT,
        kind: 'event',
        callable: accessorsOf(() => this.#model),
        limits: LIMITS,
      }),
    );
    const table = new PluginTable({ points, maker: this.#maker, position });
    await table.install(packageOf(run));
    for (let attempt = 1; ; attempt++) {
      this.#model = new PageModel(this.#base.transactions, this.#page.query);
      this.#changes = [];
      this.#changed = null;
      this.#report = null;
      await invoke(this.#base, point, { url: this.#page.url }, { last: (txn) => this.#last(txn) });
      const report = this.#report as GraftReport | null;
      if (report === null) throw new Error('the call was not made');
      if (report.reason !== 'store-conflict' || attempt === ATTEMPTS_MAX) {
        table.close('its call has ended');
        return report;
      }
    }
  }

  #last(txn: Transaction): null {
    this.#changes = this.#model.changes(txn);
    if (this.#changes.length > 0) this.#changed = txn.parent;
    return null;
  }
}

/** Places stay those of the bundle: the host knows the author's files. */
const position = (_map: string, line: number, column: number): string => `plugin.js:${line}:${column}`;

const packageOf = ({ plugin, code, export: name, callable, own_ms }: Run) => ({
  name: plugin,
  version: '0.0.0',
  manifest: {
    api: 1 as const,
    grafts: [{ point: POINT, export: name, order: 100 }],
    needs: callable,
    limits: { own_ms },
  },
  code,
  sourceMap: '',
  digest: '',
});

const failed = (message: string): Told => ({
  status: 'aborted',
  ending: `F${JSON.stringify({ reason: 'thrown', name: '', message: message.slice(0, WHY_MAX), stack: '' })}`,
  why: message.slice(0, WHY_MAX),
  own_ms: 0,
  undone: 0,
  changes: 0,
});

const told = ({ status, reason, detail = '', stack = [], undone, spent }: GraftReport, changes: number): Told => {
  const common = { status, own_ms: spent.own_ms, undone: undone.records };
  if (status === 'committed') return { ...common, ending: 'Rnull', why: '', changes };
  if (status === 'refused') {
    const at = detail.indexOf(': ');
    return {
      ...common,
      ending: `N${JSON.stringify({ code: detail.slice(0, at), message: detail.slice(at + 2) })}`,
      why: detail,
      changes: 0,
    };
  }
  const failure = { reason, name: '', message: detail, stack: stack.map((frame) => `at ${frame}`).join('\n') };
  const ending = OWN_FAULTS.includes(reason) ? `F${JSON.stringify(failure)}` : '';
  return { ...common, ending, why: `${reason}${detail === '' ? '' : `: ${detail}`}`, changes: 0 };
};
