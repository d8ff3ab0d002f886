// What every kind that takes WebAssembly does: the scenarios of the other kinds that make sense there, with their
// sources in WebAssembly's text form.

import { textTrial } from '../crossing/text-trial.ts';
import { base, aborted as became, type Claims, committed, expect, FUNCTION, it, open } from './bed.ts';

/** A module's own part of every source: memory, texts handed over, and texts at 16, 32, 48, … in its memory. */
const module = (body: string, imports = '', texts: readonly string[] = []): string => `(module
  (import "graftwork" "memory" (memory 2))
  ${imports}
  (global $next (mut i32) (i32.const 65536))
  (func (export "alloc") (param $size i32) (result i32)
    global.get $next
    (global.set $next (i32.add (global.get $next) (local.get $size))))
  (func $text (param $at i32) (param $length i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32)) (i64.extend_i32_u (local.get $length))))
  ${texts.map((text, index) => `(data (i32.const ${16 * (index + 1)}) ${JSON.stringify(text)})`).join('\n  ')}
  ${body})`;

const REFUSE = '(import "graftwork" "refuse" (func $refuse (param i32 i32 i32 i32)))';
const accessor = (name: string): string =>
  `(import "api" "${name}" (func $${name.replace('.', '_')} (param i32 i32) (result i64)))`;
const SET = accessor('stock.set');
const SET_A = ['["a",9]'] as const;
const CALL_SET = '(drop (call $stock_set (i32.const 16) (i32.const 7)))';
/** A graft over texts. */
const graft = (body: string, name = 'graft'): string =>
  `(func (export "graft_${name}") (param $at i32) (param $length i32) (result i64) ${body})`;
const ONE = '(call $text (i32.const 128) (i32.const 1)) (i32.store8 (i32.const 128) (i32.const 49))';

const answer = async (source: string, input: unknown = null): Promise<unknown> => {
  const point = base.point(FUNCTION);
  await base.install('a', source);
  return base.invoke(point, input);
};

const crossing = (claims: Claims): void => {
  it('hands plain data in and out', async () => {
    open(claims);
    const value = { a: [1, -0.5, true, null, 'ä€😀\u2028'], b: {}, c: [[]] };
    expect(await answer(module(graft('(call $text (local.get $at) (local.get $length))')), value)).toEqual(
      committed(value),
    );
  });

  it('hands numbers in and out as they are', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, budget: 9 });
    await base.install(
      'a',
      module('(func (export "direct_graft") (param f64 f64) (result f64) (f64.div (local.get 0) (local.get 1)))'),
    );
    expect(await base.invoke(point, [1, 4])).toEqual(committed(0.25));
    expect(await base.invoke(point, [1, 0])).toMatchObject({
      status: 'default',
      grafts: [{ reason: 'invalid-answer' }],
    });
    for (const input of [1, [1], [1, 'x'], 'x', null])
      expect(await base.invoke(point, input)).toMatchObject({ status: 'default', grafts: [{ reason: 'thrown' }] });
  });

  it('takes rows, many in one call', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, rows: true });
    await base.install(
      'a',
      module('(func (export "direct_graft") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 2)))'),
    );
    expect(await base.invoke(point, [1, 2, 3])).toEqual(committed([2, 4, 6]));
  });

  it('lets a graft read and change the host, once for all', async () => {
    open(claims);
    const body = `${CALL_SET} (call $stock_get (i32.const 32) (i32.const 5))`;
    expect(await answer(module(graft(body), SET + accessor('stock.get'), [...SET_A, '["a"]']))).toEqual(committed(9));
    expect(base.state).toEqual({ a: 9, b: 2 });
  });

  it('lets plain data alone reach the host, whatever text a graft sends', async () => {
    open(claims);
    const { seen, violations } = await textTrial(base, 1);
    expect(violations).toEqual([]);
    expect(seen).toBeGreaterThan(50);
  });

  it('says who calls', async () => {
    open(claims);
    expect(
      await answer(module(graft('(call $whoami (i32.const 16) (i32.const 2))'), accessor('whoami'), ['[]'])),
    ).toEqual(committed({ plugin: 'a', graftName: 'a#graft', installer: 'host', depth: 0, readOnly: false }));
  });

  it('calls the host’s own default for a graft that replaces it', async () => {
    open(claims);
    const source = module(graft('(call $original (i32.const 16) (i32.const 3))'), accessor('original'), ['[1]']);
    expect(await answer(source)).toEqual(committed('default'));
  });

  it('fills columns before a call, and reads what the graft wrote', async () => {
    open(claims);
    const ids = { type: 'i32', length: 2 } as const;
    const fill = (
      input: unknown,
      columns: Readonly<Record<string, { fill(value: number): unknown } | undefined>>,
    ): void => void columns.ids?.fill(input as number);
    const point = base.point({ ...FUNCTION, columns: { ids }, fill });
    const body = `(global (export "column_ids") i32 (i32.const 256))
      (func (export "direct_graft") (param f64) (result f64)
        (i32.store (i32.const 260) (i32.add (i32.load (i32.const 256)) (i32.const 1)))
        (f64.convert_i32_s (i32.load (i32.const 260))))`;
    const { grafts } = await base.install('a', module(body));
    expect(await base.invoke(point, 7)).toEqual(committed(8));
    expect([...(grafts[0]?.columns.ids ?? [])]).toEqual([7, 8]);
  });
};

const failing = (claims: Claims): void => {
  it('refuses on purpose, undone and uncounted', async () => {
    open(claims);
    const point = base.point(FUNCTION);
    const refuse = '(call $refuse (i32.const 32) (i32.const 8) (i32.const 48) (i32.const 7))';
    const body = `${CALL_SET} (if (i32.eq (local.get $length) (i32.const 4)) (then ${refuse})) ${ONE}`;
    await base.install('a', module(graft(body), SET + REFUSE, [...SET_A, 'sold-out', 'no more']));
    expect(await base.invoke(point, true)).toMatchObject({
      status: 'refused',
      refusal: { code: 'sold-out', message: 'no more' },
      grafts: [{ status: 'refused', undone: { records: 1, first: ['stock.set a'] } }],
    });
    expect(base.state).toEqual({ a: 1, b: 2 });
    expect(await base.invoke(point, false)).toEqual(committed(1));
  });

  it.each<[string, string, 'thrown' | 'invalid-answer', string]>([
    ['traps', 'unreachable', 'thrown', 'RuntimeError'],
    ['reads beyond its memory', '(i64.load (i32.const -8))', 'thrown', 'RuntimeError'],
    ['runs out of stack', '(call $deep)', 'thrown', 'RangeError'],
    ['answers what is no JSON', '(call $text (i32.const 32) (i32.const 1))', 'invalid-answer', 'InvalidAnswer'],
    [
      'answers with a text that is not in its memory',
      '(call $text (i32.const -16) (i32.const 8))',
      'thrown',
      'OutOfBounds',
    ],
    ['answers with a text that is too long', '(call $text (i32.const 16) (i32.const -1))', 'thrown', 'TooLong'],
    ['answers with a text that is no UTF-8', '(call $text (i32.const 48) (i32.const 1))', 'thrown', 'NotUtf8'],
  ])('undoes and removes a graft that %s', async (_name, body, reason, detail) => {
    open(claims);
    const deep = '(func $deep (result i64) (i64.add (call $deep) (i64.const 1)))';
    const source = module(`(data (i32.const 48) "\\ff") ${deep} ${graft(`${CALL_SET} ${body}`)}`, SET, [...SET_A, 'x']);
    expect(await answer(source)).toEqual(became(reason, expect.stringContaining(detail)));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('shows a graft its own mistake as a coded error, and lets it go on', async () => {
    open(claims);
    const body = '(i64.sub (i64.const 0) (call $stock_get (i32.const 16) (i32.const 3)))';
    const source = module(graft(body), accessor('stock.get'), ['[1]']);
    expect(await answer(source)).toEqual(committed({ code: 'GRAFT_BAD_ARGUMENT', message: 'takes a text' }));
  });

  it('cannot commit after an exhausted limit, whatever a graft makes of the error', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, limits: { writes: 2 } });
    await base.install('a', module(graft(`${CALL_SET} ${CALL_SET} ${CALL_SET} ${ONE}`), SET, SET_A));
    expect(await base.invoke(point, null)).toEqual(became('limit', 'writes'));
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('lets nothing that one graft may call work in a call of another', async () => {
    open(claims);
    base.point({ ...FUNCTION, name: 'giver' });
    const taker = base.point({ ...FUNCTION, name: 'taker', callable: {} });
    const grafts = [
      { point: 'giver', export: 'give' },
      { point: 'taker', export: 'take' },
    ];
    const take = '(i64.sub (i64.const 0) (call $stock_set (i32.const 16) (i32.const 7)))';
    await base.install('a', module(graft(ONE, 'give') + graft(take, 'take'), SET, SET_A), { grafts });
    expect(await base.invoke(taker, null)).toMatchObject({ status: 'committed', value: { code: 'GRAFT_NEEDS' } });
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it(`${claims.freshHeap ? 'replaces' : 'keeps'} the heap after an abort`, async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, budget: 9 });
    const body = `(global $n (mut f64) (f64.const 0)) (func (export "direct_graft") (param f64) (result f64)
      (global.set $n (f64.add (global.get $n) (f64.const 1)))
      (if (f64.ne (local.get 0) (f64.const 0)) (then unreachable))
      (global.get $n))`;
    await base.install('a', module(body));
    expect(await base.invoke(point, 0)).toEqual(committed(1));
    expect(await base.invoke(point, 0)).toEqual(committed(2));
    await base.invoke(point, 1);
    expect(await base.invoke(point, 0)).toEqual(committed(claims.freshHeap ? 1 : 3));
  });

  it('gives a graft as much memory as its limit, and no more', async () => {
    open(claims);
    const point = base.point({ ...FUNCTION, limits: { memory_mb: 4 } });
    const grow = '(loop $more (br_if $more (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))';
    await base.install(
      'a',
      module(`(func (export "direct_graft") (param f64) (result f64) ${grow} (f64.convert_i32_s (memory.size)))`),
    );
    expect(await base.invoke(point, 0)).toEqual(committed(64));
  });
};

const installing = (claims: Claims): void => {
  it.each<[string, string, string]>([
    ['lacks the export', module(graft(ONE, 'other')), 'NotCallable'],
    ['exports something else', module('(global (export "graft_graft") i32 (i32.const 1))'), 'NotCallable'],
    [
      'imports what nobody offers',
      module(graft(ONE), '(import "wasi_snapshot_preview1" "fd_write" (func))'),
      'wasi_snapshot',
    ],
    ['imports an accessor that it does not need', module(graft(ONE), accessor('nothing')), 'LinkError'],
    ['needs more memory than its limit', '(module (import "graftwork" "memory" (memory 1000)))', 'LinkError'],
    ['traps when it starts', module(`(func $go unreachable) (start $go) ${graft(ONE)}`), 'RuntimeError'],
    [
      'calls its host when it starts',
      module(`(func $go ${CALL_SET}) (start $go) ${graft(ONE)}`, SET, SET_A),
      'no call runs',
    ],
  ])('does not install a module that %s', async (_name, source, message) => {
    open(claims);
    const point = base.point(FUNCTION);
    await expect(base.install('a', source)).rejects.toMatchObject({
      code: 'GRAFT_INSTALL_FAILED',
      message: expect.stringContaining(message),
    });
    expect([base.plugins.has('a'), point.grafts.length]).toEqual([false, 0]);
    await base.install('a', module(graft(ONE)));
    expect(await base.invoke(point, null)).toEqual(committed(1));
  });

  it('refuses at install a graft that may call an accessor that waits', async () => {
    open(claims);
    base.point({ ...FUNCTION, callable: { wait: base.wait } });
    await expect(base.install('a', module(graft(ONE)))).rejects.toMatchObject({ code: 'GRAFT_MUST_WAIT' });
    expect(base.plugins.list()).toEqual([]);
  });
};

export const wasm = (claims: Claims): void => {
  crossing(claims);
  failing(claims);
  installing(claims);
};
