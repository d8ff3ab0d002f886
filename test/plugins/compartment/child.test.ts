// The plugin's process as its protocol shows it: order, host calls, clocks, cancelling, its ends, and what it may do on
// the system.

import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { childCommand } from '../../../src/plugins/compartment/process/command.ts';
import { scriptAt } from '../../../src/plugins/compartment/realm/script.ts';
import { ANSWER, CALL, CANCEL, LOAD, READY, UNLOAD } from '../../../src/plugins/protocol.ts';
import { type RawChild, startChild } from './raw-child.ts';

let child: RawChild;

beforeEach(async () => {
  child = await startChild();
});
afterEach(() => child.kill());

const LOGGING = '({ graft: (input, api) => api.log(input) })';
const childScript = scriptAt(new URL('../../../src/plugins/compartment/process/child', import.meta.url));
const callable = ['log'];

describe('the order of frames', () => {
  it('asks the host in the middle of a call, with the accessor by number and its arguments', async () => {
    await child.load(1, '({ graft: (input, api) => [api.stock.get("a", input.n), api.log("b")] })', {
      callable: ['log', 'stock.get'],
    });
    child.putCall(7, 1, { n: 1 }).flush();
    expect(await child.next()).toEqual({ type: 'HOST_CALL', call: 7, head: 1, json: ['a', 1] });
    child.putAnswer(7, 0, { x: [1] }).flush();
    expect(await child.next()).toEqual({ type: 'HOST_CALL', call: 7, head: 0, json: ['b'] });
    child.putAnswer(7, 0, null).flush();
    expect(await child.next()).toMatchObject({ type: 'RESULT', call: 7, json: [{ x: [1] }, null] });
  });

  it('throws an error answer at the graft, with its code', async () => {
    await child.load(
      1,
      '({ graft: (input, api) => { try { api.log() } catch (e) { return [e instanceof Error, e.code, e.message] } } })',
      {
        callable,
      },
    );
    child.putCall(1, 1, null).flush();
    await child.next();
    child.putAnswer(1, 1, { code: 'GRAFT_X', message: 'no' }).flush();
    expect(await child.next()).toMatchObject({ type: 'RESULT', json: [true, 'GRAFT_X', 'no'] });
  });

  it('keeps calls that come while one waits, and answers in order', async () => {
    await child.load(1, LOGGING, { callable });
    for (const call of [1, 2, 3]) child.putCall(call, 1, call);
    child.flush();
    for (const call of [1, 2, 3]) {
      expect(await child.next()).toMatchObject({ type: 'HOST_CALL', call, json: [call] });
      child.putAnswer(call, 0, call * 10).flush();
      expect(await child.next()).toMatchObject({ type: 'RESULT', call, json: call * 10 });
    }
  });

  it('loads and unloads in between, when their turn comes', async () => {
    await child.load(1, LOGGING, { callable });
    child.putCall(1, 1, 'first').flush();
    await child.next();
    const loaded = child.load(2, '({ graft: () => 2 })');
    child.putCall(2, 2, null).frame(UNLOAD, 2).putAnswer(1, 0, 'x').flush();
    expect(await loaded).toMatchObject({ type: 'RESULT', call: 1, json: 'x' });
    expect(await child.next()).toMatchObject({ type: 'RESULT', call: 2 });
    expect(await child.next()).toMatchObject({ type: 'RESULT', call: 2, json: 2 });
    child.putCall(3, 2, null).flush();
    expect(await child.next()).toMatchObject({ type: 'EXIT', head: 70 });
  });

  it('forgets a cancelled call that waits, and no other', async () => {
    await child.load(1, LOGGING, { callable });
    child.putCall(1, 1, 'a').putCall(2, 1, 'b').putCall(3, 1, 'c').flush();
    await child.next();
    child.frame(CANCEL, 2).frame(CANCEL, 1).frame(CANCEL, 99).putAnswer(1, 0, 1).flush();
    expect(await child.next()).toMatchObject({ type: 'RESULT', call: 1 });
    expect(await child.next()).toMatchObject({ type: 'HOST_CALL', call: 3 });
  });

  it('reads frames that arrive in pieces, and large ones', async () => {
    await child.load(1, '({ graft: (input) => [input.length, input] })');
    const input = '\u4e2d'.repeat(300_000);
    child.putCall(1, 1, input);
    const bytes = Buffer.from(child.writer.bytes());
    child.writer.clear();
    child.sendBytes(bytes.subarray(0, 3));
    child.sendBytes(bytes.subarray(3, 11));
    child.sendBytes(bytes.subarray(11));
    expect((await child.next()).json).toEqual([input.length, input]);
  });
});

describe('clocks and realms', () => {
  it('does not count waiting for the host as own time', async () => {
    await child.load(1, '({ graft: (input, api) => { api.wait(); return 1 } })', { callable: ['wait'] });
    child.putCall(1, 1, null, 300).flush();
    await child.next();
    // Longer than the graft may run: this wait is what is tested.
    await new Promise((resolve) => setTimeout(resolve, 400));
    child.putAnswer(1, 0, null).flush();
    expect(await child.next()).toMatchObject({ type: 'RESULT', json: 1 });
  });

  it.each([
    'for (;;) api.log()',
    'for (;;) try { api.log() } catch {}',
    'return (async () => { for (;;) { api.log(); await null } })()',
  ])('ends a flood of host calls by own time: %s', async (body) => {
    await child.load(1, `({ graft: (input, api) => { ${body} } })`, { callable });
    expect(await child.call(1, null, { own_ms: 30 })).toMatchObject({ type: 'FAILED', json: { reason: 'own-time' } });
    expect(await child.call(1, null, { own_ms: 30 })).toMatchObject({ type: 'FAILED', json: { reason: 'own-time' } });
  });

  it('keeps realms apart, and replaces only the one that failed', async () => {
    const counting = '(() => { let n = 0; return { graft: (input) => { n++; if (input) throw 1; return n } } })()';
    await child.load(1, counting);
    await child.load(2, counting);
    for (const realm of [1, 2]) expect((await child.call(realm, false)).json).toBe(1);
    expect(await child.call(1, true)).toMatchObject({ type: 'FAILED' });
    expect((await child.call(1, false)).json).toBe(1);
    expect((await child.call(2, false)).json).toBe(2);
  });

  it('calls several grafts of a realm, and says so of one that is not there', async () => {
    const grafts = ['a', 'b'].map((name) => ({ export: name, callable: [] }));
    await child.load(1, '({ a: () => "a", b: () => "b" })', { grafts });
    expect((await child.call(1, null, { graft: 1 })).json).toBe('b');
    expect((await child.call(1, null, { graft: 0 })).json).toBe('a');
    expect(await child.call(1, null, { graft: 2 })).toMatchObject({ type: 'FAILED', json: { reason: 'not-callable' } });
  });

  it('says that a realm is lost when it cannot be made anew', async () => {
    const until = Date.now() + 1500;
    const code =
      `if (Date.now() > ${until}) throw new Error('too late'); ` +
      `({ graft: () => { while (Date.now() <= ${until}); throw new Error('now') } })`;
    await child.load(1, code);
    expect(await child.call(1, null, { own_ms: 10_000 })).toMatchObject({
      type: 'FAILED',
      json: { reason: 'thrown', message: 'now' },
    });
    expect(await child.call(1, null)).toMatchObject({ type: 'FAILED', json: { reason: 'compartment-lost' } });
    expect(await child.call(1, null)).toMatchObject({ type: 'FAILED', json: { reason: 'compartment-lost' } });
  });

  it('fails a LOAD that no realm can be made of', async () => {
    child.frame(LOAD, 1, JSON.stringify({ realm: '(', code: '({})', memory_mb: 16, load_ms: 100, grafts: [] })).flush();
    expect(await child.next()).toMatchObject({ type: 'FAILED', call: 1, json: { reason: 'compartment-lost' } });
  });
});

describe('the end', () => {
  it('comes with the end of the stream', async () => {
    child.hangUp();
    expect(await child.next()).toMatchObject({ type: 'EXIT', head: 0 });
  });

  it('comes with the end of the stream while a graft waits for the host', async () => {
    await child.load(1, LOGGING, { callable });
    child.putCall(1, 1, null).flush();
    await child.next();
    child.hangUp();
    expect(await child.next()).toMatchObject({ type: 'EXIT', head: 0 });
  });

  it.each<[string, (child: RawChild) => void]>([
    ['an unknown type', (it) => it.frame(99, 1).flush()],
    ['a type of its own', (it) => it.frame(READY, 1).flush()],
    ['a length that is too small', (it) => it.sendBytes(Buffer.alloc(16))],
    ['a length that is too large', (it) => it.sendBytes(Buffer.alloc(16, 0xff))],
    ['a CALL of an unknown realm', (it) => it.putCall(1, 5, null).flush()],
    ['a CALL without a head', (it) => it.frame(CALL, 1, 'x').flush()],
    ['an ANSWER to nothing', (it) => it.putAnswer(1, 0, 1).flush()],
    ['an ANSWER without a status', (it) => it.frame(ANSWER, 1).flush()],
    ['an UNLOAD of an unknown realm', (it) => it.frame(UNLOAD, 5).flush()],
    ['a LOAD that is no JSON', (it) => it.frame(LOAD, 1, '{').flush()],
  ])('comes with %s', async (_, send) => {
    send(child);
    expect(await child.next()).toMatchObject({ type: 'EXIT', head: 70 });
  });

  it('comes with an ANSWER to another call, and with a realm loaded twice', async () => {
    await child.load(1, LOGGING, { callable });
    child.putCall(1, 1, null).flush();
    await child.next();
    child.putAnswer(2, 0, 1).flush();
    expect(await child.next()).toMatchObject({ type: 'EXIT', head: 70 });

    child = await startChild();
    await child.load(1, LOGGING, { callable });
    expect(await child.load(1, LOGGING, { callable })).toMatchObject({ type: 'EXIT', head: 70 });
  });

  it('of a process that nothing inside can stop comes with SIGKILL', async () => {
    await child.load(1, '({ graft: (input, api) => { api.log(); return 7n ** 30000000n > 1n } })', {
      callable,
    });
    child.putCall(1, 1, null, 20).flush();
    await child.next();
    child.putAnswer(1, 0, null).flush();
    child.process.kill('SIGKILL');
    expect(await child.next()).toMatchObject({ type: 'EXIT', json: 'SIGKILL' });
  });
});

describe('what the process may do', () => {
  /** Runs `script` as the child's script would run; it tells by its exit code. */
  const asChild = (script: string): number | null => {
    const { file, args } = childCommand();
    return spawnSync(
      file,
      args.map((arg) => (arg === childScript ? script : arg)),
      { env: {} },
    ).status;
  };

  it.each([
    ['read a file', `require('node:fs').readFileSync('/etc/hostname')`],
    ['write a file', `require('node:fs').writeFileSync('/tmp/graftwork-must-not-be', '')`],
    ['start a process', `require('node:child_process').spawnSync('true')`],
    ['start a worker', `new (require('node:worker_threads').Worker)('0', { eval: true })`],
  ])('may not %s', (_, deed) => {
    expect(
      asChild(`try { ${deed}; process.exit(1) } catch (e) { process.exit(e.code === 'ERR_ACCESS_DENIED' ? 42 : 2) }`),
    ).toBe(42);
  });

  // Behind walls nobody of the same user may look into the process.
  describe('without walls', () => {
    let bare: RawChild;
    beforeEach(async () => {
      bare = await startChild(false);
    });
    afterEach(() => bare.kill());

    it('has an empty environment', () => {
      expect(readFileSync(`/proc/${bare.process.pid}/environ`, 'utf8')).toBe('');
    });

    it('has no network where the start-up says so', () => {
      const namespace = (pid: number | 'self' | undefined): string => readlinkSync(`/proc/${pid}/ns/net`);
      const apart = namespace(bare.process.pid) !== namespace('self');
      expect(apart ? 'taken away' : 'open').toBe(childCommand(false).facts.network);
    });
  });
});
