// Drives for tests: one small, and random ones with all kinds of zones.

import type { DriveSpec, Zone } from '../../../../src/kernel-model/machine/disk/index.ts';
import type { Random } from '../../../support/random.ts';

const never = { after_read_us: 0, after_write_us: 0 };

/** Two heads, 60 cylinders in two zones, 10 ms a revolution; controller and bus cost nothing. */
export const SMALL: DriveSpec = {
  name: 'small',
  heads: 2,
  rotation_us: 10_000,
  zones: [
    {
      first_cylinder: 0,
      last_cylinder: 39,
      sectors_per_track: 20,
      offset_sectors: 0,
      reserved_sectors: 0,
      track_skew_sectors: 3,
      cylinder_skew_sectors: 5,
      spare_tracks: 0,
      slipped_tracks: [],
      remapped_tracks: [],
    },
    {
      first_cylinder: 40,
      last_cylinder: 59,
      sectors_per_track: 16,
      offset_sectors: 7,
      reserved_sectors: 0,
      track_skew_sectors: 3,
      cylinder_skew_sectors: 4,
      spare_tracks: 2,
      slipped_tracks: [1],
      remapped_tracks: [],
    },
  ],
  seek: {
    kind: 'points',
    points: [
      [1, 1_500],
      [10, 3_000],
      [59, 8_000],
    ],
  },
  head_switch_us: 1_000,
  write_settle_us: 300,
  cache: {
    segments: 2,
    segment_sectors: 64,
    separate_write_segment: false,
    read_ahead_sectors: 16,
    read_ahead_on_hit: true,
    read_watermark: 0,
  },
  overheads: {
    read_hit: never,
    read_miss: never,
    write: never,
    read_disconnect: never,
    write_disconnect_us: 0,
    data_preparation_us: 0,
    first_reselect_us: 0,
    other_reselect_us: 0,
    read_completion_us: 0,
    write_completion_us: 0,
    extra_disconnect: null,
    minimum_write_seek_us: 0,
  },
  bus: { read_sector_us: 0, write_sector_us: 0 },
};

const distinct = (random: Random, count: number, below: number): number[] => {
  const all = new Set<number>();
  while (all.size < count) all.add(random.below(below));
  return [...all].sort((a, b) => a - b);
};

const randomZone = (random: Random, heads: number, first_cylinder: number): Zone => {
  const cylinders = 8 + random.below(5);
  const spare_tracks = random.below(4);
  const good = cylinders * heads - spare_tracks;
  const sectors_per_track = 3 + random.below(20);
  const bad = distinct(random, random.below(spare_tracks + 1), good);
  const slips = random.below(bad.length + 1);
  return {
    first_cylinder,
    last_cylinder: first_cylinder + cylinders - 1,
    sectors_per_track,
    offset_sectors: random.below(sectors_per_track),
    reserved_sectors: random.below(3 * sectors_per_track),
    track_skew_sectors: random.below(sectors_per_track),
    cylinder_skew_sectors: random.below(sectors_per_track),
    spare_tracks,
    slipped_tracks: bad.slice(0, slips),
    // Slips push the numbered tracks into the spare ones from the front; remapped tracks use those from the back.
    remapped_tracks: bad.slice(slips).map((track, i) => [track, cylinders * heads - 1 - i] as const),
  };
};

/** One to four zones with reserved sectors, skews, spare, slipped and remapped tracks. */
export const randomGeometry = (random: Random): Pick<DriveSpec, 'heads' | 'zones'> => {
  const heads = 1 + random.below(4);
  const zones: Zone[] = [];
  for (let count = 1 + random.below(4), cylinder = 0; zones.length < count; ) {
    const zone = randomZone(random, heads, cylinder);
    zones.push(zone);
    cylinder = zone.last_cylinder + 1;
  }
  return { heads, zones };
};

const randomOverheads = (random: Random): DriveSpec['overheads'] => {
  const some_us = (): number => random.below(1_000);
  const both = () => ({ after_read_us: some_us(), after_write_us: some_us() });
  return {
    read_hit: both(),
    read_miss: both(),
    write: both(),
    read_disconnect: both(),
    write_disconnect_us: some_us(),
    data_preparation_us: some_us(),
    first_reselect_us: some_us(),
    other_reselect_us: some_us(),
    read_completion_us: some_us(),
    write_completion_us: some_us(),
    extra_disconnect: random.chance(0.5)
      ? {
          command_us: some_us(),
          disconnect_us: some_us(),
          between_us: some_us(),
          second_disconnect_us: some_us(),
          seek_delta_us: some_us(),
        }
      : null,
    minimum_write_seek_us: some_us(),
  };
};

/** A drive of the small one's mechanics with everything else random. */
export const randomDrive = (random: Random): DriveSpec => {
  const segments = 2 + random.below(3);
  const segment_sectors = 8 + random.below(60);
  return {
    ...SMALL,
    ...randomGeometry(random),
    cache: {
      segments,
      segment_sectors,
      separate_write_segment: random.chance(0.5),
      read_ahead_sectors: random.below(segment_sectors + 1),
      read_ahead_on_hit: random.chance(0.5),
      read_watermark: random.next(),
    },
    overheads: randomOverheads(random),
    bus: { read_sector_us: random.below(1_000), write_sector_us: random.below(1_000) },
  };
};
