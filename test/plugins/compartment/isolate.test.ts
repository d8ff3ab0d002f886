// The isolate compartment: what conformance does not ask of every kind. Its clock, its nested calls, its columns, its
// ends.

import { afterEach, describe, expect, it } from '@jest/globals';
import type { ColumnMemory } from '../../../src/plugins/columns.ts';
import type { Compartment, CompartmentCall, Ending } from '../../../src/plugins/compartment/compartment.ts';
import { IsolateMaker, type IsolateOptions } from '../../../src/plugins/compartment/index.ts';
import { GraftError } from '../../../src/plugins/errors.ts';
import type { Failure } from '../../../src/plugins/protocol.ts';

interface Options extends IsolateOptions {
  readonly before?: string;
  readonly memory_mb?: number;
  readonly load_ms?: number;
  readonly columns?: readonly ColumnMemory[];
}

let compartment: Compartment | undefined;
afterEach(() => compartment?.dispose());

/** Grafts by number; each may call `host` and `other.call`. */
const load = async (grafts: readonly string[], options: Options = {}): Promise<Compartment> => {
  const { before = '', memory_mb = 32, load_ms = 5000, columns = [], ...maker } = options;
  compartment = await new IsolateMaker(maker).load({
    plugin: 'p',
    code:
      `(() => { 'use strict'; ${before}\n` +
      `return { ${grafts.map((graft, index) => `g${index}: ${graft}`).join(', ')} }; })()`,
    memory_mb,
    load_ms,
    grafts: grafts.map((_, index) => ({ export: `g${index}`, callable: ['host', 'other.call'], columns })),
  });
  return compartment;
};

type Host = (index: number, args: readonly unknown[], call: CompartmentCall) => unknown;

interface FakeCall extends CompartmentCall {
  restarts: number;
}

const AMPLE_MS = 5000;

const callOf = (input: unknown = null, host: Host = () => null, part: Partial<CompartmentCall> = {}): FakeCall => ({
  index: 0,
  input,
  own_ms: AMPLE_MS,
  principal: '',
  ignoresAnswer: false,
  at: null,
  lingers: false,
  txn: { parent: null } as never,
  restarts: 0,
  callAccessor(index, args) {
    return host(index, typeof args === 'string' ? JSON.parse(args || '[]') : args, this);
  },
  restart() {
    this.restarts++;
    return true;
  },
  tell: () => {},
  ended: () => {},
  ...part,
});

const run = (call: CompartmentCall): Ending => compartment?.run?.(call) as Ending;
const answerOf = (ending: Ending): unknown => (ending.kind === 'value' ? ending.value : ending);
const failureOf = (ending: Ending): Failure => {
  if (ending.kind !== 'failed') throw new Error(`ended as ${JSON.stringify(ending)}`);
  return ending.failure;
};

describe('what crosses', () => {
  it.each([
    0,
    -0,
    1,
    -7,
    2 ** 31,
    2 ** 53 - 1,
    0.1,
    2 ** 51 + 0.5,
    5e-324,
    true,
    false,
    null,
    '',
    'ä€😀',
    'x'.repeat(900_000),
    [],
    { a: ['b'] },
  ])('is the same both ways: value %#', async (value) => {
    await load(['(input) => input']);
    expect(answerOf(run(callOf(value)))).toEqual(value);
    await load(['async (input) => { await null; return input }']);
    expect(answerOf(run(callOf(value)))).toEqual(value);
  });

  it('is nothing where the answer is ignored, whatever it is', async () => {
    await load(['() => new Proxy({}, {})']);
    expect(answerOf(run(callOf(null, undefined, { ignoresAnswer: true })))).toBe(null);
  });

  it('is the arguments of a host call and its answer, in the middle of the graft', async () => {
    await load(['(input, api) => [api.host(input, [1]), api.other.call()]']);
    const seen: unknown[] = [];
    const host: Host = (index, args) => seen.push([index, args]);
    expect(answerOf(run(callOf('in', host)))).toEqual([1, 2]);
    expect(seen).toEqual([
      [0, ['in', [1]]],
      [1, []],
    ]);
  });

  it('is the code and the message of a host’s error, and nothing else of it', async () => {
    await load([
      '(input, api) => { try { api.host() } catch (e) { ' +
        'return [e instanceof Error, e.code, e.message, Object.keys(e), e.stack.includes("secret")] } }',
    ]);
    const host: Host = () => {
      throw Object.assign(new GraftError('GRAFT_NEEDS', 'no'), { stack: 'secret', password: 'secret' });
    };
    expect(answerOf(run(callOf(null, host)))).toEqual([true, 'GRAFT_NEEDS', 'no', ['code'], false]);
  });
});

describe('the api', () => {
  it('is one object for all calls of a graft, and another for another graft, where it does not work', async () => {
    const before =
      'let kept; const same = (api) => { const was = kept; kept ??= api; return was === undefined || was === api };';
    await load(
      [
        '(input, api) => same(api)',
        '(input, api) => { try { kept.host() } catch (e) { return [same(api), e.message] } }',
      ],
      {
        before,
      },
    );
    expect(answerOf(run(callOf()))).toBe(true);
    expect(answerOf(run(callOf()))).toBe(true);
    expect(answerOf(run(callOf(null, undefined, { index: 1 })))).toEqual([
      false,
      'api.host: the call that this function was made for has ended',
    ]);
  });

  it('refuses with what was refused in this very call only', async () => {
    const graft =
      '(input) => { try { __graftwork_refuse("c", "m") } catch (e) { if (input) kept = e; else throw kept } return 1 }';
    await load([graft], { before: 'let kept;' });
    expect(answerOf(run(callOf(true)))).toBe(1);
    expect(failureOf(run(callOf(false)))).toMatchObject({ reason: 'thrown', name: 'Refusal' });
  });
});

const column = (name: string, type: ColumnMemory['type'], length: number, bytes: number): ColumnMemory => ({
  name,
  type,
  length,
  buffer: new SharedArrayBuffer(length * bytes),
});

describe('columns', () => {
  it('are the host’s memory, as frozen typed arrays by name', async () => {
    const columns = [column('u', 'u8', 2, 1), column('i', 'i32', 2, 4), column('f', 'f64', 2, 8)];
    const graft =
      '(input, api) => { const { u, i, f } = api.columns; f[1] = u[0] + i[0]; u[1] = 300; ' +
      'return [Object.keys(api.columns), u instanceof Uint8Array, i.length, Object.isFrozen(api.columns)] }';
    await load([graft, graft], { columns });
    new Uint8Array(columns[0]?.buffer as SharedArrayBuffer)[0] = 200;
    new Int32Array(columns[1]?.buffer as SharedArrayBuffer)[0] = -5;
    expect(answerOf(run(callOf(null, undefined, { index: 1 })))).toEqual([['u', 'i', 'f'], true, 2, true]);
    expect(new Float64Array(columns[2]?.buffer as SharedArrayBuffer)[1]).toBe(195);
    expect(new Uint8Array(columns[0]?.buffer as SharedArrayBuffer)[1]).toBe(300 % 256);
  });

  it('are the same memory for the isolate that follows an abort', async () => {
    const columns = [column('u', 'u8', 1, 1)];
    await load(['(input, api) => { api.columns.u[0]++; if (input) throw 1; return api.columns.u[0] }'], { columns });
    expect(failureOf(run(callOf(true))).reason).toBe('thrown');
    expect(answerOf(run(callOf(false)))).toBe(2);
  });

  it('give a graft no way to more shared memory', async () => {
    const graft =
      '(input, api) => { const b = api.columns.u.buffer; ' +
      'return ["constructor", "slice", "grow"].map((k) => Object.hasOwn(Object.getPrototypeOf(b), k))' +
      '.concat(b.constructor === Object) }';
    await load([graft], { columns: [column('u', 'u8', 1, 1)] });
    expect(answerOf(run(callOf()))).toEqual([false, false, false, true]);
  });
});

describe('the clock', () => {
  it('counts what is spent inside, and nothing that is spent in host calls', async () => {
    let now = 0;
    await load(['(input, api) => { api.host(); return api.host() }'], { now_ms: () => now });
    const host: Host = () => {
      now += 1000;
      return now;
    };
    expect(run(callOf(null, host, { own_ms: 50 }))).toEqual({ kind: 'value', value: 2000, own_ms: 0 });
  });

  it('ends a graft that has used its time up as soon as it calls the host', async () => {
    let now = 0;
    const clocks = { now_ms: () => now++, cpu_ms: () => now };
    await load(['(input, api) => { for (;;) try { api.host() } catch {} }'], clocks);
    let calls = 0;
    const host: Host = () => calls++;
    expect(failureOf(run(callOf(null, host, { own_ms: 20 }))).reason).toBe('own-time');
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThan(20);
  });

  it('ends a loop of host calls on a busy machine, where most time passes without a processor', async () => {
    let now = 0;
    // A tenth of all time is the thread's, inside and in the host alike.
    const clocks = { now_ms: () => ++now, cpu_ms: () => now / 10 };
    await load(['(input, api) => { for (;;) try { api.host() } catch {} }'], clocks);
    let calls = 0;
    const host: Host = () => {
      now += 5;
      return calls++;
    };
    expect(failureOf(run(callOf(null, host, { own_ms: 20 }))).reason).toBe('own-time');
    // As much as a tenth of what passes inside: three looks at the clock a call.
    expect(calls).toBeGreaterThan(20);
    expect(calls).toBeLessThan(400);
  });

  it.each([
    ['a loop', '() => { for (;;); }'],
    ['a loop that catches', '() => { for (;;) try { for (;;); } catch {} }'],
    ['a loop around a built-in that unrolls', '() => { for (;;) new Array(1000).fill(1.5) }'],
    ['a loop after a host call', '(input, api) => { api.host(); for (;;); }'],
    ['a loop of host calls', '(input, api) => { for (;;) api.host() }'],
    ['a catastrophic expression', '() => /(a+)+b/.test("a".repeat(40))'],
    ['a loop in a microtask', 'async () => { await null; for (;;); }'],
    ['an endless chain of promises', 'async () => { for (;;) await null }'],
    ['an endless chain that nobody waits for', '() => { (async () => { for (;;) await null })(); return 1 }'],
    [
      'a flood of microtasks',
      '() => { const f = () => { Promise.resolve().then(f); Promise.resolve().then(f) }; f(); return 1 }',
    ],
    ['a looping getter of an error', '() => { throw { get message() { for (;;); } } }'],
    ['a looping getter of a rejection', 'async () => { throw { get stack() { for (;;); } } }'],
    [
      'a looping getter of a rejection that nobody handles',
      '() => { Promise.reject({ get message() { for (;;); } }); return 1 }',
    ],
    [
      'the same in a class',
      '() => { Promise.reject(new (class extends Error { get message() { for (;;); } })()); return 1 }',
    ],
  ])('ends %s, uncatchably, and the next call finds a fresh heap', async (_, graft) => {
    await load([graft, '() => ++n'], { before: 'let n = 0;' });
    const other = { index: 1 };
    expect([answerOf(run(callOf(null, undefined, other))), answerOf(run(callOf(null, undefined, other)))]).toEqual([
      1, 2,
    ]);
    expect(failureOf(run(callOf(null, undefined, { own_ms: 30 }))).reason).toBe('own-time');
    expect(answerOf(run(callOf(null, undefined, other)))).toBe(1);
  });

  it.each([
    ['objects', '() => { const a = []; for (;;) a.push({ n: a.length }) }'],
    ['filled arrays', '() => { const a = []; for (;;) a.push(new Array(1000).fill(1.5)) }'],
    ['texts', '() => { const a = []; for (let i = 0; ; i++) a.push("abc".repeat(1000) + i) }'],
  ])('is not waited for by a hoard of %s', async (_, graft) => {
    await load([graft, '() => 1'], { memory_mb: 16 });
    expect(failureOf(run(callOf(null, undefined, { own_ms: 30_000 }))).reason).toBe('memory-limit');
    expect(answerOf(run(callOf(null, undefined, { index: 1 })))).toBe(1);
  });

  it.each([
    ['loops', 'for (;;);', /own-time/],
    ['throws', 'throw new TypeError("no");', /thrown: TypeError: no/],
    ['hoards memory', 'const a = []; for (;;) a.push({ n: a.length });', /memory-limit/],
    ['rejects', 'Promise.reject({ get message() { for (;;); } });', /own-time/],
  ])('runs while a module is evaluated that %s', async (_, before, message) => {
    const load_ms = message.source === 'own-time' ? 30 : AMPLE_MS;
    const loaded = load(['() => 1'], { before, load_ms, memory_mb: 16 });
    await expect(loaded).rejects.toMatchObject({
      code: 'GRAFT_INSTALL_FAILED',
      message: expect.stringMatching(message),
    });
  });
});

describe('nested calls', () => {
  /** A host whose accessor calls graft 0 again with one less, down to 0. */
  const again: Host = (_index, [input]) => answerOf(run(callOf(input, again)));

  it('run in isolates of their own, each with its own variables, which stay theirs', async () => {
    const graft =
      '(input, api) => { const mine = ++n; const inner = input > 0 ? api.host(input - 1) : []; ' +
      'return [mine === n, n, ...inner] }';
    await load([graft], { before: 'let n = 0;' });
    expect(answerOf(run(callOf(3, again)))).toEqual([true, 1, true, 1, true, 1, true, 1]);
    expect(answerOf(run(callOf(2, again)))).toEqual([true, 2, true, 2, true, 2]);
  });

  it('are at most four deep in one thread; nobody is blamed for a fifth', async () => {
    await load(['(input, api) => { try { return api.host(input - 1) } catch (e) { return [input, e.code] } }']);
    expect(answerOf(run(callOf(5, again)))).toEqual([2, 'GRAFT_OVERLOADED']);
  });

  it.each([
    ['loops', 'for (;;);', 'own-time'],
    ['throws', 'throw 1;', 'thrown'],
    ['hoards memory', 'const a = []; for (;;) a.push({ n: a.length });', 'memory-limit'],
  ])('may fail without the outer one: the inner %s', async (_, body, reason) => {
    await load(
      [`(input, api) => { if (input === "inner") { ${body} } return [api.host("inner"), api.host("inner")] }`],
      { memory_mb: 16 },
    );
    const host: Host = (_index, [input]) =>
      failureOf(run(callOf(input, host, { own_ms: reason === 'own-time' ? 30 : AMPLE_MS }))).reason;
    expect(answerOf(run(callOf('outer', host)))).toEqual([reason, reason]);
  });

  it('leave the outer one to its own clock', async () => {
    await load(['(input, api) => { if (input) return 1; api.host(true); for (;;); }']);
    expect(failureOf(run(callOf(false, again, { own_ms: 30 }))).reason).toBe('own-time');
    expect(answerOf(run(callOf(true)))).toBe(1);
  });

  it('find stack where the outer one has used its own up', async () => {
    const graft =
      '(input, api) => { if (input === 0) return "inner"; let got; ' +
      'const f = () => { try { f() } catch (e) { got ??= api.host(0); throw e } }; try { f() } catch {} return got }';
    await load([graft]);
    expect(answerOf(run(callOf(0)))).toBe('inner');
    let asked = 0;
    const counted: Host = (...args) => {
      asked++;
      return again(...args);
    };
    expect(answerOf(run(callOf(1, counted)))).toBe('inner');
    expect(answerOf(run(callOf(1, counted)))).toBe('inner');
    expect(asked).toBe(2);
  });
});

describe('a call that the host gives up', () => {
  it('ends when its host call returns, whatever it catches, and its heap goes', async () => {
    await load(['(input, api) => { n++; if (input) for (;;) try { api.host() } catch {} return n }'], {
      before: 'let n = 0;',
    });
    const host: Host = (_index, _args, call) => {
      compartment?.abandon(call);
      return null;
    };
    expect(failureOf(run(callOf(true, host))).reason).toBe('compartment-lost');
    expect(answerOf(run(callOf(false)))).toBe(1);
  });

  it('when it has ended loses its heap', async () => {
    await load(['() => ++n'], { before: 'let n = 0;' });
    const call = callOf();
    expect([run(call), run(callOf())].map(answerOf)).toEqual([1, 2]);
    compartment?.abandon(call);
    expect(answerOf(run(callOf()))).toBe(1);
  });

  it('and begins anew finds a fresh heap', async () => {
    await load(['() => ++n'], { before: 'let n = 0;' });
    const call = callOf();
    expect([run(call), run(call)].map(answerOf)).toEqual([1, 1]);
  });
});

describe('spares', () => {
  /** What a run loads is seen by its looking at the clock more than twice. */
  const looksDuring = (now: { looks: number }): number => {
    now.looks = 0;
    expect(answerOf(run(callOf(false)))).toBe(1);
    return now.looks;
  };

  it.each([0, 1])(
    'are made when the event loop turns, so that a call after an abort loads nothing: %i',
    async (spares) => {
      const now = { looks: 0 };
      await load(['(input) => { if (input) throw 1; return ++n }'], {
        before: 'let n = 0;',
        spares,
        now_ms: () => now.looks++,
      });
      await new Promise((resolve) => setImmediate(resolve));
      expect(failureOf(run(callOf(true))).reason).toBe('thrown');
      const looks = looksDuring(now);
      expect(looks > 2).toBe(spares === 0);
    },
  );
});
