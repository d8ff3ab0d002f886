// A law that was broken, and what the runs of programs are counted by.

export const LAWS = {
  1: 'after an abort the state equals the state at begin, deeply, key order included',
  2:
    "a child's commit hands undo records, locks and effects to its parent; " +
    "a child's abort takes back the child's alone",
  3: 'strict two-phase locking; outside reads see committed values; committed histories are serialisable',
  4: 'granted or a ticket; time-outs and deadlocks end the right transaction, and only when somebody waits',
  5: 'free + held + spent equals what was created; an abort gives back what was held and takes back transfers',
  6: 'effects leave after commit, in order, and never on abort',
  7: 'an undo that throws stops nothing: the rest unwinds, the object is fenced off and reported',
  8: 'no end of a transaction leaves a lock held, a timer armed or an account unbalanced',
} as const;

export type Law = keyof typeof LAWS;
export const LAW_NUMBERS = Object.keys(LAWS).map(Number) as Law[];

export class Violation extends Error {
  /** 0: something was thrown that no law speaks of. */
  readonly law: Law | 0;

  constructor(law: Law | 0, message: string) {
    super(message);
    this.name = 'Violation';
    this.law = law;
  }
}

/** What programs did, so that a reader sees that they exercise what they claim. */
export class Counts {
  programs = 0;
  steps = 0;
  commits = 0;
  nested_commits = 0;
  aborts = 0;
  nested_aborts = 0;
  tickets = 0;
  deadlocks = 0;
  timeouts = 0;
  effects = 0;
  failed_undos = 0;
  fenced_calls = 0;
  reads_replayed = 0;
  readonly aborts_by_reason: Record<string, number> = {};

  aborted(reason: string, nested: boolean): void {
    if (nested) this.nested_aborts++;
    else this.aborts++;
    this.aborts_by_reason[reason] = (this.aborts_by_reason[reason] ?? 0) + 1;
  }
}
