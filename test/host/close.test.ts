// A host that closes while a plugin is being installed: the install says so, nothing stands, no process is left.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createHost } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import { until } from '../support/base.ts';

const graftwork = { api: 1, grafts: [{ point: 'p', export: 'f' }] };
const PLUGIN = { manifest: { name: 'late', graftwork }, files: { 'index.js': 'export const f = () => 1;' } };
/** Its module keeps the process busy for as long as a load may take. */
const BUSY = { manifest: { name: 'busy', graftwork }, files: { 'index.js': 'for (;;); export const f = () => 1;' } };

/** The statistics line of a process: its parent, and what it runs. */
const statOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
};

/** Processes of plugins that this process has started and that have not ended. */
const children = (): string[] =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || statOf(pid).split(') ')[1]?.split(' ')[1] !== String(process.pid)) return false;
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--permission');
  });

const opened = async (options: Parameters<typeof createHost>[0]) => {
  const host = await createHost({ store: 'memory', report: () => {}, ...options });
  host.graftPoint({ name: 'p', kind: 'function', default: () => 0 });
  return host;
};

const codeOf = (pending: Promise<unknown>): Promise<unknown> =>
  pending.then(
    () => 'installed',
    (error: { code?: unknown }) => error.code,
  );

describe('a host that closes during an install', () => {
  test.each([
    ['before the package is read', 0],
    ['after some turns of the event loop', 20],
  ])('in processes, %s, leaves none', async (_when, turns) => {
    const host = await opened({ processes: { spares: 1 } });
    const end = codeOf(host.install(PLUGIN));
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    await host.close();
    expect(await end).toBe('GRAFT_CLOSED');
    expect(host.plugins()).toEqual([]);
    await until(() => children().length === 0);
    expect(await codeOf(host.install(PLUGIN))).toBe('GRAFT_CLOSED');
  });

  test('while the module is evaluated, ends that', async () => {
    const host = await opened({ processes: { spares: 0 } });
    const end = codeOf(host.install(BUSY));
    await until(() => host.pids().length > 0);
    await host.close();
    expect(await end).toBe('GRAFT_CLOSED');
    await until(() => children().length === 0);
    expect(host.plugins()).toEqual([]);
  });

  test('in its own thread, lets nothing stand', async () => {
    const host = await opened({ compartment: new IsolateMaker() });
    const end = codeOf(host.install(PLUGIN));
    await host.close();
    expect(await end).toBe('GRAFT_CLOSED');
    expect(host.plugins()).toEqual([]);
  });
});

describe('a host that drains', () => {
  /** A host with a point whose default answers when the test lets it. */
  const slow = async () => {
    const host = await createHost({ store: 'memory', compartment: new IsolateMaker() });
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    const point = host.graftPoint<string, string>({
      name: 'p',
      kind: 'function',
      default: (input) => {
        begun.resolve();
        return input === 'slow' ? gate.promise : input;
      },
    });
    return { host, point, begun: begun.promise, gate };
  };

  test('lets calls and transactions in flight end, with the calls that they make, and begins none', async () => {
    const { host, point, begun, gate } = await slow();
    const within = Promise.withResolvers<void>();
    const call = point.call('slow');
    const transaction = host.transaction(async (txn) => {
      await within.promise;
      return point.call('inside', { txn });
    });
    await begun;
    const closed = host.close({ drain_ms: 60_000 });
    await expect(point.call('late')).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
    await expect(host.transaction(async () => 1)).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
    gate.resolve('slowly');
    within.resolve();
    expect(await Promise.all([call, transaction])).toEqual(['slowly', 'inside']);
    await closed;
    expect(host.inUse().transactions).toBe(0);
  });

  test.each([
    ['when its time is over', 1, false],
    ['when it is closed again, without more time', 60_000, true],
  ])('aborts what is left %s', async (_when, drain_ms, again) => {
    const { host, gate } = await slow();
    const left = host.transaction(() => gate.promise);
    const closed = host.close({ drain_ms });
    if (again) await host.close();
    await closed;
    gate.resolve('too late');
    await expect(left).rejects.toMatchObject({ code: 'GRAFT_ABORTED', message: expect.stringContaining('cancelled') });
  });

  test('refuses a time that is none', async () => {
    const { host } = await slow();
    await expect(host.close({ drain_ms: -1 })).rejects.toMatchObject({
      code: 'GRAFT_BAD_OPTION',
      message: 'close: option drain_ms: expected milliseconds, from 0 to a day, got -1',
    });
    await host.close();
  });
});

test('a host is disposed of where its name ends', async () => {
  let ended: Awaited<ReturnType<typeof createHost>>;
  {
    await using host = await createHost({ store: 'memory', compartment: new IsolateMaker() });
    ended = host;
    expect(await host.transaction(async () => 1)).toBe(1);
  }
  await expect(ended.transaction(async () => 1)).rejects.toMatchObject({ code: 'GRAFT_CLOSED' });
});
