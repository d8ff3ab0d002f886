// Reading at the medium: sector after sector into a segment, over track and cylinder ends, until the segment's limit is
// reached or another request stops it. It goes on between requests (read-ahead), and is worked out on demand: `advance`
// brings it to a time.
//
//   stream.start(segment, from_us)   moves the arm to the segment's end, and reads on from there
//   stream.advance(to_us)            puts all sectors that end until then into the segment
//   stream.stop()                    at once, within a sector; an arm on its way arrives first
//
// A sector is missed if there is no room for it when its start passes, because the bus has not yet taken the sectors
// before it. It comes again after a revolution.

import type { Layout } from './layout.ts';
import type { DriveMechanism } from './mechanism.ts';
import type { Segment, SegmentCache } from './segment-cache.ts';

/** A transfer over the bus: one sector after the other, from `lbn` on. */
export interface BusTransfer {
  readonly lbn: number;
  readonly sectors: number;
  readonly start_us: number;
  readonly sector_us: number;
}

/** The number of sectors that a transfer has moved at a time. */
export const moved = ({ sectors, start_us, sector_us }: BusTransfer, at_us: number): number =>
  at_us < start_us ? 0 : sector_us === 0 ? sectors : Math.min(sectors, Math.floor((at_us - start_us) / sector_us));

export class ReadStream {
  /** The segment being filled; null: the heads read nothing. */
  segment: Segment | null = null;
  /** The transfer over the bus; sectors that it has not yet taken must stay. Null: between requests. */
  taking: BusTransfer | null = null;
  readonly #layout: Layout;
  readonly #mechanism: DriveMechanism;
  readonly #cache: SegmentCache;
  /** When the next sector's start passes, or when the one that is being read ends. */
  #next_us = 0;
  #reading = false;
  #sector_us = 0;
  #last_on_track = 0;

  constructor(layout: Layout, mechanism: DriveMechanism, cache: SegmentCache) {
    this.#layout = layout;
    this.#mechanism = mechanism;
    this.#cache = cache;
  }

  /** The time of the next change, in microseconds; Infinity: never. */
  get next_us(): number {
    return this.segment === null ? Number.POSITIVE_INFINITY : this.#next_us;
  }

  start(segment: Segment, from_us: number): void {
    this.segment = segment.end < segment.limit ? segment : null;
    if (this.segment !== null) this.#seek(segment.end, from_us);
  }

  stop(): void {
    this.segment = null;
  }

  advance(to_us: number): void {
    while (this.segment !== null && this.#next_us <= to_us) {
      if (this.#reading) this.#sectorEnds(this.segment);
      else this.#sectorStarts(this.segment);
    }
  }

  #seek(lbn: number, from_us: number): void {
    const place = this.#layout.locate(lbn);
    const arrived_us = this.#mechanism.move(place, from_us);
    this.#sector_us = this.#mechanism.rotation_us / this.#layout.sectorsPerTrack(lbn);
    this.#last_on_track = this.#layout.lastOnTrack(lbn);
    this.#next_us = this.#mechanism.passes_us(place.angle, arrived_us);
    this.#reading = false;
  }

  #sectorStarts(segment: Segment): void {
    if (!this.#hasRoom(segment)) {
      this.#next_us += this.#mechanism.rotation_us;
      return;
    }
    this.#reading = true;
    this.#next_us += this.#sector_us;
  }

  #sectorEnds(segment: Segment): void {
    const lbn = segment.end;
    this.#cache.append(segment);
    this.#reading = false;
    if (segment.end >= segment.limit) this.stop();
    else if (lbn === this.#last_on_track) this.#seek(segment.end, this.#next_us);
  }

  #hasRoom(segment: Segment): boolean {
    if (this.taking === null) return true;
    return segment.end - (this.taking.lbn + moved(this.taking, this.#next_us)) < this.#cache.segment_sectors;
  }
}
