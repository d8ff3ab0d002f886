// The results of a benchmark for people: text for the terminal, and with `--report DIR` files: report.md with its plots
// beside it (SVG), where Vega draws them, report.json, and report.html, which needs no other file.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  drawsPictures,
  figureSvg,
  htmlReport,
  machineText,
  markdownReport,
  pictureFile,
  type Result,
  resultText,
} from '../report/index.ts';
import type { BenchResult } from './benchmark.ts';
import { rowTable, targetTable } from './tables.ts';

/** The page of a benchmark; one without a page of its own shows its comparisons and its targets. */
const pageOf = ({ benchmark, tables, targets, page }: BenchResult): Result =>
  page ?? {
    name: benchmark,
    title: 'Medians, and ratios to the floor of the same run.',
    parts: [...Object.entries(tables).map(([title, rows]) => rowTable(title, rows)), targetTable(targets)],
    facts: {},
    hash: Object.values(tables)
      .flatMap(([first]) => first?.hash || [])
      .join('-'),
  };

const measuredOn = ({ machine, seed }: BenchResult): string => machineText({ ...machine, seed });

/** For the terminal: the page's tables; its figures show the same. */
export const benchText = (result: BenchResult): string => {
  const page = pageOf(result);
  const tables = page.parts.filter(({ kind }) => kind === 'table');
  return `${measuredOn(result)}\n\n${resultText({ ...page, parts: tables })}`;
};

/** Writes the report into `folder`, which is created. Gives the names of its files. */
export const writeReport = async (folder: string, result: BenchResult): Promise<string[]> => {
  mkdirSync(folder, { recursive: true });
  const page = pageOf(result);
  const drawn = (await drawsPictures()) ? page.parts.filter((part) => part.kind === 'figure') : [];
  const files: Record<string, string> = {
    'report.md': markdownReport(
      { ...page, parts: page.parts.filter((part) => part.kind === 'table' || drawn.includes(part)) },
      measuredOn(result),
    ),
    'report.json': `${JSON.stringify(result, null, 1)}\n`,
    'report.html': await htmlReport([page], measuredOn(result), `Benchmark: ${page.name}`),
  };
  for (const figure of drawn) files[pictureFile(figure)] = await figureSvg(figure);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.keys(files);
};
