// What a statement opens when it runs, by the program that SQLite has made of it (EXPLAIN): each tree of pages must
// belong to a table that was granted or to an index of it, each column read there must be one that was granted or that
// a filter looks at, and nothing is written. The names that the statement used play no part in it.
//
// Source: SQLite 3.53, src/vdbe.c (operations), src/build.c (sqlite3TableColumnToStorage).

/** One operation of a program. */
export interface Operation {
  readonly opcode: string;
  readonly p1: number;
  readonly p2: number;
  readonly p3: number;
  readonly p4: string | null;
  readonly p5: number;
}

/** What may be read of a tree of pages, by the place in its rows. */
export type Places = ReadonlySet<number>;

export interface Openable {
  /** By root page. */
  readonly trees: ReadonlyMap<number, Places>;
  /** Tables made by functions, as a program names them. */
  readonly made: ReadonlySet<string>;
}

const OPENS = ['OpenRead', 'ReopenIdx'];
const MAIN = 0;
const TEMP = 1;
/** In p5: the root page is in a register, and not known here. */
const IN_REGISTER = 0x10;

/** Operations that only a statement needs which changes something, or tells of more than rows. */
const NEVER = new Set(
  (
    'OpenWrite CreateBtree Clear Destroy DropTable DropIndex DropTrigger ParseSchema LoadAnalysis SqlExec Vacuum ' +
    'IncrVacuum JournalMode Checkpoint SetCookie ReadCookie AutoCommit Savepoint VUpdate VCreate VDestroy VBegin ' +
    'VRename Program Pagecount MaxPgcnt IntegrityCk Expire FkCheck'
  ).split(' '),
);
/** Operations that take a whole row, or change one: allowed on what a statement has made for itself alone. */
const WHOLE_ROWS = new Set(['RowData', 'RowCell', 'Insert', 'Delete', 'IdxInsert', 'IdxDelete']);

/** Why a program may not run; null: it may. */
export const faultOfPlan = (program: readonly Operation[], { trees, made }: Openable): string | null => {
  const cursors = new Map<number, Places>();
  for (const { opcode, p1, p2, p3, p5 } of program) {
    if (!OPENS.includes(opcode)) continue;
    const places = trees.get(p2);
    if (p3 !== MAIN || (p5 & IN_REGISTER) !== 0 || places === undefined) return 'reads a table that is not granted';
    const before = cursors.get(p1);
    cursors.set(p1, before === undefined ? places : new Set([...places].filter((place) => before.has(place))));
  }
  for (const { opcode, p1, p2, p4 } of program) {
    if (NEVER.has(opcode) || (opcode === 'Transaction' && p2 !== 0 && p1 !== TEMP)) return 'does more than read';
    if (opcode === 'VOpen' && !made.has(p4 ?? '')) return 'reads a table that is not granted';
    const places = cursors.get(p1);
    if (places === undefined) continue;
    if (WHOLE_ROWS.has(opcode)) return 'does more than read';
    if (opcode === 'Column' && !places.has(p2)) return 'reads a column that is not granted';
  }
  return null;
};
