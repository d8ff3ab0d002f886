// The bytes on a disk. Sectors that were never written read as zeros and take no memory. The store outlives the device:
// a machine that crashed is booted again with the same store, and finds every completed write.

/** Bytes of a sector. */
export const SECTOR_BYTES = 512;
/** Sectors that take memory together: a block of most file systems. */
const CHUNK_SECTORS = 8;
const CHUNK_BYTES = CHUNK_SECTORS * SECTOR_BYTES;

export class SectorStore {
  readonly #chunks = new Map<number, Uint8Array>();

  /** Memory that the bytes take: at most 4,096 for each sector written. */
  get bytes(): number {
    return this.#chunks.size * CHUNK_BYTES;
  }

  /** Copies sectors from `lbn` on into `bytes`, whose length is a multiple of 512. */
  read(lbn: number, bytes: Uint8Array): void {
    this.#pieces(lbn, bytes, (chunk, from, piece) => {
      const kept = this.#chunks.get(chunk);
      if (kept === undefined) piece.fill(0);
      else piece.set(kept.subarray(from, from + piece.length));
    });
  }

  /** Copies `bytes`, whose length is a multiple of 512, to the sectors from `lbn` on. */
  write(lbn: number, bytes: Uint8Array): void {
    this.#pieces(lbn, bytes, (chunk, from, piece) => {
      let kept = this.#chunks.get(chunk);
      if (kept === undefined) {
        kept = new Uint8Array(CHUNK_BYTES);
        this.#chunks.set(chunk, kept);
      }
      kept.set(piece, from);
    });
  }

  #pieces(lbn: number, bytes: Uint8Array, visit: (chunk: number, from: number, piece: Uint8Array) => void): void {
    const start = lbn * SECTOR_BYTES;
    for (let at = 0; at < bytes.length; ) {
      const from = (start + at) % CHUNK_BYTES;
      const length = Math.min(CHUNK_BYTES - from, bytes.length - at);
      visit(Math.floor((start + at) / CHUNK_BYTES), from, bytes.subarray(at, at + length));
      at += length;
    }
  }
}
