// Plugins in processes: kills from outside and from within, the pipe and the queue, spares, and what is left of a
// process when its plugin goes.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Callable, GraftPoint } from '../../../src/plugins/index.ts';
import { type BaseOptions, isAlive, openBase, type TestBase, until } from '../../support/base.ts';
import { Random } from '../../support/random.ts';

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
/** Returns only when the process is killed. */
/** Takes the engine a quarter of a minute, in which it looks at nothing. */
const FOR_EVER = 'BigInt("9".repeat(2 ** 26));';

let base: TestBase;
/** How often grafts have called `attempt`, whatever became of their transactions. */
let attempts: number;

beforeEach(() => {
  attempts = 0;
});
afterEach(() => base.close());

const open = (processes: BaseOptions['processes'] = {}): void => {
  base = openBase('process', { processes });
};

const attempt: Callable = { waits: false, run: () => ++attempts };

const offered = () => ({ ...base.callable, wait: base.wait, attempt });
const point = (options: object = {}): GraftPoint<unknown, string> =>
  base.point({ ...FUNCTION, callable: offered(), ...options });
const pids = (): number[] => base.maker?.pids ?? [];
const kill = (): void => {
  for (const pid of pids()) process.kill(pid, 'SIGKILL');
};
const committed = (value: unknown): object => expect.objectContaining({ status: 'committed', value });

describe('a process killed from outside', () => {
  it('while its graft waits for the host: the call is undone and done again, uncounted', async () => {
    open();
    const p = point();
    const plugin = await base.install(
      'a',
      '{ graft: (input, api) => { api.log("begun"); ' +
        'api.stock.set("n" + api.attempt(), 1); api.wait("gate"); return "done" } }',
    );
    const outcome = base.invoke(p, 1);
    await base.gate('gate').reached;
    kill();
    await until(() => attempts === 2);
    base.gate('gate').open();
    expect(await outcome).toEqual(committed('done'));
    expect(base.state).toEqual({ a: 1, b: 2, n2: 1 });
    expect(base.lines).toEqual([['begun']]);
    expect([plugin.grafts[0]?.aborts, plugin.grafts[0]?.repeats]).toEqual([0, 1]);
  });

  it('while its graft runs: the same', async () => {
    open();
    const p = point({ limits: { own_ms: 20_000 } });
    const plugin = await base.install(
      'a',
      '{ graft: (input, api) => { if (api.attempt() === 1) for (;;); return "done" } }',
    );
    const outcome = base.invoke(p, 1);
    await until(() => attempts === 1);
    kill();
    expect(await outcome).toEqual(committed('done'));
    expect([attempts, plugin.grafts[0]?.aborts, plugin.grafts[0]?.repeats]).toEqual([2, 0, 1]);
  });

  it('with calls in its pipe: all are done elsewhere', async () => {
    open({ processes: 1 });
    const p = point({ limits: { own_ms: 20_000 } });
    await base.install('a', '{ graft: (input, api) => { if (api.attempt() === 1) for (;;); return input } }');
    const outcomes = [1, 2, 3].map((input) => base.invoke(p, input));
    await until(() => attempts === 1);
    kill();
    expect(await Promise.all(outcomes)).toEqual([1, 2, 3].map(committed));
  });

  it('with nothing to do: the next call finds another', async () => {
    open();
    const p = point();
    await base.install('a', '{ graft: () => "done" }');
    const before = pids();
    kill();
    await until(() => !before.some(isAlive));
    expect(await base.invoke(p, 1)).toEqual(committed('done'));
    expect(pids()).toHaveLength(1);
  });

  it('again and again at the same call: a plugin that makes the system kill it is to blame in the end', async () => {
    open();
    const p = point({ limits: { own_ms: 20_000 } });
    await base.install('a', '{ graft: (input, api) => { api.attempt(); for (;;); } }');
    let over = false;
    const outcome = base.invoke(p, 1).finally(() => {
      over = true;
    });
    for (let seen = 0; !over; seen = attempts) {
      await until(() => over || attempts > seen);
      kill();
    }
    expect(await outcome).toMatchObject({ status: 'default', grafts: [{ reason: 'compartment-lost', removed: true }] });
  });
});

describe('a call that never returns', () => {
  it('takes its process with it; its neighbours in the pipe are done elsewhere, and are not blamed', async () => {
    open({ groupOf: () => 'all', processes: 1 });
    const bad = point({ limits: { own_ms: 50 } });
    const good = point({ name: 'q', limits: { own_ms: 50 } });
    await base.install('bad', `{ graft: () => { ${FOR_EVER} } }`);
    const plugin = await base.install('good', '{ graft: (input) => input }', {
      grafts: [{ point: 'q', export: 'graft' }],
    });
    const [first] = pids();
    const outcomes = [base.invoke(bad, 0), ...[1, 2, 3].map((input) => base.invoke(good, input))];
    expect(await Promise.all(outcomes)).toEqual([
      expect.objectContaining({
        status: 'default',
        grafts: [expect.objectContaining({ reason: 'own-time', removed: true })],
      }),
      ...[1, 2, 3].map(committed),
    ]);
    expect([plugin.grafts[0]?.aborts, plugin.grafts[0]?.repeats]).toEqual([0, 3]);
    expect(pids()).not.toContain(first);
  });

  it('and was given up before its time: its process goes all the same, and the next call is not blamed', async () => {
    open({ groupOf: () => 'all', processes: 1 });
    const bad = point({ limits: { own_ms: 300 } });
    const good = point({ name: 'q', limits: { own_ms: 300 } });
    await base.install('bad', `{ graft: (input, api) => { api.attempt(); ${FOR_EVER} } }`);
    const plugin = await base.install('good', '{ graft: () => "good" }', { grafts: [{ point: 'q', export: 'graft' }] });
    const [first] = pids();
    const controller = new AbortController();
    const outcome = base.invoke(bad, 0, { signal: controller.signal });
    await until(() => attempts === 1);
    controller.abort();
    expect(await outcome).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect(await base.invoke(good, 0)).toEqual(committed('good'));
    expect(plugin.grafts[0]?.aborts).toBe(0);
    expect(isAlive(first as number)).toBe(false);
  });

  it('and was given up, with nobody behind it: no process burns on', async () => {
    open();
    const p = point({ limits: { own_ms: 100 } });
    await base.install('a', `{ graft: (input, api) => { api.attempt(); ${FOR_EVER} } }`);
    const [first] = pids();
    const controller = new AbortController();
    const outcome = base.invoke(p, 0, { signal: controller.signal });
    await until(() => attempts === 1);
    controller.abort();
    await outcome;
    await until(() => !isAlive(first as number));
  });
});

describe('a fresh heap', () => {
  const COUNTING = 'let n = 0;';

  it('after an abort that the host decided', async () => {
    open();
    const p = point({ budget: 9, check: (answer: unknown) => answer !== 2 });
    await base.install('a', '{ graft: () => ++n }', {}, COUNTING);
    const answers = [];
    for (let call = 0; call < 4; call++) answers.push((await base.invoke(p, 1)).grafts[0]?.status);
    expect(answers).toEqual(['committed', 'aborted', 'committed', 'aborted']);
  });

  it('after an exhausted limit that an event’s graft has caught', async () => {
    open();
    const event = base.point({ name: 'p', kind: 'event', budget: 9, limits: { writes: 1 }, callable: base.callable });
    const source =
      '(input, api) => { n++; try { api.stock.set("n" + n, n); if (input) api.stock.set("a", n) } catch {} }';
    await base.install('a', `{ graft: ${source} }`, {}, COUNTING);
    for (const input of [false, true, false]) await base.invoke(event, input);
    expect(base.reports.map(({ status }) => status)).toEqual(['committed', 'aborted', 'committed']);
    expect(base.state).toEqual({ a: 1, b: 2, n1: 1 });
  });

  it('after a commit that was undone with the call around it: a later link fails, or the store refuses', async () => {
    let refuses = false;
    const commit = (): void => {
      if (refuses) throw new Error('no');
    };
    base = openBase('process', { participant: { joined: () => true, commit } });
    const chain = base.point<number, number>({ name: 'p', kind: 'chain', budget: 9, onFault: 'fail' });
    await base.install(
      'first',
      '{ graft: () => ++n }',
      { grafts: [{ point: 'p', export: 'graft', order: 1 }] },
      COUNTING,
    );
    await base.install('second', '{ graft: (input) => { if (input === 2) throw 1; return input } }', {
      grafts: [{ point: 'p', export: 'graft', order: 2 }],
    });
    const values = [];
    for (refuses of [false, false, true, false]) {
      const outcome = await base.invoke(chain, 0);
      values.push(outcome.status === 'committed' ? outcome.value : outcome.status);
    }
    expect(values).toEqual([1, 'failed', 'aborted', 1]);
  });

  it('for calls that were in the pipe behind the one that aborted', async () => {
    open({ processes: 1 });
    const p = point({ budget: 9, check: (answer: unknown) => answer !== 'bad' });
    await base.install('a', '{ graft: (input) => { n++; return input === 0 ? "bad" : n } }', {}, COUNTING);
    const outcomes = await Promise.all([0, 1, 2].map((input) => base.invoke(p, input)));
    expect(outcomes).toEqual([expect.objectContaining({ status: 'default' }), committed(1), committed(2)]);
  });

  it('made by a module that takes its time, is not counted against the next call', async () => {
    open({ processes: 1 });
    const p = point({ budget: 9, limits: { own_ms: 100 } });
    const slowly = 'const until = Date.now() + 400; while (Date.now() < until);';
    const plugin = await base.install('a', '{ graft: (input) => { if (input) throw 1; return "done" } }', {}, slowly);
    await base.invoke(p, true);
    expect(await base.invoke(p, false)).toEqual(committed('done'));
    expect([plugin.grafts[0]?.aborts, plugin.grafts[0]?.repeats]).toEqual([1, 0]);
  });
});

describe('the pipe and the queue', () => {
  it('calls behind one that waits for a lock go on elsewhere', async () => {
    open({ processes: 2 });
    const p = point();
    const plugin = await base.install('a', '{ graft: (input, api) => input === 0 ? api.stock.get("a") : input }');
    const other = base.transactions.begin();
    base.stock.set(other, 'a', 'held');
    const outcomes = [0, 1, 2].map((input) => base.invoke(p, input));
    expect(await Promise.all(outcomes.slice(1))).toEqual([committed(1), committed(2)]);
    expect(plugin.grafts[0]?.repeats).toBe(2);
    other.commit();
    expect(await outcomes[0]).toEqual(committed('held'));
  });

  it('a call that holds locks is not put behind another', async () => {
    open({ processes: 2 });
    const p = point({ limits: { own_ms: 20_000 } });
    await base.install(
      'a',
      '{ graft: (input, api) => { if (input === 0 && api.attempt() === 1) for (;;); return input } }',
    );
    const [first] = pids();
    const slow = base.invoke(p, 0);
    const txn = base.transactions.begin();
    base.stock.set(txn, 'a', 5);
    expect(await base.invoke(p, 1, { txn })).toEqual(committed(1));
    txn.commit();
    process.kill(first as number, 'SIGKILL');
    expect(await slow).toEqual(committed(0));
  });

  it('a call that waits only for the process it keeps itself is a deadlock', async () => {
    open({ groupOf: () => 'all', processes: 1 });
    point({ name: 'q' });
    const p = base.point({ ...FUNCTION, callable: { ...offered(), q: base.nested('q') } });
    await base.install('inner', '{ graft: () => "in" }', { grafts: [{ point: 'q', export: 'graft' }] });
    await base.install('outer', '{ graft: (input, api) => api.q(1) }');
    expect(await base.invoke(p, 1)).toMatchObject({ status: 'aborted', reason: 'deadlock' });
    expect([base.points.get('q').grafts.length, p.grafts.length]).toEqual([1, 1]);
  });

  it('calls that keep all processes and wait for one more are a deadlock: the youngest gives way', async () => {
    open({ groupOf: () => 'all', processes: 2 });
    point({ name: 'q' });
    const p = base.point({ ...FUNCTION, callable: { ...offered(), q: base.nested('q') } });
    await base.install('inner', '{ graft: () => "in" }', { grafts: [{ point: 'q', export: 'graft' }] });
    await base.install('outer', '{ graft: (input, api) => { api.attempt(); api.wait(input); return api.q(1) } }');
    const elder = base.invoke(p, 'first');
    await base.gate('first').reached;
    const younger = base.invoke(p, 'second');
    await base.gate('second').reached;
    for (const gate of ['first', 'second']) base.gate(gate).open();
    expect(await younger).toMatchObject({ status: 'aborted', reason: 'deadlock' });
    expect(await elder).toEqual(committed('in'));
  });
});

describe('processes', () => {
  it('are as many as are needed, and a spare', async () => {
    open({ spares: 1 });
    const p = point();
    await base.install('a', '{ graft: () => "done" }');
    await until(() => base.maker?.processes === 2);
    kill();
    expect(await base.invoke(p, 1)).toEqual(committed('done'));
    await until(() => base.maker?.processes === 2);
    expect(pids()).toHaveLength(1);
  });

  it('grow to their bound while calls wait, and no further', async () => {
    open({ processes: 3 });
    const p = point();
    await base.install('a', '{ graft: (input, api) => { api.attempt(); api.wait("gate"); return input } }');
    const inputs = [1, 2, 3, 4, 5];
    const outcomes = inputs.map((input) => base.invoke(p, input));
    await until(() => attempts === 3);
    expect(pids()).toHaveLength(3);
    base.gate('gate').open();
    expect(await Promise.all(outcomes)).toEqual(inputs.map(committed));
    expect(pids()).toHaveLength(3);
  });

  it('go when their plugin goes', async () => {
    open();
    const p = point();
    await base.install('a', '{ graft: () => { throw 1 } }');
    const [first] = pids();
    await base.invoke(p, 1);
    await until(() => !isAlive(first as number));
    await base.install('a', '{ graft: () => 1 }');
    const [second] = pids();
    base.plugins.remove('a');
    await until(() => !isAlive(second as number));
    expect(base.maker?.processes).toBe(0);
  });

  it('end beyond their resident-set limit, whatever the engine counts', async () => {
    open();
    const p = point({ limits: { own_ms: 20_000, memory_mb: 32 } });
    await base.install(
      'a',
      '{ graft: () => { let s = "x"; for (let i = 0; i < 26; i++) s += s; ({ ...s }); return 1 } }',
    );
    expect(await base.invoke(p, 1)).toMatchObject({
      grafts: [{ reason: 'memory-limit', detail: 'the process was killed' }],
    });
  });

  it('see nothing of the host’s environment but its time zone and locale', async () => {
    process.env.SWORDFISH = 'secret';
    // Behind walls nobody of the same user may look.
    open({ walls: 'none' });
    point();
    await base.install('a', '{ graft: () => 1 }');
    const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
    expect(readFileSync(`/proc/${pids()[0]}/environ`, 'utf8')).toBe(`LC_ALL=${locale}\0TZ=${timeZone}\0`);
    expect(readFileSync(`/proc/${process.pid}/cmdline`, 'utf8')).not.toBe('');
    Reflect.deleteProperty(process.env, 'SWORDFISH');
  });
});

describe('a load with random kills', () => {
  const CALLERS = 8;
  const KILLS = 20;

  it.each([1, 2])('loses no call of an honest graft and counts each once, seed %i', async (seed) => {
    open({ spares: 1 });
    const random = new Random(seed);
    const p = point({ limits: { own_ms: 20_000 } });
    // It writes first: two that read and then both want to write would wait for each other.
    const source =
      '(input, api) => { api.stock.set("turn", input); ' +
      'const n = (api.stock.get("n") ?? 0) + 1; api.stock.set("n", n); return n }';
    await base.install('honest', `{ graft: ${source} }`);
    let running = true;
    let calls = 0;
    const failed: unknown[] = [];
    const caller = async (number: number): Promise<void> => {
      while (running && failed.length === 0) {
        const outcome = await base.invoke(p, number);
        calls++;
        if (outcome.status !== 'committed') failed.push({ seed, outcome });
      }
    };
    const callers = Array.from({ length: CALLERS }, (_, number) => caller(number));
    for (let kills = 0; kills < KILLS; kills++) {
      const next = calls + random.below(300);
      await until(() => calls > next || failed.length > 0);
      if (pids().length > 0) process.kill(random.pick(pids()), 'SIGKILL');
    }
    running = false;
    await Promise.all(callers);
    expect(failed).toEqual([]);
    expect({ seed, n: base.state.n }).toEqual({ seed, n: calls });
  });
});
