// A scale maps the values of an axis to places on it, and gives the places and labels of its ticks. Its ends and ticks
// are round numbers: 1, 2 or 5 times a power of ten, or multiples of one. `scaleOf` makes one for the values to be
// shown, `along` gives a value's place. Terminal and SVG use the same scales, so that they show the same picture.

import { fixedText, needsPower, numberText } from './table.ts';

export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly ticks: readonly number[];
  /** The labels of the ticks, in their order. */
  readonly labels: readonly string[];
}

/** A linear axis has about as many steps. */
const STEPS = 5;
/** A logarithmic axis has no more ticks. */
const LOG_TICKS_MAX = 10;
/** A linear axis begins at zero when its smallest value is below this part of its largest. */
const NEAR_ZERO = 1 / 3;
/** Smaller differences, as a part of a value, come from the arithmetic, not from the data. */
const EQUAL = 1e-9;

/** The value without its last digits, in which products of decimal fractions err. */
const clean = (value: number): number => Number(value.toPrecision(12));

/** Round numbers in order, one for every integer: …, 0.5, 1 (index 0), 2, 5, 10, … */
const roundNumber = (index: number): number => {
  const power = Math.floor(index / 3);
  return clean(([1, 2, 5][index - 3 * power] as number) * 10 ** power);
};

/** Index of the largest round number that is no larger than `value`, which is above zero. */
const indexBelow = (value: number): number => {
  const power = Math.floor(Math.log10(value) + EQUAL);
  const digit = value / 10 ** power + EQUAL;
  if (digit >= 5) return 3 * power + 2;
  return digit >= 2 ? 3 * power + 1 : 3 * power;
};

const indexAbove = (value: number): number => {
  const below = indexBelow(value);
  return roundNumber(below) >= value * (1 - EQUAL) ? below : below + 1;
};

/** The labels of a linear axis: with as many digits as its step has. */
const linearLabels = (ticks: readonly number[], step: number): string[] => {
  const power = Math.floor(Math.log10(step) + EQUAL);
  const size = ticks.reduce((largest, tick) => Math.max(largest, Math.abs(tick)), 0);
  if (!needsPower(size)) return ticks.map((tick) => fixedText(tick, Math.max(0, -power)));
  return ticks.map((tick) =>
    tick === 0 ? '0' : tick.toExponential(Math.max(0, Math.floor(Math.log10(Math.abs(tick)) + EQUAL) - power)),
  );
};

const linear = (low: number, high: number): Scale => {
  const step = roundNumber(indexAbove((high - low) / STEPS));
  const first = Math.floor(low / step + EQUAL);
  const last = Math.ceil(high / step - EQUAL);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => clean((first + i) * step));
  return { min: clean(first * step), max: clean(last * step), log: false, ticks, labels: linearLabels(ticks, step) };
};

/** Ticks at all round numbers; at powers of ten alone, or at some of those, where that would be too many. */
const logarithmic = (low: number, high: number): Scale => {
  const first = indexBelow(low);
  const last = indexAbove(high);
  const all = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const powers = all.filter((index) => index % 3 === 0);
  const stride = Math.ceil(powers.length / LOG_TICKS_MAX);
  const ticks = (all.length <= LOG_TICKS_MAX ? all : powers.filter((_, i) => i % stride === 0)).map(roundNumber);
  return { min: roundNumber(first), max: roundNumber(last), log: true, ticks, labels: ticks.map(numberText) };
};

/** The smallest and the largest value, with room around them if they are equal or there are none. */
const bounds = (values: readonly number[], log: boolean): readonly [low: number, high: number] => {
  if (values.length === 0) return log ? [1, 10] : [0, 1];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > size * EQUAL) return [low, high];
  if (log) return [low / 2, high * 2];
  return size === 0 ? [0, 1] : [low - size / 2, high + size / 2];
};

/** Names side by side, with half a place around them. */
const named = (names: readonly string[]): Scale => ({
  min: 0.5,
  max: names.length + 0.5,
  log: false,
  ticks: names.map((_, index) => index + 1),
  labels: names,
});

/** Options of a scale: logarithmic (all values are above zero), with zero on it, or with names instead of numbers. */
export interface ScaleOptions {
  readonly log?: boolean;
  readonly zero?: boolean;
  readonly names?: readonly string[];
}

/** A scale for finite values. */
export const scaleOf = (values: readonly number[], { log = false, zero = false, names }: ScaleOptions): Scale => {
  if (names !== undefined) return named(names);
  const [low, high] = bounds(values, log);
  if (log) return logarithmic(low, high);
  const from_zero = zero || (low > 0 && low < high * NEAR_ZERO);
  return linear(from_zero ? Math.min(low, 0) : low, zero ? Math.max(high, 0) : high);
};

/** Where `value` lies between the ends of the scale: 0 to 1. */
export const along = ({ min, max, log }: Scale, value: number): number =>
  log ? Math.log(value / min) / Math.log(max / min) : (value - min) / (max - min);
