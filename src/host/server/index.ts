// The HTTP server of a host: `serve` starts one as a program does; `createServer` and `listen` are its two halves.

export { ARCHIVE_TYPES, BODY_MAX, JSON_TYPE } from './body.ts';
export { OUTCOME_STATUS, type ServedHost } from './routes.ts';
export { readPort, type Served, type ServeOptions, serve } from './serve.ts';
export { createServer, type Listening, type ListenOptions, listen, type ServerOptions } from './server.ts';
export { makeDataFolder, readToken } from './token.ts';
