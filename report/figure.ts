// The result of an experiment or a benchmark: tables and figures as plain data, and the facts that sum it up, in a
// `Result`. text.ts, markdown.ts and page.ts turn it into something to read. Terminal and SVG draw the same data:
// `drawable` says which points have a place on the axes, `axisText` how an axis is labelled, `barPlaces` where bars
// stand.

/**
 * One axis of a figure. `unit` may be empty. A logarithmic axis shows values above zero only. An axis of names has the
 * first at 1, the second at 2, and so on; bars have none.
 */
export interface Axis {
  readonly label: string;
  readonly unit: string;
  readonly log?: boolean;
  readonly names?: readonly string[];
}

/** Rows under named columns. Numbers are rounded where they are printed, to the digits that their column needs. */
export interface Table {
  readonly kind: 'table';
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly note?: string;
}

/** A pair of numbers on the two axes, in the axes' units. */
export type Point = readonly [x: number, y: number];

/** Named points. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

/**
 * A plot. A line joins its points in the given order. Bars stand side by side, one place for every x that occurs,
 * however far apart they are.
 */
export interface Figure {
  readonly kind: 'figure';
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  readonly marks: 'line' | 'points' | 'bars';
  readonly note?: string;
}

/**
 * The result. `title` is its sentence; `hash` is over the computed values, equal from run to run if the experiment is
 * deterministic.
 */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly parts: readonly (Table | Figure)[];
  readonly facts: Readonly<Record<string, number | string>>;
  readonly hash: string;
}

/** The axis in words: `time (ms)`. */
export const axisText = ({ label, unit }: Axis): string => (unit === '' ? label : `${label} (${unit})`);

/**
 * The figure as it can be drawn: without points that are not finite or have no place on a logarithmic axis (a note
 * counts them), and with points in place of bars on a logarithmic y axis, where a bar has no foot to stand on.
 */
export const drawable = (figure: Figure): Figure => {
  const marks = figure.marks === 'bars' && figure.y.log === true ? 'points' : figure.marks;
  const fits = (value: number, axis: Axis): boolean => Number.isFinite(value) && (value > 0 || axis.log !== true);
  const x_axis = marks === 'bars' ? { ...figure.x, log: false } : figure.x;
  const series = figure.series.map(({ name, points }) => ({
    name,
    points: points.filter(([x, y]) => fits(x, x_axis) && fits(y, figure.y)),
  }));
  const count = (all: readonly Series[]): number => all.reduce((sum, { points }) => sum + points.length, 0);
  const missing = count(figure.series) - count(series);
  const notes = [
    figure.note,
    missing === 0
      ? undefined
      : `Not drawn, for want of a place on the axes: ${missing} of ${count(figure.series)} points.`,
  ];
  return { ...figure, x: x_axis, marks, series, note: notes.filter((one) => one !== undefined).join(' ') };
};

/** The places of bars: every x that occurs, once, from the smallest to the largest. */
export const barPlaces = ({ series }: Figure): number[] =>
  [...new Set(series.flatMap(({ points }) => points.map(([x]) => x)))].sort((a, b) => a - b);
