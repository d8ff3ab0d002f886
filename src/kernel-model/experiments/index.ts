export { scriptDirect } from './compartments.ts';
export { type Experiment, type ExperimentOptions, hashText, quantile } from './experiment.ts';
export type { Axis, Figure, Point, Result, Series, Table } from './figure.ts';
export { machine } from './machine.ts';
export { htmlReport, resultText } from './report.ts';
export { figureSvg } from './svg-plot.ts';
export { alignedText, columnsOf, tableText } from './table.ts';
export { figureText } from './terminal-plot.ts';
