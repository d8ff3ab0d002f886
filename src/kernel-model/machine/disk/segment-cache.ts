// The drive's buffer: a few segments, each with a run of consecutive sectors. When the run grows longer than the
// segment, its front is dropped. Which segment a request finds or takes follows DiskSim's orders of preference
// ("disk_buffer_select_read_segment", "…_write_segment"); among equals, the least recently used. The buffer has no
// clock, and no bytes: the device has those (disk.ts).
//
//   cache.find(lbn, sectors)    →  the segment that has the first sector: preferably all of them, else as many as
//                                  possible; or null
//   cache.claim(write, …)       →  a segment emptied for a new run
//   cache.forget(lbn, sectors)     a write: copies of these sectors in other segments are old

import type { CacheSpec } from './drive-spec.ts';

/** Sectors `start` to `end - 1` are in it; `limit` is how far reading on may take it. */
export class Segment {
  start = 0;
  end = 0;
  limit = 0;

  has(lbn: number): boolean {
    return this.start <= lbn && lbn < this.end;
  }

  overlaps(lbn: number, sectors: number): boolean {
    return this.start < this.end && this.start < lbn + sectors && lbn < this.end;
  }

  /** Empties the segment, for a run from `lbn` on. */
  reset(lbn: number): void {
    this.start = lbn;
    this.end = lbn;
    this.limit = lbn;
  }

  get empty(): boolean {
    return this.start === this.end;
  }
}

export class SegmentCache {
  readonly segment_sectors: number;
  /** The segments for reads, least recently used first. */
  readonly #segments: Segment[];
  readonly #write_segment: Segment | null;

  constructor({ segments, segment_sectors, separate_write_segment }: CacheSpec) {
    this.segment_sectors = segment_sectors;
    this.#write_segment = separate_write_segment ? new Segment() : null;
    this.#segments = Array.from({ length: segments - (separate_write_segment ? 1 : 0) }, () => new Segment());
  }

  find(lbn: number, sectors: number): Segment | null {
    const having = this.#segments.filter((segment) => segment.has(lbn));
    const found = having.find((segment) => segment.end >= lbn + sectors) ?? having[0] ?? null;
    if (found !== null) this.#use(found);
    return found;
  }

  /** `filling` is the segment that the drive reads into, which is taken last. */
  claim(write: boolean, lbn: number, sectors: number, filling: Segment | null): Segment {
    const segment = write ? this.#forWrite(lbn, sectors, filling) : this.#victim(filling);
    segment.reset(lbn);
    if (segment !== this.#write_segment) this.#use(segment);
    return segment;
  }

  forget(lbn: number, sectors: number): void {
    for (const segment of this.#segments) if (segment.overlaps(lbn, sectors)) segment.reset(segment.start);
  }

  /** Lets a run grow by a sector at its end. */
  append(segment: Segment): void {
    segment.end += 1;
    segment.start = Math.max(segment.start, segment.end - this.segment_sectors);
  }

  #forWrite(lbn: number, sectors: number, filling: Segment | null): Segment {
    if (this.#write_segment !== null) return this.#write_segment;
    return (
      this.#segments.find((segment) => segment !== filling && segment.overlaps(lbn, sectors)) ?? this.#victim(filling)
    );
  }

  #victim(filling: Segment | null): Segment {
    const idle = this.#segments.filter((segment) => segment !== filling);
    return idle.find((segment) => segment.empty) ?? idle[0] ?? (filling as Segment);
  }

  #use(segment: Segment): void {
    this.#segments.splice(this.#segments.indexOf(segment), 1);
    this.#segments.push(segment);
  }
}
