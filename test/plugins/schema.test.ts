// Checking a value against plain data and a schema.

import { types } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { z } from 'zod';
import { type Checked, checkValue } from '../../src/plugins/schema.ts';

const check = (value: unknown, schema?: StandardSchemaV1<unknown, unknown>): Checked<unknown> =>
  checkValue(value, schema, types.isProxy);

/** A schema by hand. */
const schemaOf = (validate: StandardSchemaV1.Props['validate']): StandardSchemaV1<unknown, unknown> => ({
  '~standard': { version: 1, vendor: 'test', validate },
});

describe('checkValue', () => {
  it('passes plain data where there is no schema', () => {
    expect(check({ a: [1] })).toEqual({ ok: true, value: { a: [1] } });
  });

  it('asks the schema only about plain data', () => {
    let asked = 0;
    const schema = schemaOf((value) => {
      asked++;
      return { value };
    });
    expect(check({ a: [undefined] }, schema)).toEqual({ ok: false, why: '.a[0]: undefined' });
    expect(asked).toBe(0);
    expect(check(1, schema)).toEqual({ ok: true, value: 1 });
    expect(asked).toBe(1);
  });

  it('gives what the schema makes of the value', () => {
    expect(check({ n: '12', more: true }, z.object({ n: z.coerce.number() }))).toEqual({ ok: true, value: { n: 12 } });
  });

  it('names the place where the schema refuses', () => {
    const rows = z.object({ rows: z.array(z.object({ id: z.number() })) });
    expect(check({ rows: [{ id: 1 }, { id: 'x' }] }, rows)).toMatchObject({
      ok: false,
      why: expect.stringMatching(/^\.rows\.1\.id: /),
    });
  });

  it('knows paths of objects with a key, and issues without a path', () => {
    expect(
      check(
        1,
        schemaOf(() => ({ issues: [{ message: 'no', path: ['a', { key: 'b' }] }] })),
      ),
    ).toEqual({ ok: false, why: '.a.b: no' });
    expect(
      check(
        1,
        schemaOf(() => ({ issues: [{ message: 'no' }] })),
      ),
    ).toEqual({ ok: false, why: ': no' });
    expect(
      check(
        1,
        schemaOf(() => ({ issues: [] })),
      ),
    ).toEqual({ ok: false, why: 'the schema refuses it' });
  });

  it('cuts what it says', () => {
    const { why } = check(
      1,
      schemaOf(() => ({ issues: [{ message: 'm'.repeat(1000) }] })),
    ) as { why: string };
    expect(why).toHaveLength(300);
  });

  it('refuses where the schema is asynchronous, and its later failure is nobody’s unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    expect(
      check(
        1,
        schemaOf(() => Promise.reject(new Error('later'))),
      ),
    ).toEqual({ ok: false, why: 'the schema is asynchronous', isHostFault: true });
    await new Promise((resolve) => setTimeout(resolve, 0));
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('refuses where the schema throws, and says nothing of its error', () => {
    const schema = schemaOf(() => {
      throw new Error('secret');
    });
    expect(check(1, schema)).toEqual({ ok: false, why: 'the schema failed', isHostFault: true });
  });

  it('refuses what the schema makes and is not plain', () => {
    expect(check('1970-01-01', z.coerce.date())).toEqual({ ok: false, why: ': the schema made an object of a class' });
  });
});
