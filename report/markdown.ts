// A result as Markdown. Its plots are pictures beside it: `pictureFile` gives the file name of each, and the writer of
// the report puts the output of `figureSvg` there.

import type { Figure, Result, Table } from './figure.ts';
import { columnsOf } from './table.ts';
import { factsOf } from './text.ts';

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

/** The file that a figure's picture lies in, beside the report. */
export const pictureFile = ({ title }: Figure): string => `${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}.svg`;

/** A result as a page of Markdown. `machine` says in words what the measurements were made on. */
export const markdownReport = (result: Result, machine: string): string => {
  const parts = result.parts.map((part) =>
    part.kind === 'table' ? tableMarkdown(part) : `![${part.title}](${pictureFile(part)})`,
  );
  const facts = factsOf(result).map(([name, value]) => `- ${name}: ${value}`);
  const hash = `Hash of what was computed: \`${result.hash}\``;
  return `${[`# ${result.name}`, result.title, machine, ...parts, ...facts, hash].join('\n\n')}\n`;
};
