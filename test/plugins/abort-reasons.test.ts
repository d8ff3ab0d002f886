// Every reason why a graft's call is aborted, under each fault policy: what the caller gets, what is undone, whether
// the graft goes, and that the next call works. Unless a reason needs otherwise, grafts run in processes.

import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  badArgument,
  type Callable,
  type CompartmentCall,
  type CompartmentMaker,
  type Ending,
  type FaultPolicy,
  type Limits,
} from '../../src/plugins/index.ts';
import { type AbortReason, Ticket, type Transaction } from '../../src/txn/index.ts';
import { type BaseOptions, type Kind, openBase, type TestBase } from '../support/base.ts';

const POLICIES: readonly FaultPolicy[] = ['default', 'deny', 'fail'];
const UNDONE = { records: 3, first: ['stock.set a', 'stock.set new', 'stock.delete b'] };
const CHANGES = 'api.stock.set("a", 9); api.stock.set("new", 1); api.stock.delete("b");';

interface Case {
  readonly reason: AbortReason;
  /** What the graft does once it has changed the state. Its input is the name of a gate of its own. */
  readonly body: string;
  readonly detail?: unknown;
  readonly limits?: Partial<Limits>;
  /** The call as a whole ends: whatever the policy, and the graft stays. */
  readonly whole?: true;
  /** It is the host's fault: the graft stays, and the point's policy says how the call ends. */
  readonly innocent?: true;
  readonly kind?: Kind;
  readonly options?: BaseOptions;
  /** What happens meanwhile. `reached`: the graft is at its gate. */
  before?(): void;
  after?(): void;
  meanwhile?(step: { policy: FaultPolicy; reached: Promise<void>; signal: AbortController }): Promise<void>;
}

let base: TestBase;
/** How often the host's own default was asked. */
let asked = 0;
afterEach(() => base.close());

const expected = (policy: FaultPolicy, reason: AbortReason, whole: boolean): object => {
  if (whole) return { status: 'aborted', reason };
  if (policy === 'default') return { status: 'default', value: 'default' };
  return { status: policy === 'deny' ? 'denied' : 'failed', reason };
};

const tryPolicy = async (one: Case, policy: FaultPolicy): Promise<void> => {
  const whole = one.whole === true;
  const stays = whole || one.innocent === true;
  const point = base.point({
    name: policy,
    kind: 'function',
    default: () => {
      asked++;
      return 'default';
    },
    output: z.union([z.string(), z.object({ rows: z.array(z.number()) })]),
    onFault: policy,
    limits: one.limits ?? {},
    callable: { ...base.callable, wait: base.wait, broken: base.mistaken.throws as Callable },
  });
  const source = `(input, api) => { if (input === "next") return "fine"; ${CHANGES} ${one.body} }`;
  await base.install(policy, `{ graft: ${source} }`, { grafts: [{ point: policy, export: 'graft' }] });
  const signal = new AbortController();
  asked = 0;
  one.before?.();
  const called = base.invoke(point, policy, { signal: signal.signal });
  await one.meanwhile?.({ policy, reached: base.gate(policy).reached, signal });
  const outcome = await called;
  one.after?.();
  expect(outcome).toMatchObject(expected(policy, one.reason, whole));
  expect(outcome.grafts).toEqual([
    expect.objectContaining({ graft: `${policy}#graft`, status: 'aborted', reason: one.reason, undone: UNDONE }),
  ]);
  if (one.detail !== undefined) expect(outcome.grafts[0]?.detail).toEqual(one.detail);
  expect(asked).toBe(!whole && policy === 'default' ? 1 : 0);
  expect(outcome.grafts[0]?.removed).toBe(stays ? undefined : true);
  expect(point.grafts[0]?.aborts ?? 1).toBe(stays ? 0 : 1);
  expect(base.state).toEqual({ a: 1, b: 2 });
  expect(point.grafts.length).toBe(stays ? 1 : 0);
  // A guard that was removed is missing, and its point stays closed.
  const without =
    policy === 'deny' ? { status: 'denied', reason: one.reason } : { status: 'default', value: 'default', grafts: [] };
  const next = stays ? { status: 'committed', value: 'fine' } : without;
  expect(await base.invoke(point, 'next')).toMatchObject(next);
};

const every = async (one: Case): Promise<void> => {
  base = openBase(one.kind ?? 'process', { processes: { groupOf: () => 'all' }, ...one.options });
  for (const policy of POLICIES) await tryPolicy(one, policy);
};

const AT_GATE = 'api.wait(input); return "late";';

/** A transaction of the host's own that waits for what the graft has changed. */
const wanting = (key: string): Transaction => {
  const txn = base.transactions.begin();
  expect(base.stock.set(txn, key, 0)).toBeInstanceOf(Ticket);
  return txn;
};

describe('a graft’s own fault', () => {
  it("'thrown': an error leaves it", () =>
    every({ reason: 'thrown', body: 'throw new RangeError("wrong")', detail: 'RangeError: wrong' }));

  it("'own-time': it runs longer than its own time", () =>
    every({ reason: 'own-time', body: 'for (;;);', limits: { own_ms: 50 } }));

  it("'memory-limit': it takes more memory than its limit", () =>
    every({
      reason: 'memory-limit',
      body: 'const all = []; for (;;) all.push(new Array(1000).fill(0.5));',
      limits: { memory_mb: 16, own_ms: 20_000 },
    }));

  it.each<[keyof Limits, string]>([
    ['writes', 'api.stock.set("more", 1); return 1'],
    ['calls', 'api.stock.get("a"); api.stock.get("a"); return 1'],
    ['log_bytes', 'api.log("0123456789"); return 1'],
    ['argument_bytes', 'for (let i = 0; i < 4; i++) try { api.stock.get("x".repeat(200)) } catch {} return 1'],
  ])("'limit': it uses up its %s", (name, body) => {
    const limits = { writes: 3, calls: 4, log_bytes: 9, argument_bytes: 500 };
    return every({
      reason: 'limit',
      detail: name,
      body,
      limits: name === 'writes' ? { writes: 3 } : { [name]: limits[name as 'calls'] },
    });
  });

  it("'lock-timeout': it hoards a lock that another waits for", () =>
    every({
      reason: 'lock-timeout',
      body: AT_GATE,
      detail: 'stock[a]',
      async meanwhile({ reached }) {
        await reached;
        const other = wanting('a');
        base.clock.advance(500);
        expect(base.stock.set(other, 'a', 0)).toBe(undefined);
        other.abort();
      },
    }));

  it("'invalid-answer': its answer does not satisfy the schema, at a path", () =>
    every({
      reason: 'invalid-answer',
      body: 'return { rows: [1, "two"] }',
      detail: expect.stringMatching(/^(\.rows\.1)?: /),
    }));

  it("'invalid-answer': its answer is not plain data, at a path", () =>
    every({
      reason: 'invalid-answer',
      body: 'return { rows: [1, NaN] }',
      detail: expect.stringContaining('answer.rows[1]: a number'),
    }));

  it("'compartment-lost': its process dies of the signal that an engine ends itself with", () =>
    every({
      reason: 'compartment-lost',
      body: AT_GATE,
      detail: 'the process ended (SIGABRT)',
      async meanwhile({ reached }) {
        await reached;
        for (const pid of base.maker?.pids ?? []) process.kill(pid, 'SIGABRT');
      },
    }));

  it("'not-callable': its compartment asks for an accessor that was not granted", () =>
    every({
      reason: 'not-callable',
      body: '',
      detail: 'accessor number 10',
      kind: 'direct',
      options: { compartments: grasping },
    }));
});

/**
 * Does what the other grafts do, then asks for an accessor beyond those it was told of, and takes no notice of the
 * error.
 */
const grasp = (call: CompartmentCall, names: readonly string[]): Ending => {
  if (call.input === 'next') return { kind: 'value', value: 'fine', own_ms: 0 };
  call.callAccessor(names.indexOf('stock.set'), ['a', 9]);
  call.callAccessor(names.indexOf('stock.set'), ['new', 1]);
  call.callAccessor(names.indexOf('stock.delete'), ['b']);
  expect(() => call.callAccessor(names.length, [])).toThrow(expect.objectContaining({ code: 'GRAFT_ABORTED' }));
  return { kind: 'value', value: 'all is well', own_ms: 0 };
};

const grasping: CompartmentMaker = {
  kind: 'process',
  waits: true,
  load: async ({ grafts }) => ({
    kind: 'process',
    waits: true,
    heaps: 1,
    run: (call) => grasp(call, grafts[0]?.callable ?? []),
    abandon: () => {},
    dispose: () => {},
  }),
  close: () => {},
};

describe('the host’s fault: the graft stays', () => {
  it("'host-fault': an accessor of the host fails, and the graft takes no notice", () =>
    every({
      reason: 'host-fault',
      body: 'try { api.broken() } catch {} return "all is well";',
      detail: 'api.broken failed',
      innocent: true,
    }));
});

describe('nobody’s fault: the call as a whole ends, the graft stays', () => {
  it("'total-time': the request's deadline passes", () =>
    every({
      reason: 'total-time',
      body: AT_GATE,
      whole: true,
      async meanwhile({ reached }) {
        await reached;
        base.clock.advance(2000);
      },
    }));

  it("'cancelled': the caller gives up", () =>
    every({
      reason: 'cancelled',
      body: AT_GATE,
      whole: true,
      async meanwhile({ reached, signal }) {
        await reached;
        signal.abort();
      },
    }));

  it("'deadlock': it is the youngest of those who wait for each other", () => {
    let elder: Transaction;
    return every({
      reason: 'deadlock',
      body: 'api.wait(input); api.stock.get("z"); return "late";',
      whole: true,
      before() {
        elder = base.transactions.begin();
        base.stock.set(elder, 'z', 0);
      },
      async meanwhile({ policy, reached }) {
        await reached;
        expect(base.stock.set(elder, 'a', 0)).toBeInstanceOf(Ticket);
        base.gate(policy).open();
      },
      after() {
        expect(base.stock.set(elder, 'a', 0)).toBe(undefined);
        elder.abort();
      },
    });
  });

  it("'store-conflict': the store refuses to commit", () => {
    const participant = {
      joined: (txn: Transaction) => base.stock.get(txn, 'a') === 9,
      commit: () => badArgument('the row has changed'),
    };
    return every({ reason: 'store-conflict', body: 'return "done"', whole: true, options: { participant } });
  });
});
