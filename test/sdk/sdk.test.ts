// The SDK without a host: what an author's own tests have of it.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { type Graft, type ReadableMap, Refused, refuse, type WritableCounter } from '../../sdk/index.ts';
import { recorded, refusalOf } from '../../sdk/test.ts';

interface Api {
  readonly stock: Pick<ReadableMap<number>, 'get'>;
  readonly asked: Pick<WritableCounter, 'add'>;
}

const price: Graft<{ sku: string; list: number }, Api, number> = (order, api) => {
  if (order.list <= 0) refuse('bad-list-price', 'a list price is positive');
  api.asked.add(1);
  return (api.stock.get(order.sku) ?? 0) > 100 ? order.list * 0.9 : order.list;
};

describe('recorded', () => {
  test('answers as it is told, and notes every call with its dotted name', () => {
    const { api, calls } = recorded<Api>({
      stock: { get: (key) => (key === 'tea' ? 200 : null) },
      asked: { add() {} },
    });
    expect(price({ sku: 'tea', list: 10 }, api)).toBe(9);
    expect(price({ sku: 'oil', list: 10 }, api)).toBe(10);
    expect(calls.map(({ name, arguments: given }) => [name, ...given])).toEqual([
      ['asked.add', 1],
      ['stock.get', 'tea'],
      ['asked.add', 1],
      ['stock.get', 'oil'],
    ]);
  });

  test('gives null for nothing, as a host does, and keeps arguments as they were', () => {
    const { api, calls } = recorded({ put: (_row: object): unknown => undefined });
    const row = { count: 1 };
    expect(api.put(row)).toBeNull();
    row.count = 2;
    expect(calls).toEqual([{ name: 'put', arguments: [{ count: 1 }] }]);
  });

  test('cannot be changed by the graft', () => {
    const { api } = recorded<Api>({ stock: { get: () => null }, asked: { add() {} } });
    expect(() => Object.assign(api.stock, { get: () => 1 })).toThrow(TypeError);
  });
});

describe('refusalOf', () => {
  const { api } = recorded<Api>({ stock: { get: () => null }, asked: { add() {} } });

  test('gives code and message of a refusal', () => {
    const refusal = refusalOf(() => price({ sku: 'tea', list: -1 }, api));
    expect(refusal).toBeInstanceOf(Refused);
    expect([refusal?.code, refusal?.message]).toEqual(['bad-list-price', 'a list price is positive']);
  });

  test('gives null where nothing is refused, and throws other errors on', () => {
    expect(refusalOf(() => price({ sku: 'tea', list: 1 }, api))).toBeNull();
    expect(() =>
      refusalOf(() => {
        throw new TypeError('wrong');
      }),
    ).toThrow(TypeError);
  });
});

test('the SDK imports nothing but its own files', () => {
  const folder = new URL('../../sdk/', import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const imported = files.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/\bfrom '([^']+)'/g)].map(([, to]) => to),
  );
  expect(imported.filter((to) => !to?.startsWith('./') && !to?.startsWith('graftwork-sdk'))).toEqual([]);
  expect(readFileSync(new URL('package.json', folder), 'utf8')).not.toContain('ependencies');
});
