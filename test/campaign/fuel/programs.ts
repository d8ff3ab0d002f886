// Programs that do as much work as they can for a unit of fuel: bodies of grafts that never return. Real time is held
// against fuel over them (fuel.ts).

const times = (text: string, count: number): string => Array(count).fill(text).join('');

/** Two equal texts of `n` units, flat, and not the same object. */
const texts = (n: number, unit = "'1'"): string =>
  ['t', 'u']
    .map(
      (name) =>
        `let ${name} = ${unit}; while (${name}.length < ${n}) ${name} = ${name} + ${name}; ${name}.charCodeAt(5);`,
    )
    .join(' ');
const LONG = texts(262_000);
const forEver = (work: string, count: number, before = ''): string =>
  `${before} let n = 0; for (;;) { ${times(work, count)} }`;
/** A chain of prototypes as long as can be had. */
const CHAIN = 'let p = {}; try { for (let i = 0; i < 200000; i++) p = Object.create(p); } catch {}';
const methods = (count: number): string => Array.from({ length: count }, (_, i) => `m${i}() { return i; }`).join(' ');

/** By what they do; the first is the control: a loop whose turn is the unit. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  'a plain loop': 'let x = 0; for (;;) { x = (x * 1.1 + 1) % 7; }',
  // Comparisons and conversions of long texts.
  '===': forEver('if (t === u) n++;', 100, LONG),
  '!==': forEver('n = n + (t !== u ? 1 : 2) | 0;', 100, LONG),
  '==': forEver('if (t == u) n++;', 100, LONG),
  '== of a text and a number': forEver('if (t == 5) n++;', 100, LONG),
  '== of an object': forEver('if (o == u) n++;', 100, `${LONG} const o = { toString: () => t };`),
  '<': forEver('if (t < u) n++;', 100, LONG),
  '>=': forEver('if (t >= u) n++;', 100, LONG),
  switch: forEver("switch (t) { case u + '': n++; break; case u: n++; }", 50, LONG),
  'unary +': forEver('n = +t;', 50, LONG),
  'unary - of an object': forEver('n = -o;', 50, `${LONG} const o = { valueOf: () => t };`),
  'a boxed text': forEver('n = +o;', 50, `${LONG} const o = Object(t);`),
  '~': forEver('n = ~t;', 50, LONG),
  '*': forEver('n = t * 1;', 50, LONG),
  '-=': forEver('let m = t; m -= 1;', 50, LONG),
  '**': forEver('n = 2 ** t;', 50, LONG),
  '>>>': forEver('n = t >>> 0;', 50, LONG),
  '++ of a name': forEver('{ let m = t; m++; }', 50, LONG),
  '++ of a property': forEver('o.m = t; o.m++;', 50, `${LONG} const o = { m: 0 };`),
  '++ of an accessor': forEver('o.m++;', 50, `${LONG} const o = { get m() { return t; }, set m(v) {} };`),
  '-= deep inside': forEver('o.p.m = t; o.p.m -= 1;', 50, `${LONG} const o = { p: { m: 0 } };`),
  'an arithmetic function': forEver('n = f(t, 1);', 50, `${LONG} const f = (a, b) => a - b;`),
  'elements of a typed array': forEver('b[0] = t;', 50, `${LONG} const b = new Uint8Array(1);`),
  'elements of a typed array deep inside': forEver('o.b[0] = t;', 50, `${LONG} const o = { b: new Uint8Array(1) };`),
  'a typed array of texts': forEver('new Uint8Array(a);', 5, `${LONG} const a = [t, t, t, t, t, t, t, t];`),
  'set of texts': forEver('b.set(a);', 5, `${LONG} const a = [t, t, t, t]; const b = new Uint8Array(4);`),
  'a long key': forEver('n += o[t + n] === undefined ? 1 : 0;', 50, `${texts(2000)} const o = {};`),
  'a long key in': forEver("if ((t + 'x') in o) n++;", 50, `${texts(2000)} const o = {};`),
  'a made key': forEver('o = { [t + n]: n };', 20, `${texts(2000)} let o;`),
  'keys of a Map': forEver('m.get(u);', 100, `${texts(4000)} const m = new Map([[t, 1]]);`),
  'long keys of a Map': forEver('m.get(u);', 100, `${LONG} const m = new Map([[t, 1]]);`),
  'keys of a Set': forEver('m.has(u);', 100, `${texts(4000)} const m = new Set([t]);`),
  'flattening short ropes': forEver('(t + n).charCodeAt(3);', 50, texts(2000)),
  'numbers as texts': forEver("x = '' + (n += 0.1);", 500, 'let x;'),
  'numbers in templates': forEver(`x = \`\${n += 0.1} \${n}\`;`, 500, 'let x;'),
  // Straight-line code.
  'statements of a turn': `let x = 1; for (;;) { ${times('x = (x * 1.1 + 1) % 7;', 10_000)} }`,
  'statements of a call': `const f = () => { let x = 1; ${times('x = (x * 1.1 + 1) % 7;', 10_000)} return x; };
    for (;;) f();`,
  'statements of a branch': `let x = 1; for (;;) { if (x) { ${times('x = (x * 1.1 + 1) % 7;', 5000)} } }`,
  'statements of a case': `let x = 1; for (;;) { switch (1) { case 1: ${times('x = (x * 1.1 + 1) % 7;', 5000)} } }`,
  'statements after a return': `const f = (a) => { if (a) return 1;
    let x = 1; ${times('x = (x * 1.1 + 1) % 7;', 5000)} };
    for (;;) f(0);`,
  'a long condition': `let x = 1; for (;;) x = x ? 1 ${times('+ (x * 3 % 7)', 2000)} : 2;`,
  'a long comparator': `const a = []; for (let i = 0; i < 2000; i++) a.push(i * 7919 % 2003);
    const f = (p, q) => p - q ${times(' + p % 3 - p % 3', 300)}; for (;;) a.slice().sort(f);`,
  'a long default': `const f = (a = 1 ${times('+ n * 3 % 7', 2000)}) => a; let n = 1; for (;;) f();`,
  'a long field': `let n = 1; class A { f = 1 ${times('+ n * 3 % 7', 2000)}; } for (;;) new A();`,
  'a long static block': `let n = 1; for (;;) { class A { static { ${times('n = n * 3 % 7;', 2000)} } } }`,
  'a big literal': `let o;
    for (let i = 0; ; i++) o = { ${Array.from({ length: 5000 }, (_, i) => `k${i}: () => i`).join(',')} };`,
  'a big list': `let o; for (let i = 0; ; i++) o = [${times('i, ', 5000)}];`,
  'a big class': `let o; for (let i = 0; ; i++) o = class { ${methods(2000)} };`,
  'a small class': 'let n = 0; for (;;) { class A { static { n++; } static x = n; } }',
  'property reads that never repeat': forEver(
    'n += o[(n * 7919) % 5003] ?? 1;',
    200,
    'const o = {}; for (let i = 0; i < 5003; i += 2) o["k" + i] = i;',
  ),
  // Chains of prototypes.
  instanceof: forEver('if (p instanceof F) n++;', 100, `${CHAIN} function F() {}`),
  isPrototypeOf: forEver('Object.prototype.isPrototypeOf.call(q, p);', 100, `${CHAIN} const q = {};`),
  'a missing key': `${CHAIN} let n = 0; for (;;) { n++; const k = 'k' + n; ${times('if (k in p) n++;', 100)} }`,
  'another prototype': forEver(
    'Object.setPrototypeOf(o, p); Object.setPrototypeOf(o, null);',
    50,
    `${CHAIN} const o = {};`,
  ),
  'classes of classes': `let C = Object; let n = 0; for (;;) { try { C = class extends C {}; } catch { n++; }
    if (n) { const o = new C(); for (let i = 0; i < 100; i++) if (("k" + i) in o) n++; } }`,
  'prototypes of functions': `function F() {} let o = {}; let n = 0; for (;;) {
    try { F.prototype = o; o = new F(); } catch { n++; } if ("none" in o) n++; }`,
  '__proto__ in literals':
    'let o = {}; let n = 0; for (;;) { try { o = { __proto__: o }; } catch { n++; } if ("none" in o) n++; }',
  'holes of a class of arrays': 'class A extends Array {} const a = new A(); a.length = 100000; for (;;) a.indexOf(1);',
  // Call-backs, iterators, errors.
  'Set.forEach': forEver(
    's.forEach((x) => x);',
    100,
    'const s = new Set(); for (let i = 0; i < 100000; i++) s.add(i);',
  ),
  'Map.forEach': forEver(
    's.forEach((x) => x);',
    100,
    'const s = new Map(); for (let i = 0; i < 100000; i++) s.set(i, i);',
  ),
  'deleted elements': `const m = new Map(); for (let i = 0; i < 60000; i++) m.set(i, i);
    for (let i = 0; i < 44000; i++) m.delete(i);
    for (;;) { ${times('m.keys().next();', 100)} }`,
  'a chain of yield*': `function* g(d) { if (d > 0) yield* g(d - 1); for (;;) yield 1; } 
    const i = g(1000); for (;;) i.next();`,
  'a chain of iterators': `let i = [].values(); i = Iterator.from({ next() { return { value: 1, done: false }; } });
    for (let k = 0; k < 1000; k++) i = i.map((x) => x); for (;;) i.next();`,
  'a generator': 'function* g() { for (let i = 0; ; i++) yield i; } let n = 0; for (const x of g()) n = n + x | 0;',
  'a pattern of an iterator': `const it = { [Symbol.iterator]() { return {
    next() { return { value: 1, done: false }; }, return() { return {}; } }; } };
    let n = 0; for (;;) { const [a] = it; n += a; }`,
  'accessors of a spread': 'const o = { get a() { return 1; } }; let n; for (;;) n = { ...o, ...o, ...o };',
  'errors of the engine': 'let n = 0; for (;;) { try { null.x; } catch (e) { n += e.stack.length; } }',
  'errors deep down': 'const f = (d) => { if (d > 0) f(d - 1); else null.x; }; for (;;) { try { f(200); } catch {} }',
  'long names in stacks': `let t = 'n'; while (t.length < 100000) t = t + t;
    const f = (d) => (d > 0 ? f(d - 1) : new Error(t));
    try { Object.defineProperty(f, 'name', { value: t }); } catch {} let n = 0; for (;;) n += f(9).stack.length;`,
  'long messages': `${texts(100_000)}
    let n = 0; for (;;) { const e = new Error(t); e.message = t; n += e.stack.charCodeAt(5); }`,
  'the end of the stack': 'const f = () => { f(); }; for (;;) { try { f(); } catch {} }',
  'a catch inside a catch': 'for (;;) { try { for (;;) {} } catch {} finally { for (;;) { break; } } }',
  using: 'let n = 0; for (;;) { using x = { [Symbol.dispose]() { n++; } }; }',
  'tagged templates': 'const tag = (s) => s.raw[0]; let n = 0; for (;;) n += tag`abc`.length;',
  'defaults of patterns': 'let n = 0; for (;;) { const { a = n + 1, b = a * 2 } = {}; n = (a + b) % 97; }',
  'doubling an array': 'let a = [1]; for (;;) a = a.concat(a);',
  'doubling a text': "let s = 'x'; for (;;) { s = s + s; if (s.length > 1e8) s = 'x'; }",
  'an array of equal texts sorted': forEver(
    'a.slice().sort();',
    5,
    `${texts(4000, "'q'")} const a = [t, u, t, u, t, u];`,
  ),
  'dates as texts': forEver("x = '' + d;", 50, 'const d = new Date(0); let x;'),
  'source texts': `const f = () => { ${times('1;', 20_000)} };
    let n = 0; for (;;) { ${times('n += f.toString().length;', 50)} }`,
  'JSON with a reviver': "const t = '[' + '1,'.repeat(2000) + '1]'; for (;;) JSON.parse(t, (k, v) => v);",
  'a mapper of arithmetic':
    'const a = []; for (let i = 0; i < 10000; i++) a.push(i); for (;;) Array.from(a, (x) => x);',
};

/** What built-ins are called on, by the name of their holder, and with: names of SETUP. */
export const SETUP = `
  let long = 'q1'; while (long.length < 60000) long = long + long; long.charCodeAt(5);
  let other = 'q1'; while (other.length < 60000) other = other + other; other.charCodeAt(5);
  let digits = '1'; while (digits.length < 60000) digits = digits + digits; digits.charCodeAt(5);
  const list = []; for (let i = 0; i < 20000; i++) list.push(i);
  const textual = []; for (let i = 0; i < 100; i++) textual.push(i & 1 ? long : other);
  const wide = {}; for (let i = 0; i < 5000; i++) wide['k' + i] = i;
  const sparse = []; sparse.length = 20000;
  const like = { length: 20000 };
  const map = new Map(); for (let i = 0; i < 10000; i++) map.set(i, i);
  const set = new Set(list);
  const floats = new Float64Array(list);
  const view = new DataView(new ArrayBuffer(64));
  const date = new Date(0);
  const symbol = Symbol(long);
  const error = new Error(long);
  const fn = (a, b) => a - b;
  const same = (a) => a;
  const truth = (a) => true;
  const held = { valueOf: () => digits, toString: () => long };
  const deep = {}; { let at = deep; for (let i = 0; i < 200; i++) at = at.in = { k: long }; }
`;
export const RECEIVERS: Readonly<Record<string, readonly string[]>> = {
  'Object.prototype': ['wide', 'list', 'long'],
  'Array.prototype': ['list', 'sparse', 'like', 'textual', 'floats', 'long'],
  'String.prototype': ['long', 'digits', 'held'],
  'Number.prototype': ['1234.5678'],
  'Map.prototype': ['map'],
  'Set.prototype': ['set'],
  'Symbol.prototype': ['symbol'],
  'Date.prototype': ['date'],
  'Error.prototype': ['error'],
  'Function.prototype': ['fn', 'same'],
  'DataView.prototype': ['view'],
  'ArrayBuffer.prototype': ['view.buffer', 'floats.buffer'],
  'Iterator.prototype': ['list.values()', 'map.keys()'],
  'Object.getPrototypeOf(Int8Array.prototype)': ['floats'],
};
export const ARGUMENTS: readonly string[] = [
  ...['', 'long', 'digits', 'list', 'wide', 'textual', 'held', 'fn', '50000', 'floats', 'map', 'long, other'],
  ...[
    'digits, digits',
    'wide, digits',
    'list, same',
    'same, list',
    'list, list',
    'truth, list',
    'deep',
    '{}, list',
    '0, digits',
  ],
  ...[
    'wide, long',
    'set',
    "'q', long",
    'long, long, long',
    '1, 2, long',
    'sparse',
    'like',
    'like, same',
    'fn, fn, like',
  ],
];
