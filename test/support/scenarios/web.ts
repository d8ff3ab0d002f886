// The web's API in a realm: what each part of it does, the same in every kind that has it. Expected values come from
// the standards: URL, Encoding, HTML, DOM, Fetch, File API, FIPS 180-4, RFC 9562.

import { WEB_GLOBALS } from '../../../src/plugins/compartment/realm/web/parts.ts';
import { aborted, answer, base, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

/** What a graft finds, as an expression, and what that is. */
const FOUND: Readonly<Record<string, unknown>> = {
  'new URL("../x?y#z", "http://Ex%41mple.org:80/a/b").href': 'http://example.org/x?y#z',
  'new URL("http://faß.ExAmple/").hostname': 'xn--fa-hia.example',
  'URL.canParse("http://[::1")': false,
  '[...new URLSearchParams("a=1&b=%20+")]': [
    ['a', '1'],
    ['b', '  '],
  ],
  'new URLPattern({ pathname: "/books/:id" }).exec("https://e.com/books/12").pathname.groups.id': '12',
  '[...new TextEncoder().encode("é\\ud800")]': [0xc3, 0xa9, 0xef, 0xbf, 0xbd],
  'new TextDecoder("latin1").encoding': 'windows-1252',
  'new TextDecoder("gbk").decode(Uint8Array.of(0xc4, 0xe3, 0xba, 0xc3))': '你好',
  'threw(() => new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.of(0xff)))': 'TypeError',
  'btoa("a\\xff") + atob(" YQ = =")': 'Yf8=a',
  'threw(() => btoa("\\u0100")) + threw(() => atob("a"))': 'InvalidCharacterErrorInvalidCharacterError',
  'structuredClone(new Map([[1, { d: new Date(5), r: /x/g }]])).get(1).d.getTime()': 5,
  '(() => { const a = [1]; a.push(a); const b = structuredClone(a); return b[1] === b && b !== a; })()': true,
  'threw(() => structuredClone(() => {})) + threw(() => structuredClone(new Headers()))':
    'DataCloneErrorDataCloneError',
  '[new DOMException("m", "AbortError").code, DOMException.DATA_CLONE_ERR]': [20, 25],
  'aborts()': ['abort', 'AbortError', true, true],
  'heard()': ['once', 'x', 7],
  '[...new Headers([["B", "2"], ["a", "1"], ["b", " 3 "]])]': [
    ['a', '1'],
    ['b', '2, 3'],
  ],
  'threw(() => new Headers({ "a b": "1" }))': 'TypeError',
  'new Blob(["ab", Uint8Array.of(99)], { type: "Text/Plain" }).slice(1).size': 2,
  'crypto.getRandomValues(new Uint16Array(3)).length': 3,
  'threw(() => crypto.getRandomValues(new Uint8Array(65537)))': 'QuotaExceededError',
  '/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())': true,
  'Number.isInteger(performance.now()) && performance.now() >= 0': true,
};

const BEFORE = `
  const threw = (run) => { try { run(); return ""; } catch (error) { return error.name; } };
  const aborts = () => {
    const controller = new AbortController();
    const told = [];
    controller.signal.addEventListener("abort", ({ type }) => told.push(type));
    const any = AbortSignal.any([controller.signal]);
    controller.abort();
    return [...told, controller.signal.reason.name, any.aborted, controller.signal instanceof EventTarget];
  };
  const heard = () => {
    const target = new EventTarget();
    const told = [];
    target.addEventListener("x", () => told.push("once"), { once: true });
    target.addEventListener("x", { handleEvent: (event) => { told[1] = event.type; told[2] = event.detail; } });
    target.dispatchEvent(new CustomEvent("x", { detail: 7 }));
    target.dispatchEvent(new CustomEvent("x", { detail: 7 }));
    return told;
  };
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");`;

/** Globals of the language itself, and those of a realm that no plugin names. */
const LANGUAGE = [
  ...['Object', 'Function', 'Array', 'Number', 'parseFloat', 'parseInt', 'Infinity', 'NaN', 'undefined', 'Boolean'],
  ...['String', 'Symbol', 'Date', 'Promise', 'RegExp', 'Error', 'AggregateError', 'EvalError', 'RangeError'],
  ...['ReferenceError', 'SyntaxError', 'TypeError', 'URIError', 'SuppressedError', 'InternalError', 'JSON', 'Math'],
  ...['Intl', 'ArrayBuffer', 'DataView', 'Map', 'BigInt', 'Set', 'WeakMap', 'WeakSet', 'Proxy', 'Reflect', 'Iterator'],
  ...['Uint8Array', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float16Array', 'isNaN'],
  ...['Float32Array', 'Float64Array', 'Uint8ClampedArray', 'BigUint64Array', 'BigInt64Array', 'DisposableStack'],
  ...['AsyncDisposableStack', 'decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape'],
  ...[
    'unescape',
    'eval',
    'isFinite',
    'globalThis',
    'lockdown',
    'harden',
    'Compartment',
    '__graftwork_refuse',
    '__graftwork_enter',
  ],
];

/** Of "abc". */
const SHA_1 = 'a9993e364706816aba3e25717850c26c9cd0d89d';
const SHA_384 = 'cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7';

export const web = (claims: Claims): void => {
  const AMPLE = { ...FUNCTION, limits: { own_ms: 5000 } };

  it("gives the web's API, as the standards have it", async () => {
    open(claims);
    const point = base.point(AMPLE);
    const found = Object.keys(FOUND).join(', ');
    await base.install('a', `{ graft: () => [${found}] }`, {}, BEFORE);
    const outcome = await base.invoke(point, null);
    expect(outcome).toEqual(committed(Object.values(FOUND)));
  });

  if (claims.promises === 'drained')
    it("gives what answers later, in the web's API, while the call runs", async () => {
      open(claims);
      const point = base.point(AMPLE);
      const graft = `async () => {
      const told = [];
      queueMicrotask(() => told.push("queued"));
      const bytes = new TextEncoder().encode("abc");
      told.push(await new Blob([bytes]).text());
      told.push(hex(await crypto.subtle.digest("SHA-1", bytes)));
      told.push(hex(await crypto.subtle.digest({ name: "sha-384" }, bytes)));
      return told;
    }`;
      await base.install('a', `{ graft: ${graft} }`, {}, BEFORE);
      expect(await base.invoke(point, null)).toEqual(committed(['queued', 'abc', SHA_1, SHA_384]));
    });

  it("has exactly the globals of the web's API that are documented", async () => {
    open(claims);
    const standard = `Object.getOwnPropertyNames(globalThis).filter((name) => !LANGUAGE.includes(name)).sort()`;
    const point = base.point(AMPLE);
    await base.install('a', `{ graft: () => ${standard} }`, {}, `const LANGUAGE = ${JSON.stringify(LANGUAGE)};`);
    expect(await base.invoke(point, null)).toEqual(committed(WEB_GLOBALS));
  });

  it('evaluates a part once, for its own global object, and lets a plugin replace a global', async () => {
    open(claims);
    const graft = `() => {
      const { get, set } = Object.getOwnPropertyDescriptor(globalThis, "Headers");
      const astray = [() => get.call({}), () => get.call(null), () => set.call({}, 1)].map(threw);
      const first = URL;
      globalThis.atob = 1;
      const { writable } = Object.getOwnPropertyDescriptor(globalThis, "URL");
      return [...astray, first === URL, atob, new URL("a:b").protocol, writable];
    }`;
    const point = base.point(AMPLE);
    await base.install('a', `{ graft: ${graft} }`, {}, BEFORE);
    const astray = ['TypeError', 'TypeError', 'TypeError'];
    expect(await base.invoke(point, null)).toEqual(committed([...astray, true, 1, 'a:', true]));
  });

  it('tells the lines of the console at once, by call, also where the call is undone', async () => {
    open(claims);
    const graft = '(input) => { console.log("a %s", { b: [input] }); console.error("c"); if (input === 2) throw 1; }';
    const point = base.point({ ...AMPLE, budget: 9 });
    await base.install('a', `{ graft: (input) => { (${graft})(input); return 1; } }`, {}, 'console.debug("module");');
    await base.invoke(point, 1);
    await base.invoke(point, 2);
    expect(base.said.filter(({ text }) => text !== 'module')).toEqual([
      { call: 1, level: 'info', text: 'a { b: [1] }' },
      { call: 1, level: 'error', text: 'c' },
      { call: 2, level: 'info', text: 'a { b: [2] }' },
      { call: 2, level: 'error', text: 'c' },
    ]);
    expect(base.said).toContainEqual({ call: null, level: 'debug', text: 'module' });
  });

  it('drops the lines of a call beyond a bound, and says so once', async () => {
    open(claims);
    const point = base.point(AMPLE);
    await base.install('a', '{ graft: (n) => { for (let i = 0; i < n; i++) console.log(i); return n } }');
    expect([await base.invoke(point, 1000), await base.invoke(point, 1)]).toEqual([committed(1000), committed(1)]);
    const of = (call: number): string[] => base.said.filter((line) => line.call === call).map(({ text }) => text);
    expect([of(1).length, of(1).at(-1), of(2)]).toEqual([201, 'more lines of this call are dropped', ['0']]);
  });

  it('gives random bytes that differ from call to call and from plugin to plugin', async () => {
    open(claims);
    const graft = '{ graft: () => [...crypto.getRandomValues(new Uint32Array(4)), crypto.randomUUID()].join() }';
    const point = base.point(AMPLE);
    const other = base.point({ ...AMPLE, name: 'q' });
    await base.install('a', graft);
    await base.install('b', graft, { grafts: [{ point: 'q', export: 'graft' }] });
    const outcomes = [];
    for (const one of [point, point, other, other]) outcomes.push(await base.invoke(one, null));
    const values = outcomes.map((outcome) => (outcome as { value: string }).value);
    expect(values.every((value) => value.length > 40)).toBe(true);
    expect(new Set(values).size).toBe(4);
  });

  it('aborts a call whose microtask throws, as an unhandled rejection is', async () => {
    open(claims);
    const graft = '() => { queueMicrotask(() => { throw new Error("late") }); return 5 }';
    const ending = claims.rejections === 'abort' ? aborted('thrown', expect.stringContaining('late')) : committed(5);
    if (claims.rejections !== "the host's") expect(await answer(graft)).toEqual(ending);
  });
};
