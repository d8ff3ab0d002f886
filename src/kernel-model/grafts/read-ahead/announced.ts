// Read-ahead from an announced list: the application knows which blocks it will read, in whatever order, and writes
// them into memory that it shares with this graft. After each read the graft asks for the next few that it has not
// asked for yet.
//
// It does badly where the application reads something else than it announced: what was fetched is not used, and the
// list is searched in vain.

/** Entries of the list that are looked through for the block just read. */
const SEARCH = 8;

export interface ReadAheadApi {
  readonly announced: { lock(): void };
  readonly columns: {
    /** A ring: entry number j stands at j modulo its length. */
    readonly announced: Int32Array;
    /** [0]: the number of entries announced so far. */
    readonly announced_count: Int32Array;
    /** The answer: pairs of a first block and a count. */
    readonly extents: Int32Array;
  };
}

type ComputeRa = (block: number, api: ReadAheadApi) => number;

/** Keeps `depth` blocks asked for ahead of the reader. */
const ahead = (depth: number): ComputeRa => {
  /** The number of the entry that is read next, and of the one that is asked for next. */
  let next = 0;
  let asked = 0;
  return (block, api) => {
    api.announced.lock();
    const { announced, announced_count, extents } = api.columns;
    const entries = announced.length;
    const count = announced_count[0]!;
    const last = Math.min(count, next + SEARCH);
    for (let j = next; j < last; j++) {
      if (announced[j % entries] !== block) continue;
      next = j + 1;
      break;
    }
    if (asked < next) asked = next;
    const end = Math.min(count, next + depth);
    let answered = 0;
    for (; asked < end; asked++, answered++) {
      extents[2 * answered] = announced[asked % entries]!;
      extents[2 * answered + 1] = 1;
    }
    return answered;
  };
};

/** Four blocks ahead keep the disk's queue long enough to be sorted. */
export const computeRa = ahead(4);

/** One block ahead: the disk fetches it while the reader computes, and nothing else changes. */
export const computeRaNext = ahead(1);
