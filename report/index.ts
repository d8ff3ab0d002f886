// The report kit: results of experiments and benchmarks, and how people read them.

export type { Axis, Figure, Point, Result, Series, Table } from './figure.ts';
export { hashBytes, hashText } from './hash.ts';
export { machine, machineText, megahertz } from './machine.ts';
export { markdownReport, pictureFile } from './markdown.ts';
export { htmlReport } from './page.ts';
export { quantile } from './quantile.ts';
export { drawsPictures, figureSvg, NO_PICTURES } from './svg-plot.ts';
export { resultText } from './text.ts';
