// Small pages of the tests' own, and the origin that serves them.

import type { RequestListener } from 'node:http';

const LONG = 'A transaction is undone as a whole, or kept as a whole; nobody sees the half of one. '.repeat(12);

export const PAGES: Readonly<Record<string, string>> = {
  '/article': `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Article</title>
<script src="/site.js"></script><script src="http://ads.test/a.js"></script></head><body>
<nav><a href="/">Home</a></nav><div class="ad-banner">Buy!</div>
<article><h1>Of plugins &amp; hosts</h1><p>${LONG}</p><p>Half a plugin is no plugin. AT&amp;T</p>
<p><a id="followed" href="/next?a=1&amp;utm_source=mail&amp;b=2#there">Next</a> <a href="/plain">Plain</a></p></article>
<aside>Aside</aside><div id="cookie-notice">We use cookies</div><footer>Foot</footer></body></html>`,
  '/fragment': '<p>No head, no body</p><p class="ad-banner">x<p>plugin',
  '/strict': `<!doctype html><html><head><title>Strict</title></head><body><h1>Strict</h1>
<p class="ad-banner">hidden by a sheet</p><p>text</p></body></html>`,
};

const STRICT = "default-src 'none'; script-src 'nonce-a1'; style-src 'self'";

export const serveFixtures: RequestListener = (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://origin');
  const page = PAGES[pathname];
  if (pathname === '/site.js') {
    response.setHeader('Content-Type', 'text/javascript');
    return void response.end('document.documentElement.dataset.site = "ran";');
  }
  if (pathname === '/file') {
    response.setHeader('Content-Disposition', 'attachment; filename="report.pdf"');
    return void response.end('%PDF');
  }
  if (page === undefined) return void response.writeHead(404).end();
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.setHeader('Set-Cookie', 'session=secret; HttpOnly');
  if (pathname === '/strict') response.setHeader('Content-Security-Policy', STRICT);
  response.end(page);
};
