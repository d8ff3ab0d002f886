// The project's drive (kernel-model/machine/disk/drive-1995.ts) as the disk of an experiment's kernel: it tells how
// long it was busy, and its bytes.
//
//   const disk = new MeasuredDisk()
//   new Kernel({ disk: disk.open, … })
//   disk.fill(inode.extents, (block) => bytes)       puts a file's bytes there in no time, before the kernel reads them

import {
  BLOCK_BYTES,
  blockOf,
  Disk,
  DRIVE_1995,
  type EventQueue,
  type Extent,
  SECTORS_PER_BLOCK,
  type SectorDevice,
  SectorStore,
} from 'graftwork/kernel-model';

export class MeasuredDisk {
  /** The number of requests. */
  requests = 0;
  /** Emulated time during which at least one request was under way, in microseconds. */
  busy_us = 0;
  readonly #store = new SectorStore();
  #waiting = 0;
  #since_us = 0;

  /** Opens it over the time of a machine, as the `disk` option of a kernel. */
  readonly open = (events: EventQueue): SectorDevice => {
    const disk = new Disk({ spec: DRIVE_1995, events, store: this.#store });
    return {
      sectors: disk.sectors,
      submit: (request, done) => {
        if (this.#waiting === 0) this.#since_us = events.now_us;
        this.#waiting++;
        this.requests++;
        disk.submit(request, () => {
          this.#waiting--;
          if (this.#waiting === 0) this.busy_us += events.now_us - this.#since_us;
          done();
        });
      },
    };
  };

  #each(extents: readonly Extent[], visit: (block: number, lbn: number) => void): void {
    const blocks = extents.reduce((sum, { count }) => sum + count, 0);
    for (let block = 0; block < blocks; block++) visit(block, blockOf(extents, block) * SECTORS_PER_BLOCK);
  }

  /** Writes all blocks of a file, 4 KB each, past the kernel and its cache. */
  fill(extents: readonly Extent[], bytes: (block: number) => Uint8Array): void {
    this.#each(extents, (block, lbn) => this.#store.write(lbn, bytes(block)));
  }

  /** The bytes of a file as they lie on the disk, whole blocks. */
  contents(extents: readonly Extent[]): Uint8Array {
    const into: Uint8Array[] = [];
    this.#each(extents, (block, lbn) => {
      const bytes = new Uint8Array(BLOCK_BYTES);
      this.#store.read(lbn, bytes);
      into[block] = bytes;
    });
    return new Uint8Array(Buffer.concat(into));
  }
}
