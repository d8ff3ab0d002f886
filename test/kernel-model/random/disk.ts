// A disk of real bytes for tests: every request takes a fixed or a seeded time, so that requests may overtake each
// other. A write is durable when it is done, and a read gives what was durable when it is done.

import type { SectorDevice } from '../../../src/kernel-model/kernel/index.ts';
import type { EventQueue } from '../../../src/kernel-model/machine/index.ts';
import type { Random } from '../../support/random.ts';

const SECTOR_BYTES = 512;

/** What lies on a disk, by sector; it outlives the machine. */
export type Sectors = Map<number, Uint8Array>;

export interface TestDiskOptions {
  readonly sectors: number;
  readonly bytes?: Sectors;
  readonly latency_us: number;
  /** Where given, a request takes up to twice the latency. */
  readonly random?: Random;
}

type Request = Parameters<SectorDevice['submit']>[0];

const write = (bytes: Sectors, lbn: number, data: Uint8Array): void => {
  for (let at = 0; at < data.length; at += SECTOR_BYTES)
    bytes.set(lbn + at / SECTOR_BYTES, data.slice(at, at + SECTOR_BYTES));
};

const read = (bytes: Sectors, lbn: number, data: Uint8Array): void => {
  for (let at = 0; at < data.length; at += SECTOR_BYTES) {
    const sector = bytes.get(lbn + at / SECTOR_BYTES);
    if (sector === undefined) data.fill(0, at, at + SECTOR_BYTES);
    else data.set(sector, at);
  }
};

/** Makes a disk over a machine's time. */
export const testDisk =
  ({ sectors, bytes = new Map(), latency_us, random }: TestDiskOptions) =>
  (events: EventQueue): SectorDevice => ({
    sectors,
    submit({ lbn, sectors: count, write: writes, data }: Request, done) {
      if (!Number.isInteger(lbn) || lbn < 0 || lbn + count > sectors || data.length !== count * SECTOR_BYTES)
        throw new RangeError(`no such sectors: ${count} at ${lbn}`);
      const kept = writes ? data.slice() : data;
      const takes_us = random === undefined ? latency_us : latency_us * (0.1 + 1.9 * random.next());
      events.at(events.now_us + takes_us, () => {
        if (writes) write(bytes, lbn, kept);
        else read(bytes, lbn, data);
        done();
      });
    },
  });
