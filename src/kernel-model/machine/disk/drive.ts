// A drive at work on one request at a time: command, arm, rotation, buffer and bus, as they overlap. `serve` gets the
// time of a request and gives the time of its completion; between requests the heads read on by themselves. It moves no
// bytes (disk.ts does), and two drives with the same requests agree to the last bit.
//
// The order of the parts is DiskSim's ("disksim_diskctlr.c") for a queue of one, write-through, and the bus held
// through a read's transfer:
//   read, first sector in the buffer:  hit overhead, data preparation, transfer, while the rest is read; completion
//   read, else:   miss overhead → disconnect, while arm and rotation; at the watermark reselect, data preparation,
//                 transfer beside the reading; completion
//   write:        write overhead → transfer, disconnect, beside arm, rotation and writing; when both are done reselect,
//                 completion
// If a write follows a write that it does not continue, some drives disconnect once more between command and data
// (ExtraDisconnect).

import type { ByPrevious, DriveSpec } from './drive-spec.ts';
import { Layout } from './layout.ts';
import { DriveMechanism } from './mechanism.ts';
import { type BusTransfer, moved, ReadStream } from './read-stream.ts';
import { type Segment, SegmentCache } from './segment-cache.ts';

/** Sectors to read or write, from a logical block number on. */
export interface DriveRequest {
  readonly lbn: number;
  readonly sectors: number;
  readonly write: boolean;
}

/** When a write's parts may start, and the costs of its end. */
interface WriteTimes {
  readonly arm_us: number;
  readonly bus_us: number;
  readonly disconnect_us: number;
  readonly reselect_us: number;
}

/**
 * The sectors that must be in the buffer before a drive with the extra disconnect starts to write: 10, or all of a
 * shorter request; 15 if the request has 45 or more (DiskSim 4.0, disk_buffer_block_available; observed on the HP
 * C2247A).
 */
const sectorsBeforeWriting = (sectors: number): number => (sectors < 45 ? Math.min(sectors, 10) : 15);

export class Drive {
  readonly layout: Layout;
  /** The largest request, in sectors. */
  readonly sectors_max: number;
  readonly #spec: DriveSpec;
  readonly #mechanism: DriveMechanism;
  readonly #cache: SegmentCache;
  readonly #stream: ReadStream;
  #previous: DriveRequest = { lbn: 0, sectors: 0, write: false };
  #free_us = 0;

  constructor(spec: DriveSpec) {
    this.#spec = spec;
    this.layout = new Layout(spec);
    this.sectors_max = spec.cache.segment_sectors;
    this.#mechanism = new DriveMechanism(spec);
    this.#cache = new SegmentCache(spec.cache);
    this.#stream = new ReadStream(this.layout, this.#mechanism, this.#cache);
  }

  /**
   * Serves a request that comes at `start_us`. The answer: when its completion reaches the host, in microseconds.
   * Requests come in the order of their times, none before the last one's completion; a RangeError says what is wrong
   * with one.
   */
  serve(request: DriveRequest, start_us: number): number {
    this.check(request);
    if (!(start_us >= this.#free_us))
      throw new RangeError(`at ${start_us} µs the drive is busy until ${this.#free_us} µs`);
    this.#stream.advance(start_us);
    this.#free_us = request.write ? this.#write(request, start_us) : this.#read(request, start_us);
    this.#previous = request;
    return this.#free_us;
  }

  /** Throws a RangeError for a request that the drive cannot serve. */
  check({ lbn, sectors }: DriveRequest): void {
    if (!Number.isInteger(sectors) || sectors < 1 || sectors > this.sectors_max) {
      throw new RangeError(`a request has 1 to ${this.sectors_max} sectors, not ${sectors}`);
    }
    if (!Number.isInteger(lbn) || lbn < 0 || lbn + sectors > this.layout.sectors) {
      throw new RangeError(`sectors ${lbn} to ${lbn + sectors - 1} are not on a drive of ${this.layout.sectors}`);
    }
  }

  #read(request: DriveRequest, start_us: number): number {
    const { bus, overheads } = this.#spec;
    const { lbn, sectors } = request;
    const found = this.#cache.find(lbn, sectors);
    const segment = found ?? this.#cache.claim(false, lbn, sectors, this.#stream.segment);
    segment.limit = Math.max(segment.limit, this.#limitOf(request));
    this.#stream.taking = { lbn, sectors: 0, start_us, sector_us: bus.read_sector_us };
    const bus_us =
      found === null ? this.#readMiss(request, segment, start_us) : this.#readHit(request, segment, start_us);
    return this.#send(request, segment, bus_us + overheads.data_preparation_us) + overheads.read_completion_us;
  }

  /**
   * Answers a read from the buffer. The heads go on if they are filling this segment; else they go to its end. The
   * answer: when the bus may be used.
   */
  #readHit({ lbn, sectors }: DriveRequest, segment: Segment, start_us: number): number {
    const { cache, overheads } = this.#spec;
    if (this.#stream.segment !== segment) {
      this.#stream.stop();
      const whole = segment.end >= lbn + sectors;
      if (!whole || cache.read_ahead_on_hit) this.#stream.start(segment, start_us + this.#by(overheads.read_miss));
    }
    return start_us + this.#by(overheads.read_hit);
  }

  /** Answers a read after the drive has released the bus until enough was read. */
  #readMiss({ lbn, sectors }: DriveRequest, segment: Segment, start_us: number): number {
    const { cache, overheads } = this.#spec;
    const command_us = start_us + this.#by(overheads.read_miss);
    this.#stream.stop();
    this.#stream.start(segment, command_us);
    const wanted = lbn + Math.max(1, Math.floor(sectors * cache.read_watermark));
    let ready_us = command_us + this.#by(overheads.read_disconnect);
    while (segment.end < wanted) {
      ready_us = Math.max(ready_us, this.#stream.next_us);
      this.#stream.advance(this.#stream.next_us);
    }
    return ready_us + overheads.first_reselect_us;
  }

  /** Sends a request's sectors as they come in. The answer: when the last is over. */
  #send({ lbn, sectors }: DriveRequest, segment: Segment, from_us: number): number {
    const sector_us = this.#spec.bus.read_sector_us;
    const end = lbn + sectors;
    let now_us = from_us;
    for (let next = lbn; next < end; ) {
      this.#stream.advance(now_us);
      const ready = Math.min(segment.end, end) - next;
      if (ready <= 0) now_us = this.#stream.next_us;
      this.#stream.taking = { lbn: next, sectors: Math.max(0, ready), start_us: now_us, sector_us };
      if (ready <= 0) continue;
      now_us += ready * sector_us;
      next += ready;
    }
    this.#stream.advance(now_us);
    this.#stream.taking = null;
    return now_us;
  }

  #write(request: DriveRequest, start_us: number): number {
    const { overheads, bus } = this.#spec;
    const times = this.#writeTimes(request, start_us);
    const segment = this.#cache.claim(true, request.lbn, request.sectors, this.#stream.segment);
    this.#stream.stop();
    this.#cache.forget(request.lbn, request.sectors);
    const transfer = {
      lbn: request.lbn,
      sectors: request.sectors,
      start_us: times.bus_us,
      sector_us: bus.write_sector_us,
    };
    const written_us = this.#writeMedium(transfer, times.arm_us);
    segment.end = segment.start + request.sectors;
    segment.limit = segment.end;
    const disconnected_us = times.bus_us + request.sectors * bus.write_sector_us + times.disconnect_us;
    return Math.max(written_us, disconnected_us) + times.reselect_us + overheads.write_completion_us;
  }

  #writeTimes({ lbn }: DriveRequest, start_us: number): WriteTimes {
    const { overheads } = this.#spec;
    const { extra_disconnect: extra, first_reselect_us, data_preparation_us } = overheads;
    if (extra !== null && this.#previous.write && lbn !== this.#previous.lbn + this.#previous.sectors) {
      const command_us = start_us + extra.command_us;
      return {
        arm_us: command_us + extra.seek_delta_us,
        bus_us: command_us + extra.disconnect_us + extra.between_us + first_reselect_us + data_preparation_us,
        disconnect_us: extra.second_disconnect_us,
        reselect_us: overheads.other_reselect_us,
      };
    }
    const command_us = start_us + this.#by(overheads.write);
    return {
      arm_us: command_us,
      bus_us: command_us + data_preparation_us,
      disconnect_us: overheads.write_disconnect_us,
      reselect_us: first_reselect_us,
    };
  }

  /**
   * Writes sector after sector. If the data of one is not there when its start passes, it waits a revolution. The
   * answer: when the last is written.
   */
  #writeMedium(transfer: BusTransfer, from_us: number): number {
    const { overheads } = this.#spec;
    const first = overheads.extra_disconnect === null ? 1 : sectorsBeforeWriting(transfer.sectors);
    const end = transfer.lbn + transfer.sectors;
    let now_us = from_us;
    for (let lbn = transfer.lbn, minimum_us = overheads.minimum_write_seek_us; lbn < end; minimum_us = 0) {
      const place = this.layout.locate(lbn);
      const sector_us = this.#mechanism.rotation_us / this.layout.sectorsPerTrack(lbn);
      now_us = this.#mechanism.passes_us(place.angle, this.#mechanism.move(place, now_us, true, minimum_us));
      for (const last = Math.min(this.layout.lastOnTrack(lbn), end - 1); lbn <= last; lbn++) {
        while (moved(transfer, now_us) < Math.max(first, lbn - transfer.lbn + 1)) now_us += this.#mechanism.rotation_us;
        now_us += sector_us;
      }
    }
    return now_us;
  }

  #limitOf({ lbn, sectors }: DriveRequest): number {
    return Math.min(lbn + sectors + this.#spec.cache.read_ahead_sectors, this.layout.sectors);
  }

  #by({ after_read_us, after_write_us }: ByPrevious): number {
    return this.#previous.write ? after_write_us : after_read_us;
  }
}
