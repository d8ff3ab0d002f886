// Keeps important pages: the application writes a short list of pages into memory that it shares with this graft. If
// the kernel would take one of them, the graft gives another page of the same address space instead. (VINO's page
// eviction graft.)
//
// It does badly where the list is long: then the other pages hardly stay at all.

export interface KeepApi {
  readonly pages: { lock(): void };
  readonly columns: {
    /** The page in each frame; -1: none of this address space. */
    readonly pages: Int32Array;
    /** [0]: the number of pages to keep; then the pages. */
    readonly shared: Int32Array;
  };
}

/** The frame after the one that was given last, so that the pages that may go take turns. */
let hand = 0;

const isKept = (shared: Int32Array, page: number): boolean => {
  const end = shared[0]!;
  for (let i = 1; i <= end; i++) if (shared[i] === page) return true;
  return false;
};

export const evict = (victim: number, api: KeepApi): number => {
  if (victim < 0) return -1;
  api.pages.lock();
  const { pages, shared } = api.columns;
  if (!isKept(shared, pages[victim]!)) return victim;
  for (let i = 0; i < pages.length; i++) {
    const frame = hand;
    hand = hand + 1 < pages.length ? hand + 1 : 0;
    if (pages[frame]! >= 0 && !isKept(shared, pages[frame]!)) return frame;
  }
  return victim;
};
