// What a graft finds in its realm, what it may answer and how it may fail, seen through a real process.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ANSWER_IGNORED, type Failure } from '../../../src/plugins/protocol.ts';
import { type LoadOptions, type RawChild, type Received, startChild } from './raw-child.ts';

let child: RawChild;
let realms = 0;

beforeAll(async () => {
  child = await startChild();
});
afterAll(() => child.kill());

/** Loads `before` and a graft; the number of the realm. */
const load = async (graft: string, before = '', options: LoadOptions = {}): Promise<number> => {
  const realm = ++realms;
  expect(await child.load(realm, `${before}\n;({ graft: ${graft} })`, options)).toMatchObject({
    type: 'RESULT',
    call: realm,
    json: ['graft'],
  });
  return realm;
};

const outcome = async (
  graft: string,
  input: unknown = null,
  before = '',
  options: LoadOptions = {},
  own_ms = 1000,
): Promise<Received> => child.call(await load(graft, before, options), input, { own_ms });

const failure = async (graft: string, before = '', own_ms = 1000, options: LoadOptions = {}): Promise<Failure> => {
  const { type, json } = await outcome(graft, null, before, options, own_ms);
  expect(type).toBe('FAILED');
  return json as Failure;
};

describe('answers', () => {
  it.each([
    ['a number', '(input) => input.n + 1', { n: 1 }, 2],
    ['an async function', 'async (input) => { await null; return [await input.n] }', { n: 1 }, [1]],
    ['a promise of its own', '() => new Promise((ok) => Promise.resolve().then(() => ok("x")))', null, 'x'],
    ['text of every kind', '(input) => input', 'é中\u{1f600}"\\\u0001', 'é中\u{1f600}"\\\u0001'],
    ['null', '() => null', null, null],
    [
      'objects without a prototype',
      '() => Object.assign(Object.create(null), { a: { b: [] } })',
      null,
      { a: { b: [] } },
    ],
    [
      'a rejection handled later',
      'async () => { const p = Promise.reject(1); await null; return p.catch((n) => n) }',
      null,
      1,
    ],
  ])('carries %s', async (_, graft, input, answer) => {
    expect(await outcome(graft, input)).toMatchObject({ type: 'RESULT', json: answer });
  });

  it.each([
    ['undefined', '() => undefined', 'answer: undefined'],
    ['a getter', '() => ({ a: { get b() { return 1 } } })', 'answer.a.b: an accessor property'],
    ['a proxy', '() => [new Proxy({}, {})]', 'answer[0]: a proxy'],
    ['a revocable proxy', '() => Proxy.revocable({}, {}).proxy', 'answer: a proxy'],
    ['a proxy by Reflect', '() => Reflect.construct(Proxy, [{}, {}])', 'answer: a proxy'],
    ['a symbol key', '() => ({ [Symbol()]: 1 })', 'answer: a symbol key'],
    ['a hole', '() => [1, , 2]', 'answer: an array with holes or named properties'],
    ['a function', '() => ({ f() {} })', 'answer.f: a function'],
    ['NaN', '() => NaN', 'answer: a number that is not finite'],
    ['a lone surrogate', '() => "\\ud800"', 'answer: a string with a lone surrogate'],
    ['a date', '() => new Date()', 'answer: an object of a class'],
    ['a thenable', '() => ({ then(ok) { ok(1) } })', 'answer.then: a function'],
    ['a promise of a class', '() => new (class extends Promise {})(() => {})', 'answer: an object of a class'],
    ['a false promise', '() => Object.create(Promise.prototype)', 'answer: an object of a class'],
    ['a cycle', '() => { const a = []; a.push(a); return a }', 'nested deeper than 32, or a cycle'],
    ['more than a megabyte of characters', '() => "x".repeat(1048577)', 'a string longer than 1048576'],
    ['more than a megabyte of bytes', '() => "\\u4e2d".repeat(500000)', 'answer: more than 1048640 bytes'],
  ])('refuses %s', async (_, graft, message) => {
    expect(await failure(graft)).toMatchObject({ reason: 'invalid-answer', message: expect.stringContaining(message) });
  });

  it('ignores the answer where the call says so, and still waits for its promise', async () => {
    const realm = await load('(input) => input ? new Proxy({}, {}) : Promise.reject(new Error("no"))');
    expect(await child.call(realm, true, { graft: ANSWER_IGNORED })).toMatchObject({ type: 'RESULT', json: null });
    expect(await child.call(realm, false, { graft: ANSWER_IGNORED })).toMatchObject({
      type: 'FAILED',
      json: { reason: 'thrown', message: 'no' },
    });
  });

  it.each([
    ['toJSON', 'for (const p of [Object, Array, String, Number]) p.prototype.toJSON = () => 666'],
    [
      'setters of indexes',
      'for (const p of [Object, Array]) Object.defineProperty(p.prototype, "0", { set() { throw 1 } })',
    ],
    ['parts of descriptors', 'Object.prototype.value = Object.prototype.get = Object.prototype.enumerable = 7'],
    ['iteration', 'Array.prototype[Symbol.iterator] = null'],
    [
      'methods',
      'for (const c of [Function, Promise, WeakMap, WeakSet, String, Array]) for (const k of Object.getOwnPropertyNames(c.prototype)) try { c.prototype[k] = null } catch {}',
    ],
    [
      'functions',
      'const { getOwnPropertyNames } = Object; for (const o of [JSON, Reflect, Object, Number, Array, Promise]) for (const k of getOwnPropertyNames(o)) try { o[k] = null } catch {}',
    ],
  ])('is not altered by polluted %s', async (_, before) => {
    const realm = await load('async (input, api) => ({ a: [api.log([1], { b: 2 })], input })', before, {
      callable: ['log'],
    });
    const received = await child.call(realm, [{ c: 'x"' }], { answer: (args) => args });
    expect(received).toMatchObject({ type: 'RESULT', json: { a: [[[1], { b: 2 }]], input: [{ c: 'x"' }] } });
  });

  it('is not blind to a getter where descriptors seem to have a value', async () => {
    const message = 'answer.a: an accessor property';
    expect(await failure('() => ({ get a() { return 1 } })', 'Object.prototype.value = 7')).toMatchObject({
      reason: 'invalid-answer',
      message,
    });
  });
});

describe('failures', () => {
  it.each([
    ['an error', '() => g()', 'TypeError', 'hm', 'function g() { throw new TypeError("hm") }'],
    ['a rejection', 'async () => g()', 'TypeError', 'hm', 'function g() { throw new TypeError("hm") }'],
    ['a text', '() => { throw "text" }', 'string', 'text', ''],
    ['a symbol', '() => { throw Symbol("s") }', 'symbol', 'Symbol(s)', ''],
    ['undefined', '() => { throw undefined }', 'undefined', 'undefined', ''],
    ['an object that is no error', '() => { throw { message: "m", name: 1 } }', 'object', 'm', ''],
    ['a proxy', '() => { throw new Proxy({}, { get() { throw 1 } }) }', 'object', 'a proxy was thrown', ''],
    ['an error of throwing getters', '() => { throw { get message() { throw 1 }, name: "E" } }', 'E', '', ''],
    [
      'a stack overflow',
      '() => { const f = () => f() + 1; return f() }',
      'RangeError',
      'Maximum call stack size exceeded',
      '',
    ],
    [
      'a promise that never settles',
      '() => new Promise(() => {})',
      'PendingPromise',
      'the promise that the graft returned never settles',
      '',
    ],
    [
      'an unhandled rejection',
      '() => { Promise.reject(new Error("late")); return 1 }',
      'Error',
      'unhandled rejection: late',
      '',
    ],
    [
      'an error in the drain',
      '() => { Promise.resolve().then(() => { throw 5 }); return 1 }',
      'number',
      'unhandled rejection: 5',
      '',
    ],
    [
      'a rejection that poses as a time-out',
      '() => { Promise.reject(new Error("Script execution timed out.")) ; return 1}',
      'Error',
      'unhandled',
      '',
    ],
  ])('flattens %s', async (_, graft, name, message, before) => {
    expect(await failure(graft, before)).toMatchObject({
      reason: 'thrown',
      name,
      message: expect.stringContaining(message),
    });
  });

  it('shows lines of the plugin, and of nothing else', async () => {
    const { stack } = await failure('() => g()', 'function g() { throw new TypeError("hm") }');
    expect(stack).toBe('TypeError: hm\n    at g (plugin.js:1:22)\n    at graft (plugin.js:2:18)');
    const unhandled = await failure('() => { (async () => { throw new Error("late") })(); return 1 }');
    expect(
      unhandled.stack
        .split('\n')
        .slice(1)
        .every((line) => line.includes('plugin.js')),
    ).toBe(true);
  });

  it('bounds texts and makes them fit to cross', async () => {
    const { name, message, stack } = await failure(
      '() => { throw Object.assign(new Error("\\0\\ud800" + "m".repeat(1e6)), { name: "n".repeat(1e6) }) }',
    );
    expect([name.length, message.length, stack.length <= 2000]).toEqual([100, 1000, true]);
    expect(message.startsWith('\ufffd\ufffdm')).toBe(true);
  });

  it.each([
    ['a loop', '() => { for (;;); }'],
    ['a loop that catches', '() => { for (;;) try { for (;;); } catch {} }'],
    ['a loop around a built-in that unrolls', '() => { for (;;) new Array(1000).fill(1.5) }'],
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
      'a looping getter of the constructor',
      '() => Object.defineProperty(Promise.resolve(), "then", { get() { for (;;); } }).finally(() => { for (;;); })',
    ],
  ])('ends %s by its own time', async (_, graft) => {
    const { type, json, head } = await outcome(graft, null, '', {}, 50);
    expect({ type, json }).toMatchObject({ type: 'FAILED', json: { reason: 'own-time' } });
    expect(head).toBeGreaterThanOrEqual(50_000);
  });

  it.each([
    ['objects', '() => { const a = []; for (;;) a.push({ n: a.length }) }'],
    ['filled arrays', '() => { const a = []; for (;;) a.push(new Array(1000).fill(1.5)) }'],
    ['texts', '() => { const a = []; for (let i = 0; ; i++) a.push("abc".repeat(1000) + i) }'],
  ])('ends a hoard of %s by the memory limit', async (_, graft) => {
    expect(await failure(graft, '', 30_000, { memory_mb: 16 })).toMatchObject({ reason: 'memory-limit' });
  });

  it.each([
    ['a plain failure', '() => { if (++n > 1) return n; throw 1 }'],
    ['a time-out', '() => { if (++n > 1) return n; for (;;); }'],
  ])('gives a fresh heap after %s', async (_, graft) => {
    const realm = await load(graft, 'let n = 0');
    expect(await child.call(realm, null, { own_ms: 50 })).toMatchObject({ type: 'FAILED' });
    expect(await child.call(realm, null, { own_ms: 50 })).toMatchObject({ type: 'FAILED' });
  });

  it('does not let a rejection fail the next call', async () => {
    const realm = await load('(late) => { if (late) Promise.reject(1); return 2 }');
    expect(await child.call(realm, true)).toMatchObject({ type: 'FAILED' });
    expect(await child.call(realm, false)).toMatchObject({ type: 'RESULT', json: 2 });
  });
});

describe('loading', () => {
  const loading = (code: string, options: LoadOptions = {}): Promise<Received> => child.load(++realms, code, options);

  it('names the exported functions', async () => {
    const received = await loading('({ graft() {}, other: async () => {}, data: 1, [Symbol()]() {} })');
    expect(received).toMatchObject({ type: 'RESULT', json: ['graft', 'other'] });
  });

  it.each([
    ['a missing export', '({})', 'not-callable'],
    ['an export that is no function', '({ graft: 1 })', 'not-callable'],
    ['no exports', 'undefined', 'not-callable'],
    ['a syntax error', '({', 'thrown'],
    ['an error', 'throw new Error("no")', 'thrown'],
    ['an unhandled rejection', 'Promise.reject(1); ({ graft() {} })', 'thrown'],
    ['a loop', 'for (;;);', 'own-time'],
    ['a looping getter of an export', '({ get graft() { for (;;); } })', 'own-time'],
    ['a looping getter of an error', 'throw { get message() { for (;;); } }', 'own-time'],
    ['a hoard', 'const a = []; for (;;) a.push({ n: a.length })', 'memory-limit'],
  ])('fails for %s', async (_, code, reason) => {
    const received = await loading(code, { load_ms: reason === 'own-time' ? 50 : 30_000, memory_mb: 16 });
    expect(received).toMatchObject({ type: 'FAILED', json: { reason } });
  });
});

describe('the api', () => {
  it('is made of frozen namespaces without a prototype, and of plain functions', async () => {
    const graft = `(input, api) => {
      const value = api.stock.get('a', 1, undefined)
      return [value, typeof value?.then, Object.isFrozen(api) && Object.isFrozen(api.stock), Object.getPrototypeOf(api) === null, Object.keys(api.stock)]
    }`;
    const realm = await load(graft, '', { callable: ['stock.get', 'stock.has', 'log'] });
    const received = await child.call(realm, null, { answer: (args) => ({ args }) });
    expect(received.json).toEqual([{ args: ['a', 1] }, 'undefined', true, true, ['get', 'has']]);
  });

  it('refuses arguments that are not plain, before the host hears of them', async () => {
    const graft =
      '(input, api) => { const got = []; for (const bad of [{ a: new Date() }, () => 1]) try { api.log(1, bad) } catch (e) { got.push(e.name, e.message) } return got }';
    const realm = await load(graft, '', { callable: ['log'] });
    const received = await child.call(realm, null, { answer: () => 'never' });
    expect(received.json).toEqual([
      'TypeError',
      'api.log, arguments[1].a: an object of a class',
      'TypeError',
      'api.log, arguments[1]: a function',
    ]);
  });

  it('lets no call end well that passed an argument larger than a value may be, whatever it caught', async () => {
    const graft = '(input, api) => { try { api.log("\\u4e2d".repeat(input)) } catch (e) {} return 1 }';
    const realm = await load(graft, '', { callable: ['log'] });
    const failure = { reason: 'limit', message: 'api.log, arguments: more than 1048576 bytes' };
    expect((await child.call(realm, 500_000, { answer: () => 'never' })).json).toMatchObject(failure);
    expect((await child.call(realm, 1, { answer: () => 'heard' })).json).toBe(1);
  });

  it('dies with its call', async () => {
    const graft =
      '(input, api) => { if (input === 1) { kept = api; return 1 } try { return kept.log("late") } catch (e) { return [e.message, api.log("now")] } }';
    const realm = await load(graft, 'let kept', { callable: ['log'] });
    expect(await child.call(realm, 1)).toMatchObject({ json: 1 });
    const received = await child.call(realm, 2, { answer: (args) => args });
    expect(received.json).toEqual(['api.log: the call that this function was made for has ended', ['now']]);
  });

  it('works for what a graft leaves running, until the answer is out', async () => {
    const graft =
      '(input, api) => { const all = seen; (async () => { seen = 1; await null; seen = api.log("later") })(); return all }';
    const realm = await load(graft, 'let seen = 0', { callable: ['log'] });
    expect(await child.call(realm, null, { answer: (args) => args })).toMatchObject({ type: 'RESULT', json: 0 });
    expect(await child.call(realm, null, { answer: (args) => args })).toMatchObject({
      type: 'RESULT',
      json: ['later'],
    });
  });

  it('survives a graft that runs the stack out around it', async () => {
    const graft =
      '(input, api) => { let left = 30; const f = () => { try { f() } catch (e) { if (left-- > 0) api.log("x"); throw e } }; try { f() } catch {} return api.log("y") }';
    const realm = await load(graft, '', { callable: ['log'] });
    expect(await child.call(realm, null, { own_ms: 5000, answer: (args) => args })).toMatchObject({
      type: 'RESULT',
      json: ['y'],
    });
  });
});

describe('refusing', () => {
  it.each([
    ['thrown', '() => __graftwork_refuse("too.low", "because")'],
    ['rejected with', 'async () => { await null; __graftwork_refuse("too.low", "because") }'],
    [
      'caught, changed and thrown again',
      '() => { try { __graftwork_refuse("too.low", "because") } catch (e) { e.message = "x"; throw e } }',
    ],
  ])('is a refusal when %s', async (_, graft) => {
    expect(await outcome(graft)).toMatchObject({ type: 'REFUSED', json: { code: 'too.low', message: 'because' } });
  });

  it.each([
    ['a look-alike', '() => { throw Object.assign(new Error("m"), { name: "Refusal", code: "c" }) }', 'm'],
    ['a heir of one', '() => { try { __graftwork_refuse("c", "m") } catch (e) { throw Object.create(e) } }', 'm'],
    ['a code that is none', '() => __graftwork_refuse("a b", "m")', "a refusal's code"],
    ['a code that is too long', '() => __graftwork_refuse("c".repeat(65), "m")', "a refusal's code"],
  ])('is not %s', async (_, graft, message) => {
    expect(await failure(graft)).toMatchObject({ reason: 'thrown', message: expect.stringContaining(message) });
  });

  it('is not one kept from an earlier call', async () => {
    const graft =
      '(input) => { if (input) { try { __graftwork_refuse("c", "m") } catch (e) { kept = e } return 1 } throw kept }';
    const realm = await load(graft, 'let kept');
    expect(await child.call(realm, true)).toMatchObject({ type: 'RESULT' });
    expect(await child.call(realm, false)).toMatchObject({
      type: 'FAILED',
      json: { reason: 'thrown', name: 'Refusal' },
    });
  });

  it('bounds its message', async () => {
    const { json } = await outcome('() => __graftwork_refuse("c", "m".repeat(5000))');
    expect((json as { message: string }).message).toHaveLength(1000);
  });
});

describe('the scrubbed realm', () => {
  it('has nothing of Node or of the engine, and nothing that escapes limits', async () => {
    const names = [
      'process',
      'require',
      'module',
      'ivm',
      'realm',
      'WebAssembly',
      'SharedArrayBuffer',
      'Atomics',
      'FinalizationRegistry',
      'WeakRef',
      'setTimeout',
    ];
    const graft = `() => [${JSON.stringify(names)}.filter((name) => name in globalThis), Object.keys(globalThis), ['resize', 'transfer', 'transferToFixedLength'].filter((k) => k in ArrayBuffer.prototype)]`;
    expect(await outcome(graft)).toMatchObject({ json: [[], [], []] });
  });

  it('lets no one set what runs while an error is carried out', async () => {
    const graft =
      '() => { for (const [k, v] of [["prepareStackTrace", () => { for (;;); }], ["stackTraceLimit", 1e9]]) try { Error[k] = v } catch {} const f = (n) => { if (n === 0) throw new Error("deep"); f(n - 1) }; f(500) }';
    const { reason, stack } = await failure(graft);
    expect([reason, stack.split('\n').length]).toEqual(['thrown', 21]);
  });

  it('keeps the original Proxy out of reach', async () => {
    const graft =
      '() => [Proxy.prototype === undefined, Proxy.name, new Proxy({}, {}).constructor === Object, (() => { try { Proxy({}, {}) } catch (e) { return e.name } })()]';
    expect(await outcome(graft)).toMatchObject({ json: [true, 'Proxy', true, 'TypeError'] });
  });
});
