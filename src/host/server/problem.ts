// Errors as a client sees them: { "error": { "code", "message" } } with the status of the table in
// src/plugins/errors.ts. An error that is the host's own fault is logged once, in full; the client learns only that
// there was one.

import type { ErrorRequestHandler, Request, Response } from 'express';
import { ERRORS, type ErrorCode, GraftError } from '../../plugins/index.ts';

interface Problem {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
}

const problem = (code: ErrorCode, message: string = ERRORS[code].meaning): Problem => ({
  status: ERRORS[code].status,
  code,
  message,
});

/** A path whose percent-encoding cannot be decoded, as Express throws it. */
const isBadPath = (error: unknown): boolean =>
  error instanceof URIError && (error as URIError & { status?: number }).status === 400;

/** What a client learns of an error. A status of 500 means: log it, the message says nothing of it. */
const problemOf = (error: unknown): Problem => {
  if (isBadPath(error)) return problem('GRAFT_BAD_OPTION', 'the path has a percent-encoding that is not UTF-8');
  if (!(error instanceof GraftError)) return problem('GRAFT_INTERNAL');
  return error.status === 500 ? problem(error.code) : problem(error.code, error.message);
};

const sendProblem = (response: Response, { status, code, message }: Problem): void => {
  if (status === 401) response.set('WWW-Authenticate', 'Bearer');
  response.status(status).json({ error: { code, message } });
};

const textOf = (error: unknown): string => {
  if (!(error instanceof Error)) return typeof error;
  const cause = error.cause === undefined ? '' : `\n  caused by ${textOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
};

/** The last handler of an application. `log` gets what the client does not learn, without the query. */
export const problemHandler =
  (log: (text: string) => void): ErrorRequestHandler =>
  (error: unknown, request: Request, response: Response, _next) => {
    const told = problemOf(error);
    if (told.status === 500)
      log(`graftwork: ${request.method} ${JSON.stringify(request.path)} failed: ${textOf(error)}`);
    if (response.headersSent) response.destroy();
    else sendProblem(response, told);
  };
