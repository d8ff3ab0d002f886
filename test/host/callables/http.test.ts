import { describe, expect, test } from '@jest/globals';
import { headerFault, httpAnswer } from '../../../src/host/callables/http-answer.ts';
import { ResponseHeaders } from '../../../src/host/callables/response-headers.ts';
import { HostTransaction } from '../../../src/host/host-transaction.ts';
import { Bed, run, thrown } from './bed.ts';

describe('a header', () => {
  test.each([
    ['x-cache', 'hit'],
    ['Cache-Control', 'no-store, max-age=0'],
    ['x-empty', ''],
    ["!#$%&'*+-.^_`|~09Az", 'a\tb'],
  ])('%p: %p may be written', (name, value) => {
    expect(headerFault(name, value)).toBeNull();
  });

  test.each([
    ['x-a', 'b\r\nset-cookie: c=d'],
    ['x-a', 'b\0'],
    ['x-a', 'b\u010d\u010ac'],
    ['x-a', ' b'],
    ['x-a', 7],
    ['x a', 'b'],
    ['x-a: b\r\nc', 'd'],
    ['', 'b'],
    [null, 'b'],
    ['Set-Cookie', 'a=b'],
    ['CONTENT-LENGTH', '3'],
    ['transfer-encoding', 'chunked'],
    ['content-security-policy', ''],
    ['access-control-allow-origin', '*'],
    ['location', '/x'],
    ['content-type', 'text/html'],
    ['cache-control', 'public, max-age=60'],
    ['Cache-Control', 'private, s-maxage=60'],
    ['cache-control', 'max-age=60'],
    ['Vary', '*'],
  ])('%p: %p may not', (name, value) => {
    expect(headerFault(name, value)).not.toBeNull();
  });
});

const isAllowed = (answer: unknown): boolean => !('issues' in (httpAnswer['~standard'].validate(answer) as object));

describe('an HTTP answer', () => {
  test.each([
    {},
    { ok: true },
    { status: 200, headers: { 'x-a': 'b' }, body: 'text' },
    { status: 404 },
    { status: 302, headers: { location: '/login?next=/a' } },
  ])('%j passes', (answer) => {
    expect(isAllowed(answer)).toBe(true);
  });

  test.each([
    7,
    null,
    [],
    { status: 101 },
    { status: 600 },
    { status: 200.5 },
    { status: '200' },
    { rewrite: '/admin' },
    { body: 7 },
    { status: 204, body: 'x' },
    { status: 302 },
    { status: 302, headers: {} },
    { status: 200, headers: { location: '/x' } },
    ...[
      '//evil.example',
      'https://evil.example',
      '/\\evil.example',
      '/a\r\nb',
      '/%0d%0aset-cookie:a',
      '/../admin',
      '/a/%2fb',
      'javascript:alert(1)',
      '',
    ].map((location) => ({
      status: 302,
      headers: { location },
    })),
    { headers: { 'x-a': '1', 'X-A': '2' } },
    { headers: ['x'] },
    { headers: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`x-${i}`, ''])) },
    { headers: { 'x-a': 'y'.repeat(8192) } },
  ])('%j does not', (answer) => {
    expect(isAllowed(answer)).toBe(false);
  });
});

describe('headers of a response', () => {
  test('are read inside the transaction, in order, and an abort of a nested call takes its own back', () => {
    const bed = new Bed();
    const headers = new ResponseHeaders();
    const txn = bed.begin();
    const one = bed.callerIn(txn);
    run(headers.header, one, 'x-a', '1');
    one.txn.commit();
    const two = bed.callerIn(txn);
    run(headers.header, two, 'x-b', '2');
    two.txn.abort();
    const three = bed.callerIn(txn);
    run(headers.header, three, 'x-c', '3');
    three.txn.commit();
    expect(headers.of(new HostTransaction(txn))).toEqual([
      ['x-a', '1'],
      ['x-c', '3'],
    ]);
    expect(headers.of(new HostTransaction(bed.begin()))).toEqual([]);
  });

  test('of a transaction that has ended are not told, nor are those of the one that has its tree now', () => {
    const bed = new Bed();
    const headers = new ResponseHeaders();
    const ended = bed.begin();
    ended.commit();
    const next = bed.begin();
    expect(next.tree).toBe(ended.tree);
    run(headers.header, bed.callerIn(next), 'x-user', 'bob');
    expect(thrown(() => headers.of(new HostTransaction(ended)))).toBe('GRAFT_TXN_ENDED');
  });

  test('one that is not allowed, too many and too much doom the call', () => {
    const bed = new Bed();
    const headers = new ResponseHeaders();
    const bad = bed.caller();
    expect(thrown(() => run(headers.header, bad, 'set-cookie', 'a=b'))).toBe(
      "thrown: header: set-cookie is the host's own",
    );
    expect(bad.txn.doomed).not.toBeNull();
    const many = bed.caller();
    for (let i = 0; i < 32; i++) run(headers.header, many, 'x-a', `${i}`);
    expect(thrown(() => run(headers.header, many, 'x-a', ''))).toBe('limit: headers');
    expect(thrown(() => run(headers.header, bed.caller(), 'x-a', 'y'.repeat(8192)))).toBe('limit: headers');
  });
});
