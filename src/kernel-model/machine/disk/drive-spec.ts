// A disk drive as plain data, from which the model of a drive is made. The numbers come from parameter files
// (parse-drive.ts) or are written down (drive-1995.ts); the model adds only constants whose source it cites. Units
// stand last in the names.
//
// The words are those of DiskSim 4.0 (J. Bucy, J. Schindler, S. Schlosser, G. Ganger, The DiskSim Simulation
// Environment Version 4.0 Reference Manual, CMU-PDL-08-101), whose parameters these are.

/**
 * A band of cylinders whose tracks have the same number of sectors. Tracks are counted from the zone's first, cylinder
 * by cylinder, head by head.
 */
export interface Zone {
  readonly first_cylinder: number;
  readonly last_cylinder: number;
  readonly sectors_per_track: number;
  /** How far the first sector of the zone's first track stands behind the index mark. */
  readonly offset_sectors: number;
  /** Sectors at the zone's front that no block number names. */
  readonly reserved_sectors: number;
  /**
   * How far a track's first sector stands behind that of the track before it, on the same cylinder, and across two
   * cylinders.
   */
  readonly track_skew_sectors: number;
  readonly cylinder_skew_sectors: number;
  /** Whole tracks at the zone's end that stand in for bad ones. */
  readonly spare_tracks: number;
  /** Bad tracks that were skipped when blocks were numbered, ascending. */
  readonly slipped_tracks: readonly number[];
  /** Bad tracks found later, each with the spare track that took its blocks. */
  readonly remapped_tracks: readonly (readonly [bad: number, spare: number])[];
}

/**
 * The time of an arm movement, by distance in cylinders. `points` are measured ones, ascending and from distance 1 on,
 * with straight lines between and the last line prolonged. A `formula` gives the first distances one by one; further
 * ones are `root_base_us + root_us · √distance` below `split_cylinders`, and `line_base_us + line_us · distance` from
 * there on (C. Ruemmler, J. Wilkes, An Introduction to Disk Drive Modeling, IEEE Computer, March 1994).
 */
export type SeekCurve =
  | { readonly kind: 'points'; readonly points: readonly (readonly [cylinders: number, time_us: number])[] }
  | {
      readonly kind: 'formula';
      readonly first_us: readonly number[];
      readonly split_cylinders: number;
      readonly root_base_us: number;
      readonly root_us: number;
      readonly line_base_us: number;
      readonly line_us: number;
    };

/**
 * The buffer: segments, each a run of consecutive sectors. Writes go through: a write is complete when it is on the
 * medium.
 */
export interface CacheSpec {
  readonly segments: number;
  /** Also the size of the largest request. */
  readonly segment_sectors: number;
  /** Whether one segment is for writes alone; otherwise a write takes one of the reads' segments. */
  readonly separate_write_segment: boolean;
  /** How far the drive reads on behind a request. */
  readonly read_ahead_sectors: number;
  /** Whether it also reads on behind a request that the buffer answered whole. */
  readonly read_ahead_on_hit: boolean;
  /** The part of a request that must be in the buffer before the drive asks for the bus again. */
  readonly read_watermark: number;
}

/** A cost that depends on the request before. */
export interface ByPrevious {
  readonly after_read_us: number;
  readonly after_write_us: number;
}

/**
 * A second disconnection between a write's command and its data, which some drives make when the write follows a write
 * that it does not continue.
 */
export interface ExtraDisconnect {
  /** In place of the write's command overhead. */
  readonly command_us: number;
  readonly disconnect_us: number;
  readonly between_us: number;
  /** In place of the write's disconnect overhead, after the data. */
  readonly second_disconnect_us: number;
  /** How long after the command the arm starts. */
  readonly seek_delta_us: number;
}

/** The times that the drive's controller takes. */
export interface Overheads {
  /** From a command's arrival until data may go over the bus (hit), or the arm may start (miss, write). */
  readonly read_hit: ByPrevious;
  readonly read_miss: ByPrevious;
  readonly write: ByPrevious;
  readonly read_disconnect: ByPrevious;
  readonly write_disconnect_us: number;
  readonly data_preparation_us: number;
  readonly first_reselect_us: number;
  readonly other_reselect_us: number;
  readonly read_completion_us: number;
  readonly write_completion_us: number;
  /** Null: the drive makes none. */
  readonly extra_disconnect: ExtraDisconnect | null;
  /** A write's arm is never ready sooner. */
  readonly minimum_write_seek_us: number;
}

/** Everything that the model knows of a drive. Sectors have 512 bytes. */
export interface DriveSpec {
  readonly name: string;
  readonly heads: number;
  readonly rotation_us: number;
  /** From the outermost in, without gaps. */
  readonly zones: readonly Zone[];
  readonly seek: SeekCurve;
  readonly head_switch_us: number;
  /**
   * Added to a move of the arm or a switch of heads before a write. It may be negative if the curve was measured with
   * writes.
   */
  readonly write_settle_us: number;
  readonly cache: CacheSpec;
  readonly overheads: Overheads;
  /** The time of one sector over the bus. */
  readonly bus: { readonly read_sector_us: number; readonly write_sector_us: number };
}
