// Blocks and places: a bijection whatever zones, skews, spare and bad tracks there are; and the order in which sectors
// pass the head.

import { describe, expect, it } from '@jest/globals';
import { DRIVE_1995, Layout } from '../../../../src/kernel-model/machine/disk/index.ts';
import { Random } from '../../../support/random.ts';
import { randomGeometry, SMALL } from './drives.ts';

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);

describe('blocks and places', () => {
  it.each(SEEDS)('every block has a place of its own, and the place gives the block back (seed %i)', (seed) => {
    const geometry = randomGeometry(new Random(seed));
    const layout = new Layout(geometry);
    const places = new Set<string>();
    for (let lbn = 0; lbn < layout.sectors; lbn++) {
      const place = layout.locate(lbn);
      expect({ seed, lbn, back: layout.lbnAt(place) }).toEqual({ seed, lbn, back: lbn });
      places.add(`${place.cylinder}/${place.head}/${place.sector}`);
    }
    expect(places.size).toBe(layout.sectors);
  });

  it.each(SEEDS)('every place without a block is reserved, spare or bad (seed %i)', (seed) => {
    const { heads, zones } = randomGeometry(new Random(seed));
    const layout = new Layout({ heads, zones });
    for (const zone of zones) {
      let none = 0;
      const bad = new Set([...zone.slipped_tracks, ...zone.remapped_tracks.map(([track]) => track)]);
      for (let cylinder = zone.first_cylinder; cylinder <= zone.last_cylinder; cylinder++) {
        for (let head = 0; head < heads; head++) {
          for (let sector = 0; sector < zone.sectors_per_track; sector++) {
            const lbn = layout.lbnAt({ cylinder, head, sector });
            if (lbn < 0) none += 1;
            else expect(bad.has((cylinder - zone.first_cylinder) * heads + head)).toBe(false);
          }
        }
      }
      expect({ seed, none }).toEqual({
        seed,
        none: zone.spare_tracks * zone.sectors_per_track + zone.reserved_sectors,
      });
    }
  });

  it('what is no block and no place is refused', () => {
    const layout = new Layout(SMALL);
    for (const lbn of [-1, layout.sectors, Number.NaN]) expect(() => layout.locate(lbn)).toThrow(RangeError);
    for (const place of [
      { cylinder: -1, head: 0, sector: 0 },
      { cylinder: 60, head: 0, sector: 0 },
      { cylinder: 0, head: 2, sector: 0 },
      { cylinder: 0, head: 0, sector: 20 },
      { cylinder: 59, head: 1, sector: 0 },
    ]) {
      expect(layout.lbnAt(place)).toBe(-1);
    }
  });

  it('more bad tracks than spare ones are refused', () => {
    const [zone] = SMALL.zones;
    expect(() => new Layout({ heads: 2, zones: [{ ...zone!, spare_tracks: 1, slipped_tracks: [3, 7] }] })).toThrow(
      /more bad tracks/,
    );
    expect(() => new Layout({ heads: 2, zones: [{ ...zone!, spare_tracks: 1, remapped_tracks: [[3, 4]] }] })).toThrow(
      /more bad tracks/,
    );
    expect(() => new Layout({ heads: 2, zones: [{ ...zone!, spare_tracks: 80 }] })).toThrow(/no blocks/);
  });
});

describe('angles', () => {
  it.each(SEEDS)('sectors follow each other evenly up to the end of the track (seed %i)', (seed) => {
    const layout = new Layout(randomGeometry(new Random(seed)));
    for (let lbn = 0; lbn + 1 < layout.sectors; lbn++) {
      const here = layout.locate(lbn);
      const next = layout.locate(lbn + 1);
      const same_track = here.cylinder === next.cylinder && here.head === next.head;
      expect({ seed, lbn, same_track }).toEqual({ seed, lbn, same_track: layout.lastOnTrack(lbn) !== lbn });
      if (same_track) expect((next.angle - here.angle + 1) % 1).toBeCloseTo(1 / layout.sectorsPerTrack(lbn), 9);
    }
  });

  it('the next track begins its skew later, on the same cylinder and across two', () => {
    const layout = new Layout(SMALL);
    const behind = (lbn: number): number =>
      Math.round(20 * ((layout.locate(lbn).angle - layout.locate(lbn - 20).angle + 1) % 1));
    expect([20, 40, 60, 80].map(behind)).toEqual([3, 5, 3, 5]);
  });

  it('the skews of the own drive suffice for what it must do at a track’s end', () => {
    const { zones, rotation_us, head_switch_us, write_settle_us, seek } = DRIVE_1995;
    const one_cylinder_us = seek.kind === 'points' ? (seek.points[0]?.[1] ?? 0) : 0;
    for (const zone of zones) {
      const sector_us = rotation_us / zone.sectors_per_track;
      expect(zone.track_skew_sectors * sector_us).toBeGreaterThan(head_switch_us + write_settle_us);
      expect(zone.cylinder_skew_sectors * sector_us).toBeGreaterThan(one_cylinder_us + write_settle_us);
    }
    expect(new Layout(DRIVE_1995).sectors).toBeGreaterThan(490e6 / 512);
  });
});
