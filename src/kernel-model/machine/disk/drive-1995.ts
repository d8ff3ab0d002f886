// The project's own drive: invented, with numbers of the class of the data sheets of 1995's small SCSI drives (3.5
// inches, two platters, 5400 RPM, 500 MB, average seek about 10 ms, 256 KB of buffer, SCSI-2 at 10 MB/s). It was never
// measured; the model was, on two real drives (experiments/disk.ts). Skews are what the mechanics need: a head switch
// and a seek to the next cylinder, settled for writing, rounded up to whole sectors.

import type { DriveSpec, Zone } from './drive-spec.ts';

const zone = (
  cylinders: readonly [number, number],
  sectors_per_track: number,
  track_skew_sectors: number,
  cylinder_skew_sectors: number,
): Zone => ({
  first_cylinder: cylinders[0],
  last_cylinder: cylinders[1],
  sectors_per_track,
  offset_sectors: 0,
  reserved_sectors: 0,
  track_skew_sectors,
  cylinder_skew_sectors,
  spare_tracks: 8,
  slipped_tracks: [],
  remapped_tracks: [],
});

const always = (time_us: number) => ({ after_read_us: time_us, after_write_us: time_us });

export const DRIVE_1995: DriveSpec = {
  name: 'Drive 1995',
  heads: 4,
  rotation_us: 60e6 / 5400,
  zones: [
    zone([0, 799], 108, 15, 22),
    zone([800, 1499], 96, 13, 20),
    zone([1500, 2199], 84, 12, 17),
    zone([2200, 2699], 72, 10, 15),
  ],
  seek: {
    kind: 'points',
    points: [
      [1, 1_700],
      [4, 2_400],
      [10, 3_100],
      [50, 4_400],
      [100, 5_400],
      [250, 7_200],
      [500, 9_000],
      [900, 10_700],
      [1500, 13_600],
      [2100, 16_500],
      [2699, 19_500],
    ],
  },
  head_switch_us: 1_000,
  write_settle_us: 500,
  cache: {
    segments: 4,
    segment_sectors: 128,
    separate_write_segment: true,
    read_ahead_sectors: 64,
    read_ahead_on_hit: true,
    read_watermark: 0.5,
  },
  overheads: {
    read_hit: always(700),
    read_miss: always(600),
    write: always(700),
    read_disconnect: always(30),
    write_disconnect_us: 100,
    data_preparation_us: 20,
    first_reselect_us: 100,
    other_reselect_us: 100,
    read_completion_us: 50,
    write_completion_us: 50,
    extra_disconnect: null,
    minimum_write_seek_us: 0,
  },
  // 10 MB/s.
  bus: { read_sector_us: 51.2, write_sector_us: 51.2 },
};
