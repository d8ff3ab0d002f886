// What a run did, so that a reader sees that it exercises what it claims.

export class Counts {
  operations = 0;
  lives = 0;
  kills = 0;
  installs = 0;
  removals = 0;
  /** Transfers that stood at the end of a life. */
  transfers = 0;
  /** Messages that left. */
  messages = 0;
  readonly outcomes: Record<string, number> = {};
  readonly aborts: Record<string, number> = {};
  #version = 0;

  outcome(status: string): void {
    this.outcomes[status] = (this.outcomes[status] ?? 0) + 1;
  }

  abort(reason: string): void {
    this.aborts[reason] = (this.aborts[reason] ?? 0) + 1;
  }

  /** Each version of any plugin is newer than all before. */
  nextVersion(): number {
    return ++this.#version;
  }
}
