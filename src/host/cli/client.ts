// How a command talks to a server: its address, the token, and what its answer means.
//
// The token is the one given, else the environment's GRAFTWORK_TOKEN, else the one that a server on this machine keeps
// in its data folder; that one is sent to this machine alone.

import { GraftError, shown } from '../../plugins/index.ts';
import { readPort, readToken } from '../server/index.ts';

export interface ServerFlags {
  readonly url?: string;
  readonly token?: string;
  readonly json?: boolean;
}

export interface Answer {
  readonly status: number;
  /** The text as it came. */
  readonly text: string;
  /** A JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Asked {
  readonly method: string;
  /** The path below the server's URL, encoded. */
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The folder of a server's data on this machine. */
export const dataFolder = (given?: string): string => given ?? process.env.GRAFTWORK_DATA ?? './data';

/** The URL of a server, a slash at its end. Throws GRAFT_BAD_OPTION. */
export const serverUrl = (given: string | undefined): URL => {
  const text = given ?? `http://127.0.0.1:${readPort(process.env.PORT)}`;
  const url = URL.parse(text.endsWith('/') ? text : `${text}/`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new GraftError('GRAFT_BAD_OPTION', `${shown(text)} is not the URL of a server, like "http://127.0.0.1:3000"`);
  return url;
};

const tokenFor = async (url: URL, given: string | undefined): Promise<string | null> => {
  const token = given ?? process.env.GRAFTWORK_TOKEN;
  if (token !== undefined) return token;
  return LOOPBACK.test(url.hostname) ? readToken(dataFolder()) : null;
};

const unreachable = (url: URL, error: unknown): GraftError => {
  const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
  const why = cause?.code ?? cause?.message ?? (error as Error).message;
  const hint = 'start one with `graftwork serve`, or name another with --url';
  return new GraftError('GRAFT_UNREACHABLE', `no server answers at ${url.origin} (${why}); ${hint}`, { cause: error });
};

const objectOf = (url: URL, text: string): Answer['body'] => {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body as Answer['body'];
  } catch {}
  throw new GraftError(
    'GRAFT_UNREACHABLE',
    `what answers at ${url.origin} is not a Graftwork server; name it with --url`,
  );
};

/**
 * Sends a request. Throws GRAFT_UNREACHABLE where no server of ours answers, GRAFT_BAD_OPTION for a bad URL or token
 * file.
 */
export const ask = async (flags: ServerFlags, { method, path, type, body }: Asked): Promise<Answer> => {
  const url = serverUrl(flags.url);
  const token = await tokenFor(url, flags.token);
  const headers: Record<string, string> = type === undefined ? {} : { 'Content-Type': type };
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  try {
    const response = await fetch(new URL(path, url), {
      method,
      headers,
      redirect: 'error',
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, text, body: objectOf(url, text) };
  } catch (error) {
    throw error instanceof GraftError ? error : unreachable(url, error);
  }
};

/** The error that a server answered with, as a line; null: no error. */
export const errorLine = ({ status, body }: Answer): string | null => {
  const error = body.error as { code?: unknown; message?: unknown } | undefined;
  if (error === undefined) return null;
  const hint = status === 401 ? '; set GRAFTWORK_TOKEN, or give --token' : '';
  return `${error.code}: ${error.message}${hint}`;
};
