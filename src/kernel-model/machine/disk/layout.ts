// The layout of a drive's blocks: a logical block number (LBN) to cylinder, head, sector and angle, and back. LBNs go
// round a track, then to the next head, then to the next cylinder. Each zone keeps whole spare tracks at its end; bad
// tracks are slipped (numbering went past them) or remapped (a spare has their blocks). That is DiskSim's "LBN-to-PBN
// mapping scheme" 0 with "Sparing scheme" 0 or 1; skews are in sectors (diskmodel, layout_g1).
//
//   layout.locate(lbn)        →  { cylinder, head, sector, angle }, the angle in revolutions from the index mark to the
//                                sector's start
//   layout.lbnAt(place)       →  the LBN, or -1: reserved, spare, bad
//   layout.lastOnTrack(lbn)   →  the last LBN of the same track: up to there, sectors pass the head without a break

import type { DriveSpec, Zone } from './drive-spec.ts';

/** A sector's place. */
export interface SectorPlace {
  readonly cylinder: number;
  readonly head: number;
  readonly sector: number;
}

interface Band {
  readonly zone: Zone;
  readonly first_lbn: number;
  readonly end_lbn: number;
  /** Good tracks by their number in the order of blocks. */
  readonly tracks: Int32Array;
  /** The inverse; -1 for tracks that hold no blocks. */
  readonly order: Int32Array;
}

const tracksOf = (zone: Zone, heads: number): number => (zone.last_cylinder - zone.first_cylinder + 1) * heads;

const bandOf = (zone: Zone, heads: number, first_lbn: number): Band => {
  const all = tracksOf(zone, heads);
  const used = all - zone.spare_tracks;
  const slipped = new Set(zone.slipped_tracks);
  const remapped = new Map(zone.remapped_tracks);
  const tracks = new Int32Array(used);
  const order = new Int32Array(all).fill(-1);
  for (let i = 0, track = 0; i < used; i++, track++) {
    while (slipped.has(track)) track++;
    const place = remapped.get(track) ?? track;
    if (place >= all || order[place] !== -1)
      throw new Error(`zone from cylinder ${zone.first_cylinder}: more bad tracks than spare ones`);
    tracks[i] = place;
    order[place] = i;
  }
  return { zone, first_lbn, end_lbn: first_lbn + used * zone.sectors_per_track - zone.reserved_sectors, tracks, order };
};

/** The map of a drive's blocks. It costs two integers a track. */
export class Layout {
  /** The number of LBNs, which begin at 0. */
  readonly sectors: number;
  readonly #heads: number;
  readonly #bands: readonly Band[];

  /** Throws if a zone has more bad tracks than spare ones, or no block at all. */
  constructor({ heads, zones }: Pick<DriveSpec, 'heads' | 'zones'>) {
    const bands: Band[] = [];
    let lbn = 0;
    for (const zone of zones) {
      const band = bandOf(zone, heads, lbn);
      if (band.end_lbn <= lbn) throw new Error(`zone from cylinder ${zone.first_cylinder}: no blocks`);
      bands.push(band);
      lbn = band.end_lbn;
    }
    this.#heads = heads;
    this.#bands = bands;
    this.sectors = lbn;
  }

  /**
   * The place of a block, and the angle at which it starts, in [0, 1). Throws for an LBN that the drive does not have.
   */
  locate(lbn: number): SectorPlace & { readonly angle: number } {
    const band = this.#bandOfLbn(lbn);
    const { zone } = band;
    const index = lbn - band.first_lbn + zone.reserved_sectors;
    const track = band.tracks[Math.floor(index / zone.sectors_per_track)] as number;
    const sector = index % zone.sectors_per_track;
    const row = Math.floor(track / this.#heads);
    const head = track % this.#heads;
    return { cylinder: zone.first_cylinder + row, head, sector, angle: this.#angle(zone, row, head, sector) };
  }

  /** The LBN at a place, or -1 where there is none. */
  lbnAt({ cylinder, head, sector }: SectorPlace): number {
    const band = this.#bands.find(({ zone }) => zone.first_cylinder <= cylinder && cylinder <= zone.last_cylinder);
    if (band === undefined || head < 0 || head >= this.#heads || sector < 0 || sector >= band.zone.sectors_per_track)
      return -1;
    const track = band.order[(cylinder - band.zone.first_cylinder) * this.#heads + head] as number;
    const lbn = band.first_lbn + track * band.zone.sectors_per_track + sector - band.zone.reserved_sectors;
    return track < 0 || lbn < band.first_lbn ? -1 : lbn;
  }

  lastOnTrack(lbn: number): number {
    const { zone, first_lbn } = this.#bandOfLbn(lbn);
    const index = lbn - first_lbn + zone.reserved_sectors;
    return lbn + zone.sectors_per_track - 1 - (index % zone.sectors_per_track);
  }

  sectorsPerTrack(lbn: number): number {
    return this.#bandOfLbn(lbn).zone.sectors_per_track;
  }

  /**
   * Going to the next cylinder costs the cylinder's skew alone; the switch from the last head to the first is part of
   * it.
   */
  #angle(zone: Zone, row: number, head: number, sector: number): number {
    const switches = head + (this.#heads - 1) * row;
    const from_mark =
      zone.offset_sectors + switches * zone.track_skew_sectors + row * zone.cylinder_skew_sectors + sector;
    return (from_mark % zone.sectors_per_track) / zone.sectors_per_track;
  }

  #bandOfLbn(lbn: number): Band {
    if (!(lbn >= 0)) throw new RangeError(`LBN ${lbn} is none of the drive's ${this.sectors}`);
    for (const band of this.#bands) if (lbn < band.end_lbn) return band;
    throw new RangeError(`LBN ${lbn} is none of the drive's ${this.sectors}`);
  }
}
