export type { Opened, Opener } from './handles.ts';
export { HostCallables, type HostCallablesOptions } from './host-callables.ts';
export { type HttpAnswer, httpAnswer } from './http-answer.ts';
export type { GraftNames } from './later.ts';
