// The device: bytes beside a Map, durability at any moment, the order of waiting requests, and the same run twice.

import { describe, expect, it } from '@jest/globals';
import { Disk, DRIVE_1995, type QueueOrder, SectorStore } from '../../../../src/kernel-model/machine/disk/index.ts';
import { EventQueue } from '../../../../src/kernel-model/machine/index.ts';
import { Random } from '../../../support/random.ts';
import { SMALL } from './drives.ts';

const SEEDS = Array.from({ length: 15 }, (_, seed) => seed);

/** Sectors by number, each filled with one byte; what is missing is zero. */
class NaiveStore {
  readonly bytes = new Map<number, number>();

  write(lbn: number, data: Uint8Array): void {
    for (let i = 0; i < data.length / 512; i++) this.bytes.set(lbn + i, data[512 * i] as number);
  }

  read(lbn: number, sectors: number): number[] {
    return Array.from({ length: sectors }, (_, i) => this.bytes.get(lbn + i) ?? 0);
  }
}

/** The byte that each sector is filled with; -1 for a mixed one. */
const filling = (data: Uint8Array): number[] =>
  Array.from({ length: data.length / 512 }, (_, i) => {
    const sector = data.subarray(512 * i, 512 * (i + 1));
    return sector.every((byte) => byte === sector[0]) ? (sector[0] as number) : -1;
  });

const sectorsOf = (random: Random, sectors: number): Uint8Array =>
  Uint8Array.from({ length: sectors }, () => random.below(256)).reduce(
    (data, byte, i) => data.fill(byte, 512 * i, 512 * (i + 1)),
    new Uint8Array(512 * sectors),
  );

interface Run {
  readonly store: SectorStore;
  readonly naive: NaiveStore;
  readonly log: string[];
}

/**
 * Random reads and writes, many at a time, until `events_max` events have happened. Checks every read against the naive
 * store.
 */
const run = (seed: number, order: QueueOrder, events_max = Number.POSITIVE_INFINITY): Run => {
  const random = new Random(seed);
  const events = new EventQueue();
  const store = new SectorStore();
  const naive = new NaiveStore();
  const disk = new Disk({ spec: SMALL, events, order, store });
  const log: string[] = [];
  const submit = (number: number): void => {
    const sectors = 1 + random.below(12);
    const lbn = random.below(200);
    const write = random.chance(0.5);
    const data = write ? sectorsOf(random, sectors) : new Uint8Array(512 * sectors).fill(0xaa);
    const sent = data.slice();
    disk.submit({ lbn, sectors, write, data }, () => {
      log.push(`${number} at ${events.now_us}`);
      if (write) naive.write(lbn, sent);
      else expect({ seed, number, read: filling(data) }).toEqual({ seed, number, read: naive.read(lbn, sectors) });
    });
    if (write) data.fill(0x55);
  };
  for (let number = 0; number < 300; number++) events.at(random.below(3_000_000), () => submit(number));
  for (let count = 0; count < events_max && events.idle(); count++);
  return { store, naive, log };
};

describe('bytes', () => {
  it.each(SEEDS)('a read gives what was written when it is done, under any order (seed %i)', (seed) => {
    for (const order of ['c-scan', 'fcfs'] as const) expect(run(seed, order).log.length).toBe(300);
  });

  it.each(SEEDS)('after a crash at any moment, what was done is there, and nothing else (seed %i)', (seed) => {
    const { store, naive } = run(seed, 'c-scan', 30 * seed);
    const all = new Uint8Array(512 * 240);
    new Disk({ spec: SMALL, events: new EventQueue(), store });
    store.read(0, all);
    expect(filling(all)).toEqual(naive.read(0, 240));
  });

  it('memory is taken by what was written alone', () => {
    const store = new SectorStore();
    const all = new Uint8Array(512 * 1_000).fill(1);
    store.read(500_000, all);
    expect(all.every((byte) => byte === 0)).toBe(true);
    expect(store.bytes).toBe(0);
    for (const lbn of [0, 7, 1_000_000]) store.write(lbn, new Uint8Array(512));
    expect(store.bytes).toBeLessThanOrEqual(3 * 4_096);
    store.write(3, new Uint8Array(512 * 100));
    expect(store.bytes).toBeLessThanOrEqual(103 * 4_096);
  });
});

describe('requests', () => {
  it.each(SEEDS)('the same requests give the same run (seed %i)', (seed) => {
    expect(run(seed, 'c-scan').log).toEqual(run(seed, 'c-scan').log);
  });

  it('waiting requests go up the disk, whatever the order in which they came', () => {
    const events = new EventQueue();
    const disk = new Disk({ spec: DRIVE_1995, events });
    const random = new Random(1);
    const served: number[] = [];
    const lbns = Array.from({ length: 50 }, () => random.below(disk.sectors));
    for (const lbn of lbns)
      disk.submit({ lbn, sectors: 1, write: false, data: new Uint8Array(512) }, () => served.push(lbn));
    while (events.idle());
    const [first, ...rest] = served as [number, ...number[]];
    expect(first).toBe(lbns[0]);
    const up = lbns.slice(1).sort((a, b) => a - b);
    expect(rest).toEqual([...up.filter((lbn) => lbn > first), ...up.filter((lbn) => lbn <= first)]);
  });

  it('a sweep is faster than the order of arrival', () => {
    const time_us = (order: QueueOrder): number => {
      const events = new EventQueue();
      const disk = new Disk({ spec: DRIVE_1995, events, order });
      const random = new Random(1);
      for (let i = 0; i < 100; i++) {
        disk.submit({ lbn: random.below(disk.sectors), sectors: 1, write: false, data: new Uint8Array(512) }, () => {});
      }
      while (events.idle());
      return events.now_us;
    };
    expect(time_us('c-scan')).toBeLessThan(0.7 * time_us('fcfs'));
  });

  it('a bad request throws and leaves nothing behind; one that throws when done holds nobody up', () => {
    const events = new EventQueue();
    const disk = new Disk({ spec: SMALL, events });
    const data = new Uint8Array(512);
    expect(() => disk.submit({ lbn: -1, sectors: 1, write: true, data }, () => {})).toThrow(RangeError);
    expect(() => disk.submit({ lbn: 0, sectors: 2, write: true, data }, () => {})).toThrow(/1024 bytes, not 512/);
    expect(events.pending).toBe(0);
    let done = 0;
    disk.submit({ lbn: 0, sectors: 1, write: false, data }, () => {
      throw new Error('from a listener');
    });
    disk.submit({ lbn: 50, sectors: 1, write: false, data }, () => done++);
    expect(() => events.idle()).toThrow('from a listener');
    while (events.idle());
    expect(done).toBe(1);
  });
});
