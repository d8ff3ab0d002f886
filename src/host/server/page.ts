// Pages of a server for people: plain HTML without a script, in the light or the dark, on a desk or a phone. The
// server's policy (guard.ts) allows nothing inline and nothing from elsewhere, so the style sheet and the icon are
// routes of their own. Everybody who reaches the server may read its pages: put nothing on one that needs the token.
//
//   serve(host, { …, pages: (app) => addPages(app, { '/': ({ url }) => ({ title: 'Shop', body: '<h1>…' }) }) });

import type { Express } from 'express';

export interface HtmlPage {
  /** Plain text. */
  readonly title: string;
  /** HTML. */
  readonly body: string;
}

/** `url`: of the server, as the reader named it, without a slash at its end. */
export type PageMaker = (request: { readonly url: string }) => HtmlPage;

/** Plain text as HTML. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** A table of plain text; `none` in place of one without rows. */
export const tableOf = (
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  none = 'There is none.',
): string => {
  if (rows.length === 0) return `<p class="none">${escaped(none)}</p>`;
  const head = columns.map((name) => `<th role="columnheader" scope="col">${escaped(name)}</th>`).join('');
  // The roles hold also where the style sheet makes a list of a table. Cells have their column's name for that.
  const cell = (text: string, i: number): string =>
    `<td role="cell" data-column="${escaped(columns[i] ?? '')}"><span>${escaped(text)}</span></td>`;
  const body = rows.map((row) => `<tr role="row">${row.map(cell).join('')}</tr>`).join('\n');
  const wide = columns.length > 2 ? ' class="wide"' : '';
  return `<table role="table"${wide}><thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">${body}</tbody></table>`;
};

/** Lines of code, which a reader may scroll. */
export const linesOf = (lines: readonly string[], label: string): string =>
  `<pre tabindex="0" role="region" aria-label="${escaped(label)}"><code>${escaped(lines.join('\n'))}</code></pre>`;

const documentOf = ({ title, body }: HtmlPage): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;

/** A twig on a stem. */
const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#1f7a4d"/>
<path d="M13 27V5M13 19c0-6 8-4 8-11" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/></svg>`;

const STYLE = `:root{color-scheme:light dark;
--ink:#1f2328;--paper:#fff;--soft:#f3f5f6;--line:#d5dae0;--muted:#57606a;--accent:#1f7a4d}
@media (prefers-color-scheme:dark){
:root{--ink:#e4e7ea;--paper:#15181b;--soft:#20252a;--line:#3a424a;--muted:#9ba6b1;--accent:#5cc792}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 3rem}
h1{margin:0 0 .5rem;font-size:1.75rem;line-height:1.2}
h2{margin:2rem 0 .5rem;font-size:1.2rem}
p{max-width:44rem}
a{color:var(--accent)}
.none{color:var(--muted)}
table{width:100%;border-collapse:collapse;margin:.5rem 0}
th,td{text-align:left;padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
th{color:var(--muted);font-weight:600;font-size:.875rem}
code,pre{font:.875rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
:not(pre)>code{background:var(--soft);padding:.1rem .3rem;border-radius:.25rem}
pre{background:var(--soft);border:1px solid var(--line);border-radius:.375rem;padding:.75rem;overflow-x:auto}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (max-width:42rem){
.wide thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.wide tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.wide td{display:grid;grid-template-columns:6.5rem minmax(0,1fr);gap:.5rem;padding:.1rem 0;border:0}
.wide td::before{content:attr(data-column);color:var(--muted);font-size:.875rem}}
`;

/** Puts pages on an application, each on its path, with their style sheet and icon. */
export const addPages = (app: Express, pages: Readonly<Record<string, PageMaker>>): void => {
  app.get('/style.css', (_request, response) => void response.type('css').send(STYLE));
  app.get('/favicon.svg', (_request, response) => void response.type('svg').send(ICON));
  for (const [path, make] of Object.entries(pages))
    app.get(path, (request, response) => {
      const url = `${request.protocol}://${request.headers.host}`;
      response.type('html').send(documentOf(make({ url })));
    });
};
