// A figure as text: a plot of 72 × 18 characters with its axes, below its title and legend, above its note. Lines, and
// crowds of points, are dots of Braille patterns, eight to a character; several series are told apart by the sign at
// their points, or the shade of their bars. If bars outnumber columns, several share one, and the highest is seen.

import { Canvas, DOTS_X, DOTS_Y } from './canvas.ts';
import { axisText, barPlaces, drawable, type Figure, type Point, type Series } from './figure.ts';
import { along, type Scale, type ScaleOptions, scaleOf } from './scale.ts';
import { cellTexts } from './table.ts';

const WIDTH = 72;
const HEIGHT = 18;
/** Two lines of the height are for the x axis and its labels. */
const ROWS = HEIGHT - 2;

const SIGNS = '●○■□▲△◆◇';
const SHADES = '█▓▒░';
/** A bar's top, by eighths of a character. */
const EIGHTHS = ' ▁▂▃▄▅▆▇█';
/** A line shows its series' sign at no more points. */
const SIGNS_MAX = 8;
/** One series of more points is drawn as dots. */
const CROWD = 60;

type Dot = readonly [x: number, y: number];

/** A figure on its way to text. */
interface Plot {
  readonly figure: Figure;
  readonly x: Scale;
  readonly y: Scale;
  readonly canvas: Canvas;
}

const dotOf = ({ x, y, canvas }: Plot, [px, py]: Point): Dot => [
  Math.round(along(x, px) * (canvas.width * DOTS_X - 1)),
  Math.round(along(y, py) * (ROWS * DOTS_Y - 1)),
];

const drawSign = (plot: Plot, point: Point, sign: string): void => {
  const [x, y] = dotOf(plot, point);
  plot.canvas.sign(Math.floor(x / DOTS_X), Math.floor(y / DOTS_Y), sign);
};

const drawSegment = (canvas: Canvas, [x0, y0]: Dot, [x1, y1]: Dot): void => {
  const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1);
  for (let i = 0; i <= steps; i++)
    canvas.dot(Math.round(x0 + ((x1 - x0) * i) / steps), Math.round(y0 + ((y1 - y0) * i) / steps));
};

const signOf = (index: number): string => SIGNS[index % SIGNS.length] as string;

const drawLine = (plot: Plot, { points }: Series, index: number): void => {
  const dots = points.map((point) => dotOf(plot, point));
  for (const [i, dot] of dots.entries()) drawSegment(plot.canvas, dots[Math.max(0, i - 1)] ?? dot, dot);
  const every = Math.ceil(points.length / SIGNS_MAX);
  for (let i = Math.floor(every / 2); i < points.length; i += every) drawSign(plot, points[i] as Point, signOf(index));
};

const drawPoints = (plot: Plot, { points }: Series, index: number): void => {
  const crowd = plot.figure.series.length === 1 && points.length > CROWD;
  for (const point of points) {
    if (crowd) plot.canvas.dot(...dotOf(plot, point));
    else drawSign(plot, point, signOf(index));
  }
};

/**
 * Columns from the left edge of one of `places` to that of the next; whole ones where there is room for every bar, so
 * that all are equally broad.
 */
const pitchOf = (width: number, places: number, bars: number): number => {
  const whole = Math.floor(width / places);
  return whole >= bars ? whole : width / places;
};

/** The columns of bar `bar` of `bars` at a place. A column between places stays free, where there is one. */
const columnsOfBar = (pitch: number, place: number, bar: number, bars: number): readonly [from: number, to: number] => {
  const breadth = pitch > bars ? Math.floor((pitch - 1) / bars) || 1 : pitch / bars;
  const from = Math.floor(place * pitch + bar * breadth + 1e-9);
  return [from, from + Math.max(1, Math.floor(breadth))];
};

/** The character of a bar from `low` to `high` (in rows) in one row. */
const barSign = (row: number, low: number, high: number, shade: string): string => {
  const part = Math.min(high, row + 1) - Math.max(low, row);
  if (part <= 0) return '';
  if (shade === SHADES[0] && low <= row) return EIGHTHS[Math.max(1, Math.round(part * 8))] as string;
  return part >= 0.5 ? shade : '';
};

/** The highest last, so that it is seen where bars share a column. */
const drawBars = (plot: Plot): void => {
  const { figure, y, canvas } = plot;
  const places = new Map(barPlaces(figure).map((x, place) => [x, place]));
  const count = figure.series.length;
  const pitch = pitchOf(canvas.width, places.size, count);
  const foot = along(y, 0) * ROWS;
  const bars = figure.series.flatMap(({ points }, index) =>
    points.map(([px, py]) => ({ index, place: places.get(px) ?? 0, value: py })),
  );
  for (const { index, place, value } of bars.sort((a, b) => Math.abs(a.value) - Math.abs(b.value))) {
    const [from, to] = columnsOfBar(pitch, place, index, count);
    const top = along(y, value) * ROWS;
    for (let row = 0; row < ROWS; row++) {
      const sign = barSign(row, Math.min(foot, top), Math.max(foot, top), SHADES[index % SHADES.length] as string);
      for (let column = from; column < to && sign !== ''; column++) canvas.sign(column, row, sign);
    }
  }
};

/** A text and the column that it belongs to. */
interface Label {
  readonly column: number;
  readonly text: string;
}

/** Texts centred on their columns, within `width`; those that would touch the one before are left out. */
const labelLine = (labels: readonly Label[], width: number): string => {
  let line = '';
  for (const { column, text } of labels) {
    const from = Math.min(width - text.length, column - Math.floor(text.length / 2));
    if (line === '' || from > line.length) line = line.padEnd(from) + text;
  }
  return line;
};

/** Under the ticks; under bars, as many as there is room for, at equal distances. */
const xLabels = ({ figure, x, canvas }: Plot): Label[] => {
  if (figure.marks !== 'bars')
    return x.ticks.map((tick, i) => ({
      column: Math.round(along(x, tick) * (canvas.width - 1)),
      text: x.labels[i] ?? '',
    }));
  const places = barPlaces(figure);
  const texts = cellTexts(places);
  const bars = figure.series.length;
  const pitch = pitchOf(canvas.width, places.length, bars);
  const stride = Math.ceil((Math.max(...texts.map((text) => text.length)) + 1) / pitch);
  const middle = (columnsOfBar(pitch, 0, bars - 1, bars)[1] - 1) / 2;
  return texts.map((text, i) => ({ column: Math.floor(i * pitch + middle), text })).filter((_, i) => i % stride === 0);
};

/** The y axis and the canvas, top row first, then the x axis and its labels. */
const frame = (plot: Plot, gutter: number): string[] => {
  const { y, canvas } = plot;
  const said = new Map(y.ticks.map((tick, i) => [Math.round(along(y, tick) * (ROWS - 1)), y.labels[i] ?? '']));
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const label = said.get(ROWS - 1 - i);
    return `${(label ?? '').padStart(gutter)}${label === undefined ? '│' : '┤'}${canvas.row(ROWS - 1 - i)}`;
  });
  const labels = xLabels(plot);
  const marked = new Set(labels.map(({ column }) => column));
  const axis = Array.from({ length: canvas.width }, (_, column) => (marked.has(column) ? '┬' : '─')).join('');
  const shifted = labels.map(({ column, text }) => ({ column: column + gutter + 1, text }));
  return [...rows, `${' '.repeat(gutter)}└${axis}`, labelLine(shifted, WIDTH)];
};

/** The series' signs and names, on as many lines as they need. */
const legend = ({ marks, series }: Figure): string[] => {
  if (series.length < 2) return [];
  const signs = marks === 'bars' ? SHADES : SIGNS;
  const lines = [''];
  for (const [index, { name }] of series.entries()) {
    const entry = `${signs[index % signs.length]} ${name}`;
    const line = lines.at(-1) as string;
    if (line !== '' && line.length + 3 + entry.length > WIDTH) lines.push(entry);
    else lines[lines.length - 1] = line === '' ? entry : `${line}   ${entry}`;
  }
  return lines;
};

const draw: Record<Figure['marks'], (plot: Plot) => void> = {
  bars: drawBars,
  line: (plot) => plot.figure.series.forEach((one, index) => void drawLine(plot, one, index)),
  points: (plot) => plot.figure.series.forEach((one, index) => void drawPoints(plot, one, index)),
};

/**
 * A figure for the terminal, with its title, the names of its axes, a legend if there is more than one series, and its
 * note.
 */
export const figureText = (given: Figure): string => {
  const figure = drawable(given);
  const points = figure.series.flatMap((one) => one.points);
  const scale = (index: 0 | 1, options: ScaleOptions): Scale =>
    scaleOf(
      points.map((point) => point[index]),
      options,
    );
  const x = scale(0, figure.x);
  const y = scale(1, { ...figure.y, zero: figure.marks === 'bars' });
  const gutter = Math.max(...y.labels.map((label) => label.length));
  const plot: Plot = { figure, x, y, canvas: new Canvas(WIDTH - gutter - 1, ROWS) };
  draw[figure.marks](plot);
  const axes = `${axisText(figure.y)} against ${axisText(figure.x)}${points.length === 0 ? ': no points' : ''}`;
  return [figure.title, axes, ...legend(figure), ...frame(plot, gutter), ...(figure.note ? [figure.note] : [])]
    .map((line) => line.trimEnd())
    .join('\n');
};
