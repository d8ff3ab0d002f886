// A drive at work: beside a naive one that reads and writes sector by sector, and the laws of controller, bus and
// buffer.

import { describe, expect, it } from '@jest/globals';
import {
  DRIVE_1995,
  Drive,
  type DriveRequest,
  type DriveSpec,
  Layout,
} from '../../../../src/kernel-model/machine/disk/index.ts';
import { seekTime_us } from '../../../../src/kernel-model/machine/disk/mechanism.ts';
import { Random } from '../../../support/random.ts';
import { randomDrive, SMALL } from './drives.ts';

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const NO_CACHE: DriveSpec = { ...SMALL, cache: { ...SMALL.cache, read_ahead_sectors: 0, segments: 1 } };

const randomRequest = (random: Random, { layout, sectors_max }: Drive): DriveRequest => {
  const sectors = 1 + random.below(Math.min(sectors_max, layout.sectors));
  return { lbn: random.below(layout.sectors - sectors + 1), sectors, write: random.chance(0.4) };
};

/** Each sector on its own: to its track, until it passes, past it. */
const naive = ({ rotation_us, seek, head_switch_us, write_settle_us, ...spec }: DriveSpec) => {
  const layout = new Layout(spec);
  let at = { cylinder: 0, head: 0 };
  return ({ lbn, sectors, write }: DriveRequest, start_us: number): number => {
    let now_us = start_us;
    for (let sector = lbn; sector < lbn + sectors; sector++) {
      const { cylinder, head, angle } = layout.locate(sector);
      const arm_us = Math.max(
        seekTime_us(seek, Math.abs(cylinder - at.cylinder)),
        head === at.head ? 0 : head_switch_us,
      );
      at = { cylinder, head };
      now_us += arm_us > 0 && write ? arm_us + write_settle_us : arm_us;
      const turned = (now_us / rotation_us) % 1;
      const wait = (angle - turned + 1) % 1;
      now_us += (wait > 1 - 1e-6 ? 0 : wait) * rotation_us + rotation_us / layout.sectorsPerTrack(sector);
    }
    return now_us;
  };
};

describe('mechanics alone', () => {
  it.each(SEEDS)('without overheads, buffer and bus, a request takes what a naive drive takes (seed %i)', (seed) => {
    const random = new Random(seed);
    const drive = new Drive(NO_CACHE);
    const model = naive(NO_CACHE);
    let now_us = random.below(20_000);
    let last = -1;
    for (let i = 0; i < 100; i++) {
      const request = randomRequest(random, drive);
      // The buffer answers what the request before left in it.
      if (last >= request.lbn - 64 && last <= request.lbn + 64) continue;
      last = request.lbn;
      const completed_us = drive.serve(request, now_us);
      expect(completed_us).toBeCloseTo(model(request, now_us), 3);
      now_us = completed_us + random.below(30_000);
    }
  });

  it('a whole number of revolutions later, everything takes as long', () => {
    const times = [0, 3, 1_000].map((revolutions) => {
      const random = new Random(5);
      const drive = new Drive(SMALL);
      let now_us = revolutions * SMALL.rotation_us;
      return Array.from({ length: 200 }, () => {
        const start_us = now_us;
        now_us = drive.serve(randomRequest(random, drive), start_us);
        return now_us - start_us;
      });
    });
    for (const other of times.slice(1))
      for (const [i, time_us] of other.entries()) expect(time_us).toBeCloseTo(times[0]?.[i] as number, 4);
  });
});

describe('any drive', () => {
  it.each(SEEDS)('a request takes its overheads and its transfer, and ends (seed %i)', (seed) => {
    const random = new Random(seed);
    const spec = randomDrive(random);
    const drive = new Drive(spec);
    const { overheads, bus } = spec;
    let now_us = 0;
    for (let i = 0; i < 300; i++) {
      const request = randomRequest(random, drive);
      const service_us = drive.serve(request, now_us) - now_us;
      const least_us = request.write
        ? request.sectors * bus.write_sector_us + overheads.write_completion_us
        : request.sectors * bus.read_sector_us + overheads.data_preparation_us + overheads.read_completion_us;
      expect({ seed, i, enough: service_us >= least_us - 1e-6 }).toEqual({ seed, i, enough: true });
      // Seek, latency and a missed revolution for each track, and a revolution for every sector that the bus delays.
      expect(service_us).toBeLessThan(60_000 + 2 * request.sectors * spec.rotation_us);
      now_us += service_us + random.below(50_000);
    }
  });

  it.each(SEEDS)('two drives agree to the last bit (seed %i)', (seed) => {
    const run = (): number[] => {
      const random = new Random(seed);
      const drive = new Drive(randomDrive(random));
      let now_us = 0;
      return Array.from({ length: 200 }, () => {
        now_us = drive.serve(randomRequest(random, drive), now_us + random.below(20_000));
        return now_us;
      });
    };
    expect(run()).toEqual(run());
  });

  it('refuses what it cannot serve, and serves on', () => {
    const drive = new Drive(SMALL);
    const bad: [number, number][] = [
      [0, 0],
      [0, 65],
      [0, 1.5],
      [-1, 1],
      [drive.layout.sectors - 1, 2],
      [Number.NaN, 1],
    ];
    for (const [lbn, sectors] of bad) expect(() => drive.serve({ lbn, sectors, write: false }, 0)).toThrow(RangeError);
    const completed_us = drive.serve({ lbn: 100, sectors: 4, write: false }, 0);
    expect(() => drive.serve({ lbn: 0, sectors: 1, write: false }, completed_us - 1)).toThrow(/busy until/);
    expect(drive.serve({ lbn: 0, sectors: 1, write: true }, completed_us)).toBeGreaterThan(completed_us);
  });
});

describe('the buffer', () => {
  const { overheads, bus } = DRIVE_1995;
  const hit_us = (sectors: number): number =>
    overheads.read_hit.after_read_us +
    overheads.data_preparation_us +
    sectors * bus.read_sector_us +
    overheads.read_completion_us;

  it('a sequential reader who leaves time to read on meets the buffer, for ever', () => {
    const drive = new Drive(DRIVE_1995);
    let now_us = drive.serve({ lbn: 5_000, sectors: 16, write: false }, 0);
    for (let lbn = 5_016; lbn < 8_000; lbn += 16) {
      const start_us = now_us + 20_000;
      now_us = drive.serve({ lbn, sectors: 16, write: false }, start_us);
      expect(now_us - start_us).toBeCloseTo(hit_us(16), 6);
    }
  });

  it('read-ahead goes so far and no further', () => {
    const first = { lbn: 5_000, sectors: 16, write: false };
    const last = 5_016 + DRIVE_1995.cache.read_ahead_sectors - 1;
    const alone_us = (lbn: number): number => {
      const drive = new Drive(DRIVE_1995);
      const start_us = drive.serve(first, 0) + 100_000;
      return drive.serve({ lbn, sectors: 1, write: false }, start_us) - start_us;
    };
    expect(alone_us(5_000)).toBeCloseTo(hit_us(1), 6);
    expect(alone_us(last)).toBeCloseTo(hit_us(1), 6);
    expect(alone_us(last + 1)).toBeGreaterThan(hit_us(1) + 100);
    expect(alone_us(4_999)).toBeGreaterThan(hit_us(1) + 100);
  });

  it('whether it goes on behind what the buffer answered whole is the drive’s habit', () => {
    const habit = (read_ahead_on_hit: boolean): number => {
      const drive = new Drive({ ...DRIVE_1995, cache: { ...DRIVE_1995.cache, read_ahead_on_hit } });
      let now_us = drive.serve({ lbn: 5_000, sectors: 16, write: false }, 0) + 100_000;
      now_us =
        drive.serve({ lbn: 5_016, sectors: DRIVE_1995.cache.read_ahead_sectors, write: false }, now_us) + 100_000;
      const next = { lbn: 5_016 + DRIVE_1995.cache.read_ahead_sectors, sectors: 1, write: false };
      return drive.serve(next, now_us) - now_us;
    };
    expect(habit(true)).toBeCloseTo(hit_us(1), 6);
    expect(habit(false)).toBeGreaterThan(hit_us(1) + 100);
  });

  it('what was written over is read from the medium again', () => {
    const drive = new Drive(DRIVE_1995);
    const read = { lbn: 5_000, sectors: 16, write: false };
    let now_us = drive.serve(read, 0) + 100_000;
    now_us = drive.serve({ lbn: 5_010, sectors: 1, write: true }, now_us) + 100_000;
    expect(drive.serve(read, now_us) - now_us).toBeGreaterThan(hit_us(16) + 100);
  });

  it('a request that starts in the buffer is faster than the same on a fresh drive', () => {
    const drive = new Drive(SMALL);
    const start_us = drive.serve({ lbn: 100, sectors: 4, write: false }, 0) + 100_000;
    const partial_us = drive.serve({ lbn: 118, sectors: 4, write: false }, start_us) - start_us;
    const whole_us = drive.serve({ lbn: 118, sectors: 4, write: false }, start_us + 200_000) - start_us - 200_000;
    expect(whole_us).toBe(0);
    expect(partial_us).toBeGreaterThan(0);
  });

  it('a write waits for the medium, however long the bus and the buffer are idle', () => {
    const drive = new Drive(DRIVE_1995);
    const sector_us = DRIVE_1995.rotation_us / 108;
    let now_us = 0;
    for (let i = 0; i < 50; i++) {
      const start_us = now_us + 777;
      now_us = drive.serve({ lbn: 1_000 + 8 * i, sectors: 8, write: true }, start_us);
      expect(now_us - start_us).toBeGreaterThan(8 * sector_us + overheads.write.after_write_us);
    }
  });

  it('data that comes over the bus too late costs a revolution', () => {
    const slow = new Drive({ ...SMALL, bus: { read_sector_us: 0, write_sector_us: 501 } });
    const fast = new Drive({ ...SMALL, bus: { read_sector_us: 0, write_sector_us: 499 } });
    // The arm stands there; the 20 sectors of a track pass in 500 µs each, from time 0 on.
    const request = { lbn: 1, sectors: 10, write: true };
    expect(fast.serve(request, 0) - 0).toBeCloseTo(5_500, 6);
    expect(slow.serve(request, 0) - 0).toBeCloseTo(15_500, 6);
  });
});

describe('the order of things', () => {
  // At time 0 and every 10 ms block 0 passes; a sector takes 500 µs. The arm is at the track of blocks 0 to 19.
  const spec: DriveSpec = {
    ...SMALL,
    bus: { read_sector_us: 100, write_sector_us: 200 },
    overheads: {
      read_hit: { after_read_us: 130, after_write_us: 140 },
      read_miss: { after_read_us: 400, after_write_us: 410 },
      write: { after_read_us: 300, after_write_us: 350 },
      read_disconnect: { after_read_us: 50, after_write_us: 55 },
      write_disconnect_us: 60,
      data_preparation_us: 20,
      first_reselect_us: 70,
      other_reselect_us: 90,
      read_completion_us: 30,
      write_completion_us: 40,
      extra_disconnect: {
        command_us: 100,
        disconnect_us: 15,
        between_us: 35,
        second_disconnect_us: 45,
        seek_delta_us: 25,
      },
      minimum_write_seek_us: 0,
    },
  };

  /** Each request comes 100 ms after the one before; the service times. */
  const served = (drive_spec: DriveSpec, requests: readonly (readonly ['R' | 'W', number, number])[]): number[] => {
    const drive = new Drive(drive_spec);
    return requests.map(([way, lbn, sectors], i) => {
      const start_us = 100_000 * i;
      return Math.round(1e3 * (drive.serve({ lbn, sectors, write: way === 'W' }, start_us) - start_us)) / 1e3;
    });
  };

  it('a read reselects at the watermark, and its transfer waits for the medium', () => {
    // The first sector ends at 1000; reselect and preparation until 1090; one sector until 1190; the second ends at
    // 1500.
    expect(served(spec, [['R', 1, 2]])).toEqual([1_500 + 100 + 30]);
    // With the whole request as the watermark: from 1500 on.
    expect(served({ ...spec, cache: { ...spec.cache, read_watermark: 1 } }, [['R', 1, 2]])).toEqual([
      1_500 + 70 + 20 + 200 + 30,
    ]);
    // A command that outlasts the start of the block waits a revolution.
    expect(served(spec, [['R', 0, 1]])).toEqual([10_500 + 70 + 20 + 100 + 30]);
  });

  it('a read that the buffer answers takes overheads and transfer, by what was before', () => {
    const [, after_read, , after_write] = served(spec, [
      ['R', 1, 2],
      ['R', 1, 4],
      ['W', 300, 1],
      ['R', 1, 4],
    ]);
    expect([after_read, after_write]).toEqual([130 + 20 + 400 + 30, 140 + 20 + 400 + 30]);
  });

  it('a write is complete after medium and bus, and reselects once', () => {
    expect(served(spec, [['W', 3, 2]])).toEqual([2_500 + 70 + 40]);
    expect(
      served(
        {
          ...spec,
          bus: { ...spec.bus, write_sector_us: 450 },
          overheads: { ...spec.overheads, extra_disconnect: null },
        },
        [['W', 3, 8]],
      ),
    ).toEqual([5_500 + 70 + 40]);
  });

  it('a write that follows another disconnects once more, but for one that continues it', () => {
    const times = served(spec, [
      ['W', 3, 2],
      ['W', 5, 1],
      ['W', 13, 2],
    ]);
    expect(times).toEqual([2_610, 3_000 + 70 + 40, 7_500 + 90 + 40]);
  });

  it('a drive with the extra disconnect writes when ten sectors are there', () => {
    // They are at 240 + 10 · 200 = 2240, when block 3 has passed.
    const [, time_us] = served(spec, [
      ['W', 3, 2],
      ['W', 3, 12],
    ]);
    expect(time_us).toBe(11_500 + 12 * 500 + 90 + 40);
  });

  it('an arm that reads on arrives before it goes elsewhere, while the next command is taken', () => {
    const read_on = {
      ...SMALL,
      overheads: { ...SMALL.overheads, read_miss: { after_read_us: 200, after_write_us: 200 } },
    };
    const drive = new Drive(read_on);
    // Blocks 4 to 19 are read on until 10000; then the heads switch until 11000, to the limit at 20.
    const completed_us = drive.serve({ lbn: 3, sectors: 2, write: false }, 0);
    expect(completed_us).toBe(2_500);
    // At 10500 the arm is on its way to block 20 until 11000; from there it goes back until 12000, and block 2 passes
    // at 21000.
    expect(drive.serve({ lbn: 2, sectors: 1, write: false }, 10_500)).toBeCloseTo(21_500, 6);
  });
});
