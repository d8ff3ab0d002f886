// The web's API under plugins that mean harm: nothing of another realm is in reach from it, whatever is poisoned or
// runs out; what takes long ends by the call's own limits, and the next call goes on.

import { WEB_GLOBALS } from '../../../src/plugins/compartment/realm/web/parts.ts';
import { base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

/**
 * `strangers(…values)`: what is in reach from the values, by properties, getters and prototypes, and is of another
 * realm than this: its prototypes do not end at this Object.prototype.
 */
const STRANGERS = `
  const { getPrototypeOf, getOwnPropertyDescriptors, prototype: root } = Object;
  const { ownKeys } = Reflect;
  const strangers = (...values) => {
    const seen = new Set(values);
    const found = [];
    for (const value of seen) {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null) continue;
      let last = value;
      for (let next = getPrototypeOf(last); next !== null; next = getPrototypeOf(last)) { seen.add(next); last = next; }
      if (last !== root && last !== value) found.push(String(value).slice(0, 80));
      if (typeof value === 'function' && value !== Function.prototype && !(value instanceof Function))
        found.push('a function: ' + String(value).slice(0, 80));
      for (const key of ownKeys(value)) {
        const own = getOwnPropertyDescriptors(value)[key];
        for (const part of [own.value, own.get, own.set]) seen.add(part);
        try { seen.add(value[key]); } catch (error) { seen.add(error); }
      }
      if (seen.size > 20000) throw new Error('too much is in reach');
    }
    return found;
  };`;

/** Something of each class and function. */
const SAMPLES = `() => [
  new URL('http://u:p@h:8/a?b#c'), new URL('http://ü/').searchParams,
  new URLPattern({ pathname: '/:a' }).exec('http://h/b'),
  new TextEncoder(), new TextEncoder().encode('a'), new TextDecoder('gbk'),
  new Event('a'), new CustomEvent('b', { detail: {} }), new EventTarget(), new AbortController(), AbortSignal.abort(),
  new Headers({ a: 'b' }), new Blob(['a']), new DOMException(),
  structuredClone({ a: [new Map([[1, new Set([2])]]), new Error('x'), new Uint8Array(2), /a/g] }),
  crypto.getRandomValues(new Uint8Array(1)), crypto.subtle.digest('SHA-256', new Uint8Array(1)),
  performance.toJSON(), console.log,
]`;

/** Each fails in the API, or in the program around the realm. */
const FAILURES = `[
  () => new URL('::'), () => new TextDecoder('no'), () => atob('%'), () => btoa('\\u0100'),
  () => structuredClone(Symbol()), () => new Headers([['a']]), () => new Blob(1), () => new AbortSignal(),
  () => crypto.getRandomValues(new Float32Array(1)), () => crypto.getRandomValues(new Uint8Array(70000)),
  () => AbortSignal.any([1]), () => new URLPattern('{'), () => console.log({ toString() { throw 1; } }),
  () => console.log(new Proxy({}, { get() { throw 1; } })), () => queueMicrotask(1), () => new Event(),
  () => new EventTarget().dispatchEvent(1),
]`;

/** Changes what everything stands on, in ways that a part's own code meets. */
const POISON = `() => {
  const bad = function () { caught.push(this, ...arguments); throw new Error('poisoned'); };
  for (const key of ['value', 'get', 'writable', 'then', 'done', '0'])
    Object.defineProperty(Object.prototype, key, { configurable: true, get: undefined, set: bad });
  for (const [on, keys] of [
    [Array.prototype, ['push', 'map', 'join', 'sort', 'flatMap', Symbol.iterator]],
    [Function.prototype, ['call', 'apply', 'bind']],
    [String.prototype, ['replace', 'slice', 'charCodeAt', 'split', 'codePointAt']],
    [RegExp.prototype, ['exec', 'test']],
    [Map.prototype, ['get', 'set', 'has']],
  ]) for (const key of keys) on[key] = bad;
  globalThis.eval = Object = Reflect = Uint8Array = Promise = bad;
}`;

/** How a graft names all of the web's globals. */
const NAMES = JSON.stringify(WEB_GLOBALS);

const LONG: Readonly<Record<string, string>> = {
  'a URL of a megabyte': "new URL('http://h/' + '%zz/../ü?'.repeat(1.2e5)).href.length",
  'a host of a megabyte': "URL.canParse('http://' + 'ü.'.repeat(5e5))",
  'a query of a megabyte': "[...new URLSearchParams('a=%41&'.repeat(1.6e5))].length",
  'a pattern without end': "new URLPattern({ pathname: '(a+)+b' }).test({ pathname: 'a'.repeat(40) })",
  'a clone of a deep tree':
    '(() => { let t = {}; for (let i = 0; i < 2e5; i++) t = { t }; structuredClone(t); return 1; })()',
  'a clone of a wide tree': 'structuredClone(Array.from({ length: 3e5 }, (_, i) => ({ i }))).length',
  'a clone behind a getter': '(() => { const o = { get o() { for (;;) {} } }; return structuredClone(o); })()',
  'a text of 16 megabytes': "new TextDecoder('utf-16be').decode(new Uint8Array(2 ** 24)).length",
  'a wide text': "new TextDecoder('gb18030').decode(new Uint8Array(2 ** 22).fill(0x81)).length",
  'a digest of 16 megabytes': "crypto.subtle.digest('SHA-512', new Uint8Array(2 ** 24)).then((d) => d.byteLength)",
  'a console line of 16 megabytes': "console.log('%s', 'x'.repeat(2 ** 24), Array(1e6).fill({}))",
  'headers of a megabyte': "new Headers(Array.from({ length: 1e5 }, (_, i) => ['a' + i, 'b'])).get('a9')",
  'a blob of many parts': "new Blob(Array(2e5).fill('abc')).size",
  'base64 of 8 megabytes': "atob(btoa('x'.repeat(2 ** 23))).length",
  'listeners without end':
    "(() => { const t = new EventTarget(); const go = () => t.dispatchEvent(new Event('a')); " +
    "t.addEventListener('a', go); go(); })()",
  'microtasks without end': '(() => { const again = () => queueMicrotask(again); again(); })()',
  'randomness without end': '(() => { for (;;) crypto.getRandomValues(new Uint8Array(65536)); })()',
};

export const webHostile = (claims: Claims): void => {
  const AMPLE = { ...FUNCTION, budget: 99, limits: { own_ms: 10_000, memory_mb: 64 } };

  it("keeps all of another realm out of the web's API", async () => {
    open(claims);
    const point = base.point(AMPLE);
    const graft = `() => strangers(...${NAMES}.map((name) => globalThis[name]), ...(${SAMPLES})())`;
    await base.install('a', `{ graft: ${graft} }`, {}, STRANGERS);
    expect(await base.invoke(point, null)).toEqual(committed([]));
  });

  it("throws errors of the graft's own realm where the web's API fails", async () => {
    open(claims);
    const point = base.point(AMPLE);
    const graft = `() => {
      const errors = ${FAILURES}.flatMap((run) => { try { run(); return []; } catch (error) { return [error]; } });
      return [errors.length > 12, strangers(...errors)];
    }`;
    await base.install('a', `{ graft: ${graft} }`, {}, STRANGERS);
    expect(await base.invoke(point, null)).toEqual(committed([true, []]));
  });

  it("keeps another realm out where the stack ends inside the web's API", async () => {
    open(claims);
    const point = base.point(AMPLE);
    const graft = `() => {
      const caught = [];
      const deep = (run) => {
        try { deep(run); } catch (error) { caught.push(error); }
        try { run(); } catch (error) { caught.push(error); }
      };
      const random = () => crypto.getRandomValues(new Uint8Array(8));
      for (const run of [random, () => console.log('x'), () => new URL('http://ü')]) {
        let left = 300;
        try { deep(() => { if (left-- > 0) run(); }); } catch (error) { caught.push(error); }
      }
      return strangers(...caught.slice(0, 2000));
    }`;
    await base.install('a', `{ graft: ${graft} }`, {}, STRANGERS);
    const outcome = await base.invoke(point, null);
    // A part that could not be carried in ends the call, as a host call does that does not come back.
    if (outcome.status === 'committed') expect(outcome.value).toEqual([]);
    else expect(outcome.grafts[0]).toMatchObject({ reason: 'thrown', detail: expect.stringContaining('HostCall') });
  });

  it.each([
    ['before', ''],
    ['after', `(${SAMPLES})();`],
  ])('harms nobody else where a plugin poisons what the API stands on, %s it is used', async (_when, first) => {
    open(claims);
    const point = base.point(AMPLE);
    const graft = `(poisoned) => {
      ${first}
      if (!poisoned) return 'fine';
      const caught = [];
      const runs = [(${SAMPLES}), ...${FAILURES}];
      (${POISON})();
      for (let i = 0; i < runs.length; i++) { try { runs[i](); } catch (error) { caught[caught.length] = error; } }
      let odd = 0;
      for (let i = 0; i < caught.length; i++) {
        const one = caught[i];
        if (typeof one === 'function' && !(one instanceof Function)) odd++;
        if (typeof one !== 'object' || one === null || getPrototypeOf(one) === null) continue;
        if (!(one instanceof root.constructor)) odd++;
      }
      return odd;
    }`;
    await base.install('a', `{ graft: ${graft} }`, {}, STRANGERS);
    const outcome = await base.invoke(point, true);
    if (outcome.status === 'committed') expect(outcome.value).toBe(0);
    else
      expect(outcome.grafts[0]).toMatchObject({
        status: 'aborted',
        reason: expect.stringMatching(/^(thrown|invalid-answer)$/),
      });
  });

  // The rivals' engines and realms are the same, or slower by far.
  if (claims.kind !== 'isolate' && claims.kind !== 'process') return;
  it.each(Object.entries(LONG))('ends %s by the limits of its call', async (_name, expression) => {
    open(claims);
    const point = base.point({ ...FUNCTION, budget: 99, limits: { own_ms: 100, memory_mb: 64 } });
    await base.install('a', `{ graft: (long) => long ? ${expression} ?? null : 1 }`);
    const outcome = await base.invoke(point, true);
    const reason = outcome.status === 'committed' ? null : outcome.grafts[0]?.reason;
    expect([null, 'thrown', 'own-time', 'memory-limit']).toContain(reason);
    expect(await base.invoke(point, false)).toEqual(committed(1));
  });
};
