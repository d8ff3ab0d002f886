// A target of a benchmark: a figure and the bound that it is held against. A missed one is printed; it fails nothing.

export interface Target {
  readonly what: string;
  readonly value: number;
  readonly at_most?: number;
  readonly at_least?: number;
}

/** Whether the figure lies within its bound. */
export const met = ({
  value,
  at_most = Number.POSITIVE_INFINITY,
  at_least = Number.NEGATIVE_INFINITY,
}: Target): boolean => value <= at_most && value >= at_least;
