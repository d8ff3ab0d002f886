export type { Handles, Opened, Opener } from './handles.ts';
export { HostCallables, type HostCallablesOptions } from './host-callables.ts';
export { type HttpAnswer, httpAnswer } from './http-answer.ts';
export type { GraftNames } from './later.ts';
export type { Locks } from './locks.ts';
export type { ResponseHeaders } from './response-headers.ts';
export type { Events } from './subscriptions.ts';
