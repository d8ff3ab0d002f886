// Refusing on purpose, seen through a real process.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBed, type RealmBed } from './bed.ts';

let bed: RealmBed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.child.kill());

describe('refusing', () => {
  it.each([
    ['thrown', '() => __graftwork_refuse("too.low", "because")'],
    ['rejected with', 'async () => { await null; __graftwork_refuse("too.low", "because") }'],
    [
      'caught, changed and thrown again',
      '() => { try { __graftwork_refuse("too.low", "because") } catch (e) { e.message = "x"; throw e } }',
    ],
  ])('is a refusal when %s', async (_, graft) => {
    expect(await bed.outcome(graft)).toMatchObject({ type: 'REFUSED', json: { code: 'too.low', message: 'because' } });
  });

  it.each([
    ['a look-alike', '() => { throw Object.assign(new Error("m"), { name: "Refusal", code: "c" }) }', 'm'],
    ['a heir of one', '() => { try { __graftwork_refuse("c", "m") } catch (e) { throw Object.create(e) } }', 'm'],
    ['a code that is none', '() => __graftwork_refuse("a b", "m")', "a refusal's code"],
    ['a code that is too long', '() => __graftwork_refuse("c".repeat(65), "m")', "a refusal's code"],
  ])('is not %s', async (_, graft, message) => {
    expect(await bed.failure(graft)).toMatchObject({ reason: 'thrown', message: expect.stringContaining(message) });
  });

  it('is not one kept from an earlier call', async () => {
    const graft =
      '(input) => { if (input) { try { __graftwork_refuse("c", "m") } catch (e) { kept = e } return 1 } throw kept }';
    const realm = await bed.load(graft, 'let kept');
    expect(await bed.child.call(realm, true)).toMatchObject({ type: 'RESULT' });
    expect(await bed.child.call(realm, false)).toMatchObject({
      type: 'FAILED',
      json: { reason: 'thrown', name: 'Refusal' },
    });
  });

  it('bounds its message', async () => {
    const { json } = await bed.outcome('() => __graftwork_refuse("c", "m".repeat(5000))');
    expect((json as { message: string }).message).toHaveLength(1000);
  });
});
