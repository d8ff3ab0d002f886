// `--report DIR`: what a benchmark found as files: report.md with its plots beside it (SVG), report.json, and
// report.html, which needs nothing beside it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { columnsOf, type Figure, figureSvg, htmlReport, type Result, type Table } from '../report/index.ts';
import { type BenchResult, machineText, ROW_COLUMNS, rowCells, TARGET_COLUMNS, targetCells } from './measure.ts';

/** A benchmark that has no page of its own: its targets and its comparisons. */
const plainPage = ({ benchmark, tables, targets }: BenchResult): Result => ({
  name: benchmark,
  title: 'Medians, and ratios to the floor of the same run.',
  parts: [
    { kind: 'table', title: 'Targets', columns: [...TARGET_COLUMNS], rows: targets.map(targetCells) },
    ...Object.entries(tables).map(
      ([title, rows]): Table => ({ kind: 'table', title, columns: [...ROW_COLUMNS], rows: rows.map(rowCells) }),
    ),
  ],
  facts: {},
  hash: Object.values(tables)
    .map((rows) => rows[0]?.hash ?? '')
    .join('-'),
});

const cell = (text: string): string => text.replaceAll('|', '\\|');

const tableMarkdown = (table: Table): string => {
  const columns = columnsOf(table);
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [
    `## ${table.title}`,
    '',
    line(columns.map(({ head }) => head)),
    line(columns.map(({ right }) => (right ? '---:' : '---'))),
    ...table.rows.map((_, row) => line(columns.map(({ cells }) => cells[row] ?? ''))),
    ...(table.note === undefined ? [] : ['', table.note]),
  ].join('\n');
};

const fileOf = (figure: Figure): string => `${figure.title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`;

const markdown = (page: Result, machine: string): string =>
  [
    `# ${page.name}`,
    page.title,
    machine,
    ...page.parts.map((part) => (part.kind === 'table' ? tableMarkdown(part) : `![${part.title}](${fileOf(part)})`)),
    ...Object.entries(page.facts).map(([name, value]) => `- ${name}: ${value}`),
    `Hash of what was computed: \`${page.hash}\``,
  ].join('\n\n');

/** Writes the report into `folder`, which is made. Gives the names of its files. */
export const writeReport = async (folder: string, result: BenchResult): Promise<string[]> => {
  mkdirSync(folder, { recursive: true });
  const page = result.page ?? plainPage(result);
  const machine = machineText(result);
  const figures = page.parts.filter((part) => part.kind === 'figure');
  const files: Record<string, string> = {
    'report.md': `${markdown(page, machine)}\n`,
    'report.json': `${JSON.stringify(result, null, 1)}\n`,
    'report.html': await htmlReport([page], machine, `Benchmark: ${page.name}`),
  };
  for (const figure of figures) files[fileOf(figure)] = await figureSvg(figure);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return Object.keys(files);
};
