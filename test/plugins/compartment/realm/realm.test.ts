// What a graft finds in its realm, and what it may answer, seen through a real process.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ANSWER_IGNORED } from '../../../../src/plugins/protocol.ts';
import { openBed, type RealmBed } from './bed.ts';

let bed: RealmBed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.child.kill());

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
    expect(await bed.outcome(graft, input)).toMatchObject({ type: 'RESULT', json: answer });
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
    expect(await bed.failure(graft)).toMatchObject({
      reason: 'invalid-answer',
      message: expect.stringContaining(message),
    });
  });

  it('ignores the answer where the call says so, and still waits for its promise', async () => {
    const realm = await bed.load('(input) => input ? new Proxy({}, {}) : Promise.reject(new Error("no"))');
    expect(await bed.child.call(realm, true, { graft: ANSWER_IGNORED })).toMatchObject({ type: 'RESULT', json: null });
    expect(await bed.child.call(realm, false, { graft: ANSWER_IGNORED })).toMatchObject({
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
      'for (const c of [Function, Promise, WeakMap, WeakSet, String, Array]) ' +
        'for (const k of Object.getOwnPropertyNames(c.prototype)) try { c.prototype[k] = null } catch {}',
    ],
    [
      'functions',
      'const { getOwnPropertyNames } = Object; for (const o of [JSON, Reflect, Object, Number, Array, Promise]) ' +
        'for (const k of getOwnPropertyNames(o)) try { o[k] = null } catch {}',
    ],
  ])('is not altered by polluted %s', async (_, before) => {
    const realm = await bed.load('async (input, api) => ({ a: [api.log([1], { b: 2 })], input })', before, {
      callable: ['log'],
    });
    const received = await bed.child.call(realm, [{ c: 'x"' }], { answer: (args) => args });
    expect(received).toMatchObject({ type: 'RESULT', json: { a: [[[1], { b: 2 }]], input: [{ c: 'x"' }] } });
  });

  it('is not blind to a getter where descriptors seem to have a value', async () => {
    const message = 'answer.a: an accessor property';
    expect(await bed.failure('() => ({ get a() { return 1 } })', 'Object.prototype.value = 7')).toMatchObject({
      reason: 'invalid-answer',
      message,
    });
  });
});

describe('loading', () => {
  it('names the exported functions', async () => {
    const received = await bed.loading('({ graft() {}, other: async () => {}, data: 1, [Symbol()]() {} })');
    expect(received).toMatchObject({ type: 'RESULT', json: ['graft', 'other'] });
  });

  it.each([
    ['a missing export', '({})', 'not-callable'],
    ['an export that is no function', '({ graft: 1 })', 'not-callable'],
    ['no exports', 'undefined', 'not-callable'],
    ['a syntax error', '({', 'thrown'],
    ['an error', 'throw new Error("no")', 'thrown'],
    ['an unhandled rejection', 'Promise.reject(1); ({ graft() {} })', 'thrown'],
    ['a hoard', 'const a = []; for (;;) a.push({ n: a.length })', 'memory-limit'],
  ])('fails for %s', async (_, code, reason) => {
    const received = await bed.loading(code, { load_ms: 30_000, memory_mb: 16 });
    expect(received).toMatchObject({ type: 'FAILED', json: { reason } });
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
    const graft = `() => [
      ${JSON.stringify(names)}.filter((name) => name in globalThis),
      Object.keys(globalThis),
      ['resize', 'transfer', 'transferToFixedLength'].filter((k) => k in ArrayBuffer.prototype),
    ]`;
    expect(await bed.outcome(graft)).toMatchObject({ json: [[], [], []] });
  });

  it('lets no one set what runs while an error is carried out', async () => {
    const graft =
      '() => { for (const [k, v] of [["prepareStackTrace", () => { for (;;); }], ["stackTraceLimit", 1e9]]) ' +
      'try { Error[k] = v } catch {} const f = (n) => { if (n === 0) throw new Error("deep"); f(n - 1) }; f(500) }';
    const { reason, stack } = await bed.failure(graft);
    expect([reason, stack.split('\n').length]).toEqual(['thrown', 21]);
  });

  it('keeps the original Proxy out of reach', async () => {
    const graft =
      '() => [Proxy.prototype === undefined, Proxy.name, new Proxy({}, {}).constructor === Object, ' +
      '(() => { try { Proxy({}, {}) } catch (e) { return e.name } })()]';
    expect(await bed.outcome(graft)).toMatchObject({ json: [true, 'Proxy', true, 'TypeError'] });
  });
});
