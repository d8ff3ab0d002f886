// How a graft may fail, and what its host is told of that, seen through a real process.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBed, type RealmBed } from './bed.ts';

let bed: RealmBed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.child.kill());

describe('failures', () => {
  it.each([
    ['an error', '() => g()', 'TypeError', 'hm', 'function g() { throw new TypeError("hm") }'],
    ['a rejection', 'async () => g()', 'TypeError', 'hm', 'function g() { throw new TypeError("hm") }'],
    ['a text', '() => { throw "text" }', 'string', 'text', ''],
    ['a symbol', '() => { throw Symbol("s") }', 'symbol', 'Symbol(s)', ''],
    ['undefined', '() => { throw undefined }', 'undefined', 'undefined', ''],
    ['an object that is no error', '() => { throw { message: "m", name: 1 } }', 'object', 'm', ''],
    [
      'a cause',
      '() => { throw new Error("a", { cause: new RangeError("b") }) }',
      'Error',
      'a, caused by RangeError: b',
      '',
    ],
    ['a cause that is a text', '() => { throw new Error("a", { cause: "b" }) }', 'Error', 'a, caused by b', ''],
    [
      'a cause of its own',
      '() => { const e = new Error("a"); e.cause = e; throw e }',
      'Error',
      'a, caused by Error: a',
      '',
    ],
    ['a cause that throws', '() => { throw { message: "a", get cause() { throw 1 } } }', 'object', 'a', ''],
    ['a cause that is a proxy', '() => { throw { message: "a", cause: new Proxy({}, {}) } }', 'object', 'a proxy', ''],
    [
      'many errors',
      '() => Promise.any([new Error("a"), "b", { c: 1 }].map((e) => Promise.reject(e)))',
      'AggregateError',
      '[Error: a; b; { c: 1 }]',
      '',
    ],
    [
      'endless errors',
      '() => { throw { message: "a", errors: new Array(1e6).fill("b") } }',
      'object',
      'and 999995 more',
      '',
    ],
    [
      'an object',
      '() => { throw { status: 422, get x() { throw 1 }, deep: {} } }',
      'object',
      '{ status: 422, deep: {…} }',
      '',
    ],
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
    expect(await bed.failure(graft, before)).toMatchObject({
      reason: 'thrown',
      name,
      message: expect.stringContaining(message),
    });
  });

  it('shows lines of the plugin, and of nothing else', async () => {
    const { stack } = await bed.failure('() => g()', 'function g() { throw new TypeError("hm") }');
    expect(stack).toBe('TypeError: hm\n    at g (plugin.js:1:22)\n    at graft (plugin.js:2:18)');
    const unhandled = await bed.failure('() => { (async () => { throw new Error("late") })(); return 1 }');
    expect(
      unhandled.stack
        .split('\n')
        .slice(1)
        .every((line) => line.includes('plugin.js')),
    ).toBe(true);
  });

  it('bounds texts and makes them fit to cross', async () => {
    const { name, message, stack } = await bed.failure(
      '() => { throw Object.assign(new Error("\\0\\ud800" + "m".repeat(1e6)), { name: "n".repeat(1e6) }) }',
    );
    expect([name.length, message.length, stack.length <= 2000]).toEqual([100, 1000, true]);
    expect(message.startsWith('\ufffd\ufffdm')).toBe(true);
  });

  it.each([
    ['objects', '() => { const a = []; for (;;) a.push({ n: a.length }) }'],
    ['filled arrays', '() => { const a = []; for (;;) a.push(new Array(1000).fill(1.5)) }'],
    ['texts', '() => { const a = []; for (let i = 0; ; i++) a.push("abc".repeat(1000) + i) }'],
  ])('ends a hoard of %s by the memory limit', async (_, graft) => {
    expect(await bed.failure(graft, '', 30_000, { memory_mb: 16 })).toMatchObject({ reason: 'memory-limit' });
  });

  it('gives a fresh heap after one', async () => {
    const realm = await bed.load('() => { if (++n > 1) return n; throw 1 }', 'let n = 0');
    expect(await bed.child.call(realm, null)).toMatchObject({ type: 'FAILED' });
    expect(await bed.child.call(realm, null)).toMatchObject({ type: 'FAILED' });
  });

  it('does not let a rejection fail the next call', async () => {
    const realm = await bed.load('(late) => { if (late) Promise.reject(1); return 2 }');
    expect(await bed.child.call(realm, true)).toMatchObject({ type: 'FAILED' });
    expect(await bed.child.call(realm, false)).toMatchObject({ type: 'RESULT', json: 2 });
  });
});
