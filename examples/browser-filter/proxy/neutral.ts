// Resources that do nothing, in the place of what was blocked. A plugin names one; it cannot bring its own.

export interface Neutral {
  readonly type: string;
  readonly body: Buffer;
}

const text = (type: string, body: string): Neutral => ({ type, body: Buffer.from(body) });
const encoded = (type: string, body: string): Neutral => ({ type, body: Buffer.from(body, 'base64') });

export const NEUTRAL: Readonly<Record<string, Neutral>> = {
  empty: text('text/plain; charset=utf-8', ''),
  'noop.js': text('text/javascript; charset=utf-8', '(function () {})();'),
  'noop.css': text('text/css; charset=utf-8', ''),
  'noop.html': text('text/html; charset=utf-8', '<!doctype html><title></title>'),
  'noop.json': text('application/json', '{}'),
  'noop.txt': text('text/plain; charset=utf-8', ''),
  '1x1.gif': encoded('image/gif', 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'),
};
