// A test as data: it can run where Jest does not.

export interface Scenario {
  readonly name: string;
  run(): Promise<void>;
  /** Called behind a run that failed. */
  clean?(): Promise<void>;
}

/** By name of the scenario: `passed`, or the failure's text. */
export type Report = Readonly<Record<string, string>>;
