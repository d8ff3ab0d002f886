// Results as a page of HTML. The page is one file, without a script or anything from outside (its content security
// policy says so to the browser too), light or dark as the reader's system is. All text of results is escaped; the SVG
// of the plots is put in as Vega wrote it; where there is no Vega, they are text.

import { drawable, type Figure, type Result, type Table } from './figure.ts';
import { drawsPictures, figureSvg } from './svg-plot.ts';
import { columnsOf } from './table.ts';
import { figureText } from './terminal-plot.ts';
import { factsOf } from './text.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);

/** Both palettes name the same colours; the plots have the light one by default. */
const STYLE = `
:root { color-scheme: light dark; --ink: #24292f; --faint: #656d76; --grid: #e1e4e8; --ground: #fff; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #d5dae0; --faint: #949ca6; --grid: #343a42; --ground: #15181c; --link: #79b8ff;
    --series-1: #56b4e9; --series-2: #ff9b5a; --series-3: #3fc79a; --series-4: #e08bc3;
    --series-5: #d8b83c; --series-6: #9bd2f5; --series-7: #a3a9b2; --series-8: #b79bff; }
}
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--ground); }
p { max-width: 48rem; } h1 { font-size: 1.6rem; } h2 { font-size: 1.25rem; margin: 0; }
section { margin-top: 3rem; border-top: 1px solid var(--grid); padding-top: 1rem; }
a { color: var(--link); } .faint, .note { color: var(--faint); } .note { font-size: 0.875rem; margin: 0.25rem 0 0; }
figure { margin: 1.5rem 0; overflow-x: auto; } pre { line-height: 1.2; margin: 0; }
figcaption { font-weight: 600; margin-bottom: 0.5rem; }
svg { max-width: 100%; height: auto; } code { font-size: 0.875em; }
table { border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.75rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--grid); }
thead th { border-bottom-color: var(--faint); }
th { font-weight: 600; } tbody th { font-weight: normal; color: var(--faint); }
th:first-child, td:first-child { padding-left: 0; }
@media (max-width: 40rem) { td:not(.right) { min-width: 7rem; } }
.right { text-align: right; white-space: nowrap; } thead .right { white-space: normal; }
`;

const noteHtml = (note: string | undefined): string => (note ? `<p class="note">${escaped(note)}</p>` : '');

const tableHtml = (table: Table): string => {
  const columns = columnsOf(table);
  const cell = (tag: 'th' | 'td', text: string, right: boolean): string =>
    `<${tag}${right ? ' class="right"' : ''}>${escaped(text)}</${tag}>`;
  const head = columns.map((column) => cell('th', column.head, column.right)).join('');
  const rows = table.rows.map(
    (_, row) => `<tr>${columns.map((column) => cell('td', column.cells[row] ?? '', column.right)).join('')}</tr>`,
  );
  const body = `<table><thead><tr>${head}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table>`;
  return `<figure><figcaption>${escaped(table.title)}</figcaption>${body}${noteHtml(table.note)}</figure>`;
};

const figureHtml = async (figure: Figure): Promise<string> => {
  const title = escaped(figure.title);
  if (!(await drawsPictures())) return `<figure><pre>${escaped(figureText(figure))}</pre></figure>`;
  const picture = `<div role="img" aria-label="${title}">${await figureSvg(figure)}</div>`;
  return `<figure><figcaption>${title}</figcaption>${picture}${noteHtml(drawable(figure).note)}</figure>`;
};

const factsHtml = (result: Result): string => {
  const rows = factsOf(result).map(
    ([name, value]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return rows.length === 0
    ? ''
    : `<figure><figcaption>Facts</figcaption><table><tbody>\n${rows.join('\n')}\n</tbody></table></figure>`;
};

const anchorOf = (index: number): string => `experiment-${index + 1}`;

const resultHtml = async (result: Result, index: number): Promise<string> => {
  const parts = await Promise.all(
    result.parts.map((part) => (part.kind === 'table' ? tableHtml(part) : figureHtml(part))),
  );
  return [
    `<section id="${anchorOf(index)}">`,
    `<h2>${escaped(result.name)}</h2>`,
    `<p>${escaped(result.title)}</p>`,
    ...parts,
    factsHtml(result),
    `<p class="note">Hash <code>${escaped(result.hash)}</code></p>`,
    '</section>',
  ].join('\n');
};

/**
 * A report of experiments as one HTML file: contents if there are several, then every result with its sentence, tables,
 * plots, facts and hash. `machine` says in words what the measurements were made on, `heading` what they are. Equal
 * results give an equal page.
 */
export const htmlReport = async (
  results: readonly Result[],
  machine: string,
  heading: string = 'Experiments on the kernel model',
): Promise<string> => {
  const contents = results.map(
    ({ name, title }, index) => `<li><a href="#${anchorOf(index)}">${escaped(name)}</a>: ${escaped(title)}</li>`,
  );
  const sections = await Promise.all(results.map(resultHtml));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Graftwork: ${escaped(heading)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(heading)}</h1>
<p class="faint">${escaped(machine)}</p>
${results.length < 2 ? '' : `<nav><ol>\n${contents.join('\n')}\n</ol></nav>`}
${sections.join('\n')}
</body>
</html>
`;
};
