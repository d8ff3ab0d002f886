// A disk as the kernel's driver sees it. Requests go into a queue, are served one at a time by the drive, and call back
// when they are done. It holds bytes.
//
//   const disk = new Disk({ spec, events });     order: 'c-scan' or 'fcfs'; store: the bytes of an earlier machine
//   disk.submit({ lbn, sectors, write, data }, () => …)
//
// A write is durable when it is done, as a whole, and not before; a read gives what was durable when it is done.
// Waiting requests may overtake each other: if one must come before another, wait for it first. The same requests at
// the same times give the same completions, on every machine.

import { Drive, type DriveRequest } from './drive.ts';
import type { DriveSpec } from './drive-spec.ts';
import { type QueueOrder, RequestQueue } from './request-queue.ts';
import { SECTOR_BYTES, SectorStore } from './sector-store.ts';

/**
 * `data` has 512 bytes for each sector: those of a write are copied at once, those of a read are there when it is done.
 */
export interface DiskRequest extends DriveRequest {
  readonly data: Uint8Array;
}

/** The event queue as the disk needs it: the time, and a call-back at a later one. */
export interface DiskEvents {
  readonly now_us: number;
  at(time_us: number, run: () => void): unknown;
}

export interface DiskOptions {
  readonly spec: DriveSpec;
  readonly events: DiskEvents;
  /** The order in which waiting requests are served; `c-scan` if not given. */
  readonly order?: QueueOrder;
  /** The bytes; empty if not given. */
  readonly store?: SectorStore;
}

interface WaitingRequest extends DiskRequest {
  readonly done: () => void;
}

export class Disk {
  /** The number of sectors; blocks are numbered from 0 on. */
  readonly sectors: number;
  /** The largest request, in sectors. */
  readonly sectors_max: number;
  readonly #drive: Drive;
  readonly #events: DiskEvents;
  readonly #queue: RequestQueue<WaitingRequest>;
  readonly #store: SectorStore;
  #busy = false;

  constructor({ spec, events, order = 'c-scan', store = new SectorStore() }: DiskOptions) {
    this.#drive = new Drive(spec);
    this.sectors = this.#drive.layout.sectors;
    this.sectors_max = this.#drive.sectors_max;
    this.#events = events;
    this.#queue = new RequestQueue(order);
    this.#store = store;
  }

  /**
   * Takes a request. Throws a RangeError for one that the drive cannot serve, or whose data has another length; then
   * nothing happened.
   */
  submit({ lbn, sectors, write, data }: DiskRequest, done: () => void): void {
    this.#drive.check({ lbn, sectors, write });
    if (data.length !== sectors * SECTOR_BYTES)
      throw new RangeError(`${sectors} sectors have ${sectors * SECTOR_BYTES} bytes, not ${data.length}`);
    this.#queue.push({ lbn, sectors, write, data: write ? data.slice() : data, done });
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const request = this.#queue.shift();
    this.#busy = request !== undefined;
    if (request === undefined) return;
    this.#events.at(this.#drive.serve(request, this.#events.now_us), () => this.#complete(request));
  }

  /** The drive turns to the next request before anybody hears of this one, so that no listener can hold it up. */
  #complete({ lbn, write, data, done }: WaitingRequest): void {
    if (write) this.#store.write(lbn, data);
    else this.#store.read(lbn, data);
    this.#next();
    done();
  }
}
