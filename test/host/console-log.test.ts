// What plugins say on their consoles reaches the host's report, within a bound a minute.

import { describe, expect, test } from '@jest/globals';
import { ConsoleLog } from '../../src/host/console-log.ts';
import { createHost, type HostEvent } from '../../src/host/index.ts';
import { IsolateMaker, ProcessMaker } from '../../src/plugins/compartment/index.ts';

const LINE = { level: 'info', text: 'x'.repeat(1000) } as const;

describe('a console', () => {
  test('is told by plugin, graft and call, with its level', async () => {
    const events: HostEvent[] = [];
    const report = (event: HostEvent): void => void events.push(event);
    const host = await createHost({ store: 'memory', report, compartment: new IsolateMaker() });
    const point = host.graftPoint({ name: 'a/b', kind: 'function', default: (): unknown => null });
    await host.install({
      manifest: { name: 'p', main: 'm.js', graftwork: { api: 1, grafts: [{ point: 'a/b', export: 'f' }] } },
      files: { 'm.js': 'console.info("up"); export const f = (n) => { console.warn("n is", n); return n; };' },
    });
    await point.call(7);
    await point.call(8);
    await host.close();
    const of = { what: 'console', plugin: 'p' };
    expect(events).toEqual([
      { ...of, graft: null, call: null, level: 'info', text: 'up' },
      { ...of, graft: 'p#f', call: 1, level: 'warn', text: 'n is 7' },
      { ...of, graft: 'p#f', call: 2, level: 'warn', text: 'n is 8' },
    ]);
  });

  test.each([
    ['isolate', () => new IsolateMaker()],
    ['process', () => new ProcessMaker({ spares: 0 })],
  ])('is lost where the report fails, and the call goes on (%s)', async (_kind, maker) => {
    const report = (): never => {
      throw new Error('the disk is full');
    };
    const host = await createHost({ store: 'memory', report, compartment: maker() });
    const point = host.graftPoint({ name: 'a/b', kind: 'function', default: (): unknown => null });
    await host.install({
      manifest: { name: 'p', main: 'm.js', graftwork: { api: 1, grafts: [{ point: 'a/b', export: 'f' }] } },
      files: { 'm.js': 'console.log("up"); export const f = (n) => { console.log(n); return n; };' },
    });
    expect(await point.call(7)).toBe(7);
    await host.close();
  });

  test('is heard up to a bound a minute, plugin by plugin, and the host is told where it ends', () => {
    const events: HostEvent[] = [];
    let now_ms = 0;
    const log = new ConsoleLog(
      (event) => events.push(event),
      () => now_ms,
    );
    const speaker = { graft: 'p#f', call: 1 };
    for (let i = 0; i < 2000; i++) log.told('p', speaker, LINE);
    const units = 2 ** 20;
    expect(events.length).toBe(Math.floor(units / LINE.text.length) + 1);
    expect(events.at(-1)).toMatchObject({
      plugin: 'p',
      graft: null,
      level: 'warn',
      text: expect.stringContaining('dropped'),
    });
    log.told('q', speaker, LINE);
    expect(events.at(-1)).toMatchObject({ plugin: 'q', text: LINE.text });
    now_ms = 60_000;
    log.told('p', speaker, LINE);
    expect(events.at(-1)).toMatchObject({ plugin: 'p', text: LINE.text });
  });
});
