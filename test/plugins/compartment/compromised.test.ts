// A plugin that has taken its process over says what it likes. Here a scripted child stands in for it: it starts and
// loads as it should, and answers a CALL as each test says. Nothing it does may do more than end its own call and its
// own process.

import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { CompartmentCall } from '../../../src/plugins/compartment/compartment.ts';
import type { Item } from '../../../src/plugins/compartment/process/plugin-process.ts';
import * as protocol from '../../../src/plugins/protocol.ts';
import type { TestBase } from '../../support/base.ts';

/**
 * What the child does on a CALL: JavaScript text, with `send(type, call, head, text)`, `raw(bytes)`, `receive()` and
 * the CALL's number `n`.
 */
let onCall = '';
/** How many of the next processes are killed while they load. */
let killedLoads = 0;

const child = (): string => `
  const { readSync, writeSync } = require('node:fs');
  const P = ${JSON.stringify(protocol)};
  const raw = (bytes) => { for (let sent = 0; sent < bytes.length; ) sent += writeSync(4, bytes, sent); };
  const send = (type, call, head, ...texts) => {
    const body = Buffer.concat([Buffer.from([type, 0, 0, 0, 0]), head, Buffer.from(texts.join(''))]);
    body.writeUInt32LE(call >>> 0, 1);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(body.length);
    raw(Buffer.concat([length, body]));
  };
  const u16 = (value) => Buffer.from([value & 255, value >> 8]);
  const u32 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
  let held = Buffer.alloc(0);
  const receive = () => {
    for (;;) {
      if (held.length >= 4 && held.length >= 4 + held.readUInt32LE(0)) {
        const end = 4 + held.readUInt32LE(0);
        const frame = { type: held[4], call: held.readUInt32LE(5), body: held.subarray(9, end) };
        held = held.subarray(end);
        return frame;
      }
      const bytes = Buffer.alloc(65536);
      const count = readSync(3, bytes);
      if (count === 0) process.exit(0);
      held = Buffer.concat([held, bytes.subarray(0, count)]);
    }
  };
  send(P.READY, 0, Buffer.alloc(0));
  for (;;) {
    const { type, call: n } = receive();
    if (type === P.LOAD && ${killedLoads-- > 0}) process.kill(process.pid, 'SIGKILL');
    if (type === P.LOAD) send(P.ENDED, n, u32(0), 'R', '["graft"]');
    if (type === P.CALL) { ${onCall} }
  }`;

jest.unstable_mockModule('../../../src/plugins/compartment/process/command.ts', () => ({
  childCommand: () => ({
    file: process.execPath,
    args: ['-e', child()],
    facts: { walls: { landlock: false, seccomp: false }, network: 'open', parentDeath: false },
  }),
}));

const { isAlive, openBase, until } = await import('../../support/base.ts');
const { PluginProcess } = await import('../../../src/plugins/compartment/process/plugin-process.ts');

const FUNCTION = { name: 'p', kind: 'function', default: () => 'default' } as const;
/** A call of accessor 1, which is stock.set. */
const SET = `send(P.HOST_CALL, n, u16(1), '["a",9]');`;
const RESULT = `send(P.ENDED, n, u32(0), 'R', '"fine"');`;

let base: TestBase;
afterEach(() => base.close());

/** Calls a graft whose child does `script`; gives the outcome, and the process it ran in. */
const called = async (script: string) => {
  onCall = script;
  base = openBase('process');
  const point = base.point(FUNCTION);
  await base.install('a', '{}');
  const pid = base.maker?.pids[0] as number;
  return { outcome: await base.invoke(point, 1), pid };
};

describe('a child that keeps to the protocol', () => {
  it('is answered', async () => {
    const { outcome, pid } = await called(`${SET} receive(); ${RESULT}`);
    expect(outcome).toMatchObject({ status: 'committed', value: 'fine' });
    expect([base.state.a, isAlive(pid)]).toEqual([9, true]);
  });

  it('is heard though it ends right after its answer', async () => {
    const { outcome, pid } = await called(`${SET} receive(); ${RESULT} process.exit(0);`);
    expect(outcome).toMatchObject({ status: 'committed', value: 'fine' });
    await until(() => !isAlive(pid));
  });

  it('is not blamed for being killed while it loads, not even several times in a row', async () => {
    onCall = RESULT;
    base = openBase('process');
    const point = base.point(FUNCTION);
    await base.install('a', '{}');
    const [first] = base.maker?.pids ?? [];
    killedLoads = 4;
    process.kill(first as number, 'SIGKILL');
    await until(() => !isAlive(first as number));
    expect(await base.invoke(point, 1)).toMatchObject({ status: 'committed', value: 'fine' });
    expect(killedLoads).toBe(-1);
  });
});

describe('a child that does not', () => {
  it.each<[string, string]>([
    ['sends a type that is not its own', `${SET} receive(); send(P.CALL, n, u32(0));`],
    ['sends a type that nobody knows', `${SET} receive(); send(99, n, u32(0));`],
    [
      'sends a frame that is too long',
      `${SET} receive(); raw(Buffer.concat([u32(P.ANSWER_BYTES_MAX + 1), Buffer.alloc(64)]));`,
    ],
    ['sends a frame that is too short', `${SET} receive(); raw(u32(4));`],
    ['sends a frame without its head', `${SET} receive(); send(P.ENDED, n, Buffer.alloc(3));`],
    ['calls the host for another call', `${SET} receive(); send(P.HOST_CALL, n + 1, u16(0), '["a"]');`],
    ['calls the host without an accessor', `${SET} receive(); send(P.HOST_CALL, n, Buffer.alloc(1));`],
    ['answers a call it was not sent', `${SET} receive(); send(P.ENDED, n + 1, u32(0), 'R', '1');`],
    ['ends in a way that there is not', `${SET} receive(); send(P.ENDED, n, u32(0), 'X', '[]');`],
    ['ends with nothing', `${SET} receive(); send(P.ENDED, n, u32(0));`],
    ['answers what is no JSON', `${SET} receive(); send(P.ENDED, n, u32(0), 'R', '{');`],
    ['refuses with what is no JSON', `${SET} receive(); send(P.ENDED, n, u32(0), 'N', '{');`],
    ['fails with what is no JSON', `${SET} receive(); send(P.ENDED, n, u32(0), 'F', '{');`],
    ['wants a part that there is not', `${SET} receive(); send(P.WANT, 0, Buffer.alloc(0), 'constructor');`],
    [
      'wants a part again',
      `${SET} receive(); for (let i = 0; i < 2; i++) send(P.WANT, 0, Buffer.alloc(0), 'core'); receive();`,
    ],
    ['says a line for another call', `${SET} receive(); send(P.TELL, n + 1, Buffer.from([1]), 'a');`],
    ['says a line without a level', `${SET} receive(); send(P.TELL, n, Buffer.alloc(0));`],
    ['says a line of a level that there is not', `${SET} receive(); send(P.TELL, n, Buffer.from([4]), 'a');`],
    ['says a line that is too long', `${SET} receive(); send(P.TELL, n, Buffer.from([1]), 'a'.repeat(4001));`],
    [
      'says more lines than a realm lets through',
      `${SET} receive(); for (let i = 0; i < 202; i++) send(P.TELL, n, Buffer.from([1]), 'a');`,
    ],
    ['ends by itself', `${SET} receive(); process.exit(0);`],
  ])('%s: its call is aborted, its process is gone', async (_name, script) => {
    const { outcome, pid } = await called(script);
    expect(outcome).toMatchObject({
      status: 'default',
      grafts: [
        {
          status: 'aborted',
          reason: 'compartment-lost',
          removed: true,
          undone: { records: 1, first: ['stock.set a'] },
        },
      ],
    });
    expect(base.state).toEqual({ a: 1, b: 2 });
    await until(() => !isAlive(pid));
  });

  it.each<[string, string]>([
    ['answers', `send(P.ENDED, n, u32(0), 'R', '1');`],
    ['calls again', `send(P.HOST_CALL, n, u16(1), '["b",9]');`],
  ])('%s while it waits for the host: its call is aborted, and nothing is left', async (_name, then) => {
    onCall = `send(P.HOST_CALL, n, u16(0), '["a"]'); ${then}`;
    base = openBase('process');
    const point = base.point(FUNCTION);
    await base.install('a', '{}');
    const other = base.transactions.begin();
    base.stock.set(other, 'a', 5);
    const outcome = await base.invoke(point, 1);
    expect(outcome).toMatchObject({ status: 'default', grafts: [{ reason: 'compartment-lost', removed: true }] });
    other.abort();
    expect(base.state).toEqual({ a: 1, b: 2 });
  });

  it('asks for an accessor that was not granted: its call cannot commit', async () => {
    const { outcome } = await called(`${SET} receive(); send(P.HOST_CALL, n, u16(500), '[]'); receive(); ${RESULT}`);
    expect(outcome).toMatchObject({
      grafts: [{ reason: 'not-callable', detail: 'accessor number 500', undone: { records: 1 } }],
    });
    expect(base.state.a).toBe(1);
  });

  it.each(['{', '5', '[{"__proto__":1}]', '["a\\ud800"]', `[${'['.repeat(64)}${']'.repeat(64)}]`])(
    'sends arguments that are not plain data: %s is refused before any accessor sees it',
    async (json) => {
      const script =
        `send(P.HOST_CALL, n, u16(1), ${JSON.stringify(json)}); const { body } = receive(); ` +
        "send(P.ENDED, n, u32(0), 'R', body.subarray(1).toString());";
      const { outcome } = await called(script);
      expect(outcome).toMatchObject({ status: 'committed', value: { code: 'GRAFT_BAD_ARGUMENT' } });
      expect(JSON.stringify(outcome)).not.toContain('takes a text');
      expect(base.state.a).toBe(1);
    },
  );

  it.each(['{"__proto__":1}', '["\\u0000"]', '1e999', `${'['.repeat(64)}${']'.repeat(64)}`])(
    'answers %s, which is not plain data',
    async (json) => {
      const { outcome } = await called(`send(P.ENDED, n, u32(0), 'R', ${JSON.stringify(json)});`);
      expect(outcome).toMatchObject({ status: 'default', grafts: [{ reason: 'invalid-answer' }] });
    },
  );

  it('says how it failed in ways that are not the protocol’s', async () => {
    const said = { reason: 'total-time', name: 'n'.repeat(5000), message: 5, stack: {} };
    const { outcome } = await called(`send(P.ENDED, n, u32(0), 'F', ${JSON.stringify(JSON.stringify(said))});`);
    expect(outcome.grafts).toMatchObject([
      { reason: 'compartment-lost', detail: `${'n'.repeat(100)}: `, removed: true },
    ]);
  });

  it('refuses with a code that is none', async () => {
    const said = { code: '<script>', message: 'm'.repeat(5000) };
    const { outcome } = await called(`send(P.ENDED, n, u32(0), 'N', ${JSON.stringify(JSON.stringify(said))});`);
    expect(outcome).toMatchObject({ status: 'refused', refusal: { code: 'refused', message: 'm'.repeat(1000) } });
  });
});

describe('frames of a call that has ended', () => {
  const OWNER = {};
  const CALLED = { index: 0, input: null, own_ms: 5000, ignoresAnswer: false } as CompartmentCall;
  const MESSAGE = { realm: '', code: '', memory_mb: 8, load_ms: 1000, grafts: [] };

  /** A process with one call in it, which ends as soon as it calls the host for the first time. */
  const ended = async () => {
    base = openBase('direct');
    const told: string[] = [];
    let gone = (): void => {};
    const death = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const process = new PluginProcess({
      ended: () => void told.push('ended'),
      hostCall: (_process, item) => {
        told.push('hostCall');
        process.cancel(item);
      },
      room: () => void told.push('room'),
      died: () => gone(),
    });
    await new Promise((resolve) => process.load(OWNER, MESSAGE, resolve));
    told.length = 0;
    process.send(1, OWNER, CALLED);
    return { process, told, death };
  };

  it('are refused and counted, and reach nobody', async () => {
    onCall =
      "let errors = 0; for (let i = 0; i < 4; i++) { send(P.HOST_CALL, n, u16(1), '[]'); " +
      "errors += receive().body[0]; } send(P.ENDED, n, u32(0), 'R', String(errors));";
    const { process, told, death } = await ended();
    await until(() => told.includes('room'));
    expect([told, process.late]).toEqual([['hostCall', 'room'], 4]);
    process.kill('closed');
    await death;
  });

  it('that has not begun do not come: it leaves the pipe before the answer to the one that waits', async () => {
    onCall =
      "send(P.HOST_CALL, n, u16(1), '[]'); const types = [receive().type, receive().type, receive().type]; " +
      "send(P.ENDED, n, u32(0), 'R', JSON.stringify(types));";
    base = openBase('direct');
    const endings: unknown[] = [];
    let second: Item | null = null;
    let gone = (): void => {};
    const death = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const process = new PluginProcess({
      ended: (_process, _item, ending) => void endings.push(ending),
      hostCall(_process, item) {
        process.cancel(second as Item);
        process.answer(item, 0, '1');
      },
      room: () => {},
      died: () => gone(),
    });
    await new Promise((resolve) => process.load(OWNER, MESSAGE, resolve));
    process.send(1, OWNER, CALLED);
    second = process.send(2, OWNER, CALLED);
    await until(() => endings.length === 1);
    expect(endings).toEqual([{ kind: 'value', value: [protocol.CALL, protocol.CANCEL, protocol.ANSWER], own_ms: 0 }]);
    expect(process.items).toEqual([]);
    process.kill('closed');
    await death;
  });

  it('end the process where they do not end', async () => {
    onCall = `for (;;) { send(P.HOST_CALL, n, u16(1), '[]'); receive(); }`;
    const { process, told, death } = await ended();
    await death;
    expect([told, process.late, process.child.signalCode]).toEqual([['hostCall'], 10_001, 'SIGKILL']);
  });
});
