// The api that a graft is handed in its realm, seen through a real process.

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openBed, type RealmBed } from './bed.ts';

let bed: RealmBed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.child.kill());

describe('the api', () => {
  it('is made of frozen namespaces without a prototype, and of plain functions', async () => {
    const graft = `(input, api) => {
      const value = api.stock.get('a', 1, undefined)
      const frozen = Object.isFrozen(api) && Object.isFrozen(api.stock)
      return [value, typeof value?.then, frozen, Object.getPrototypeOf(api) === null, Object.keys(api.stock)]
    }`;
    const realm = await bed.load(graft, '', { callable: ['stock.get', 'stock.has', 'log'] });
    const received = await bed.child.call(realm, null, { answer: (args) => ({ args }) });
    expect(received.json).toEqual([{ args: ['a', 1] }, 'undefined', true, true, ['get', 'has']]);
  });

  it('refuses arguments that are not plain, before the host hears of them', async () => {
    const graft =
      '(input, api) => { const got = []; for (const bad of [{ a: new Date() }, () => 1]) ' +
      'try { api.log(1, bad) } catch (e) { got.push(e.name, e.message) } return got }';
    const realm = await bed.load(graft, '', { callable: ['log'] });
    const received = await bed.child.call(realm, null, { answer: () => 'never' });
    expect(received.json).toEqual([
      'TypeError',
      'api.log, arguments[1].a: an object of a class',
      'TypeError',
      'api.log, arguments[1]: a function',
    ]);
  });

  it('lets no call end well that passed an argument larger than a value may be, whatever it caught', async () => {
    const graft = '(input, api) => { try { api.log("\\u4e2d".repeat(input)) } catch (e) {} return 1 }';
    const realm = await bed.load(graft, '', { callable: ['log'] });
    const failure = { reason: 'limit', message: 'api.log, arguments: more than 1048576 bytes' };
    expect((await bed.child.call(realm, 500_000, { answer: () => 'never' })).json).toMatchObject(failure);
    expect((await bed.child.call(realm, 1, { answer: () => 'heard' })).json).toBe(1);
  });

  it('dies with its call', async () => {
    const graft =
      '(input, api) => { if (input === 1) { kept = api; return 1 } ' +
      'try { return kept.log("late") } catch (e) { return [e.message, api.log("now")] } }';
    const realm = await bed.load(graft, 'let kept', { callable: ['log'] });
    expect(await bed.child.call(realm, 1)).toMatchObject({ json: 1 });
    const received = await bed.child.call(realm, 2, { answer: (args) => args });
    expect(received.json).toEqual(['api.log: the call that this function was made for has ended', ['now']]);
  });

  it('works for what a graft leaves running, until the answer is out', async () => {
    const graft =
      '(input, api) => { const all = seen; ' +
      '(async () => { seen = 1; await null; seen = api.log("later") })(); return all }';
    const realm = await bed.load(graft, 'let seen = 0', { callable: ['log'] });
    expect(await bed.child.call(realm, null, { answer: (args) => args })).toMatchObject({ type: 'RESULT', json: 0 });
    expect(await bed.child.call(realm, null, { answer: (args) => args })).toMatchObject({
      type: 'RESULT',
      json: ['later'],
    });
  });

  it('survives a graft that runs the stack out around it', async () => {
    const graft =
      '(input, api) => { let left = 30; ' +
      'const f = () => { try { f() } catch (e) { if (left-- > 0) api.log("x"); throw e } }; ' +
      'try { f() } catch {} return api.log("y") }';
    const realm = await bed.load(graft, '', { callable: ['log'] });
    expect(await bed.child.call(realm, null, { own_ms: 5000, answer: (args) => args })).toMatchObject({
      type: 'RESULT',
      json: ['y'],
    });
  });
});
