// `graftwork/server`: the HTTP server of a host. `serve` starts one as a program does; `createServer` and `listen` are
// its two halves; `createRouter` has the API's routes for an application that has a server.

export type { Host, Outcome } from '../index.ts';
export { ARCHIVE_TYPES, BODY_MAX, JSON_TYPE } from './body.ts';
export { factsTable, hostPage, pluginsTable, type ShownHost, TOKEN_LINE, WHERE_TOKEN } from './host-page.ts';
export { addPages, escaped, type HtmlPage, linesOf, type PageMaker, tableOf } from './page.ts';
export { type BodyBounds, OUTCOME_STATUS, type ServedHost } from './routes.ts';
export { readPort, type ServableHost, type Served, type ServeOptions, serve } from './serve.ts';
export {
  createRouter,
  createServer,
  type Listening,
  type ListenOptions,
  listen,
  type RouterOptions,
  type ServerOptions,
} from './server.ts';
export { makeDataFolder, readToken } from './token.ts';
