// A figure as SVG, drawn by Vega-Lite without a browser. Colours are CSS variables (--ink, --grid, --series-1 to
// --series-8) with default values: a page may set them, light or dark, and the picture can also stand alone. It has no
// identifiers, so that many fit into one page, and equal figures give equal text. Who installs the library has no Vega:
// then `drawsPictures` is false, and plots are drawn as text (terminal-plot.ts). It is loaded when a plot is drawn.

import type { TopLevelSpec } from 'vega-lite';
import { type Axis, axisText, barPlaces, drawable, type Figure } from './figure.ts';
import { type Scale, scaleOf } from './scale.ts';
import { cellTexts } from './table.ts';

type Layers = Extract<TopLevelSpec, { layer: unknown }>['layer'];

const WIDTH = 600;
const HEIGHT = 260;
/** The points of a line are marked up to this number. */
const MARKED_MAX = 40;

/** Colours of the series on white: M. Okabe, K. Ito, *Color Universal Design* (2008), the light ones darkened. */
const SERIES_COLOURS: readonly string[] = [
  '#0072b2',
  '#d55e00',
  '#00875f',
  '#a83f7f',
  '#8a6d00',
  '#2a8fc7',
  '#5a5f66',
  '#7a3ff2',
];
const SHAPES = [
  'circle',
  'square',
  'triangle-up',
  'diamond',
  'cross',
  'triangle-down',
  'triangle-right',
  'triangle-left',
];
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 3, 2, 3],
  [4, 4],
  [10, 4],
  [1, 3],
  [6, 2, 2, 2],
];

const INK = 'var(--ink, #24292f)';
const GRID = 'var(--grid, #e1e4e8)';
const COLOURS = SERIES_COLOURS.map((colour, index) => `var(--series-${index + 1}, ${colour})`);

/** A Vega expression that finds the label of a number. */
const sayAs = (values: readonly number[], texts: readonly string[]): string =>
  `(${JSON.stringify(Object.fromEntries(values.map((value, i) => [value, texts[i]])))})[datum.value]`;

const scaleAxis = (axis: Axis, { ticks, labels, min, max, log }: Scale) => ({
  title: axisText(axis),
  scale: {
    type: log ? ('log' as const) : ('linear' as const),
    domain: [min, max],
    nice: false,
    ...(log ? {} : { zero: false }),
  },
  axis: { values: [...ticks], labelOverlap: axis.names === undefined, labelExpr: sayAs(ticks, labels) },
});

const placesAxis = (axis: Axis, places: readonly number[]) => ({
  title: axisText(axis),
  scale: { domain: [...places], paddingInner: 0.2, paddingOuter: 0.1 },
  axis: {
    labelAngle: 0,
    labelOverlap: true,
    labelPadding: 6,
    ticks: false,
    labelExpr: sayAs(places, cellTexts(places)),
  },
});

/** Whether every point is marked: those of a line, while they are few. */
const isMarked = ({ marks, series }: Figure): boolean =>
  marks === 'points' || series.every(({ points }) => points.length <= MARKED_MAX);

/**
 * A channel that tells the series apart. A single series has no legend; if points are marked, the legend shows their
 * signs without an outline.
 */
const seriesChannel = <T>(figure: Figure, range: readonly T[]) => {
  const domain = figure.series.map((_, index) => index);
  const names = figure.series.map(({ name }) => name);
  const legend = { labelExpr: sayAs(domain, names), ...(isMarked(figure) ? { symbolStrokeWidth: 0 } : {}) };
  return {
    field: 'series',
    type: 'nominal' as const,
    title: null,
    legend: names.length < 2 ? null : legend,
    scale: { domain, range: domain.map((index) => range[index % range.length] as T) },
  };
};

/** Layers of marks, each with what only it can show. A line joins its points in their order. */
const layersOf = (figure: Figure): Layers => {
  const { marks, series } = figure;
  if (marks === 'bars')
    return [{ mark: 'bar', encoding: series.length > 1 ? { xOffset: { field: 'series', type: 'nominal' } } : {} }];
  const signs: Layers[number] = {
    mark: { type: 'point', filled: true, size: 34, opacity: 0.9 },
    encoding: { shape: seriesChannel(figure, SHAPES) },
  };
  if (marks === 'points') return [signs];
  const line: Layers[number] = {
    mark: { type: 'line', strokeWidth: 1.75 },
    encoding: { strokeDash: seriesChannel(figure, DASHES), order: { field: 'order', type: 'quantitative' } },
  };
  return isMarked(figure) ? [line, signs] : [line];
};

/** Text and lines in one ink, a faint grid, the legend on top. */
const CONFIG = {
  aria: false,
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: INK,
    titleColor: INK,
    domainColor: INK,
    tickColor: INK,
    gridColor: GRID,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal' as const,
    titlePadding: 8,
    labelFlush: false,
    labelLimit: 0,
    titleLimit: 0,
  },
  axisX: { grid: false },
  legend: {
    orient: 'top' as const,
    direction: 'horizontal' as const,
    labelColor: INK,
    labelFontSize: 12,
    labelLimit: 0,
    symbolSize: 60,
    columns: 4,
  },
};

const specOf = (figure: Figure): TopLevelSpec => {
  const values = figure.series.flatMap(({ points }, series) =>
    points.map(([x, y], order) => ({ x, y, series, order })),
  );
  const [xs, ys] = [values.map(({ x }) => x), values.map(({ y }) => y)];
  const bars = figure.marks === 'bars';
  const x = bars ? placesAxis(figure.x, barPlaces(figure)) : scaleAxis(figure.x, scaleOf(xs, figure.x));
  const y = scaleAxis(figure.y, scaleOf(ys, { ...figure.y, zero: bars }));
  return {
    width: WIDTH,
    height: HEIGHT,
    padding: 4,
    background: 'transparent',
    data: { values },
    encoding: {
      x: { field: 'x', type: bars ? 'ordinal' : 'quantitative', ...x },
      y: { field: 'y', type: 'quantitative', stack: null, ...y },
      color: seriesChannel(figure, COLOURS),
    },
    layer: layersOf(figure),
    config: CONFIG,
  };
};

const load = async () => ({ vega: await import('vega'), vegaLite: await import('vega-lite') });
let loaded: ReturnType<typeof load> | undefined;

/** What to tell people where there is no Vega. */
export const NO_PICTURES = 'plots are drawn as text; after `npm i vega vega-lite` they are pictures';

/** Whether Vega is installed. */
export const drawsPictures = async (): Promise<boolean> => {
  try {
    loaded ??= load();
    await loaded;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return false;
    throw error;
  }
};

/** A figure as an SVG element, without its title and note. Rejects where Vega is not installed. */
export const figureSvg = async (figure: Figure): Promise<string> => {
  loaded ??= load();
  const { vega, vegaLite } = await loaded;
  const view = new vega.View(vega.parse(vegaLite.compile(specOf(drawable(figure))).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
};
