// HTTP answers of grafts: header names are tokens of RFC 9110, values visible ASCII, spaces and tabs. Some headers
// protect the host's users, frame the message, let caches keep it, or send a client elsewhere: these are the host's
// own.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import { isRecord } from '../../plugins/index.ts';
import { HEADER_BYTES_MAX, HEADERS_MAX } from './bounds.ts';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/;
const VALUE = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/;

/** The connection and the frame of the message (RFC 9110, 7.6.1 and 6.4; RFC 9112, 6). */
const FRAMING =
  'connection keep-alive proxy-connection te trailer transfer-encoding upgrade host content-length content-encoding ' +
  'content-range date via';
/** Headers that let caches keep an answer: a page for one user is not for a shared cache (RFC 9111). */
const KEEPING = 'expires vary age pragma surrogate-control cdn-cache-control';
/** Values of cache-control that a graft may give: a client's own cache may keep the answer, or not even that. */
const UNSHARED = /^(?=.*\b(?:no-store|private)\b)(?!.*\b(?:public|s-maxage)\b)/i;
/** Headers that describe the body, the client's next place, and its identity. */
const MEANING =
  'content-type content-location content-disposition location refresh link set-cookie set-cookie2 cookie ' +
  'clear-site-data authorization www-authenticate authentication-info alt-svc sourcemap x-sourcemap server status';
const SECURITY =
  'content-security-policy content-security-policy-report-only strict-transport-security x-frame-options ' +
  'x-content-type-options x-xss-protection x-permitted-cross-domain-policies x-dns-prefetch-control referrer-policy ' +
  'permissions-policy feature-policy origin-agent-cluster expect-ct public-key-pins service-worker-allowed report-to ' +
  'reporting-endpoints nel timing-allow-origin x-download-options x-powered-by x-sendfile x-http-method-override ' +
  'x-original-url x-rewrite-url';
const FORBIDDEN = new Set(`${FRAMING} ${KEEPING} ${MEANING} ${SECURITY}`.split(' '));
const FORBIDDEN_FRONTS = ['access-control-', 'cross-origin-', 'proxy-', 'sec-', 'x-accel-', 'x-forwarded-'];

/** The fault of a header; null: none. */
export const headerFault = (name: unknown, value: unknown): string | null => {
  if (typeof name !== 'string' || !TOKEN.test(name)) return 'a name is a token of RFC 9110, at most 100 characters';
  const lower = name.toLowerCase();
  if (FORBIDDEN.has(lower) || FORBIDDEN_FRONTS.some((front) => lower.startsWith(front)))
    return `${lower} is the host's own`;
  if (lower === 'cache-control' && !UNSHARED.test(String(value)))
    return 'cache-control says no-store or private, and nothing of shared caches';
  if (typeof value !== 'string' || !VALUE.test(value)) return 'a value is visible ASCII with spaces and tabs between';
  return null;
};

/**
 * Whether a location is a path of this very site, written so that nothing reads another one into it: an absolute path
 * without escapes of control characters.
 */
const isOwnPlace = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^\/(?![/\\])[\x21-\x7e]*$/.test(value) &&
  !/\\|%(?:[01][0-9a-f]|7f|2f|5c)|\/\.\.?(?:\/|$)/i.test(value);

/** An HTTP answer as a graft gives it. */
export interface HttpAnswer {
  readonly ok?: boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const isRedirect = (status: unknown): boolean => [301, 302, 303, 307, 308].includes(status as number);

const headersFault = (headers: unknown, status: unknown): string | null => {
  if (!isRecord(headers)) return 'headers: not an object';
  const rows = Object.entries(headers);
  if (rows.length > HEADERS_MAX) return `headers: more than ${HEADERS_MAX}`;
  const names = new Set(rows.map(([name]) => name.toLowerCase()));
  if (names.size !== rows.length) return 'headers: a name twice';
  const bytes = rows.reduce((sum, [name, value]) => sum + name.length + String(value).length, 0);
  if (bytes > HEADER_BYTES_MAX) return `headers: more than ${HEADER_BYTES_MAX} bytes`;
  for (const [name, value] of rows) {
    const fault =
      name.toLowerCase() === 'location' && isRedirect(status) && isOwnPlace(value) ? null : headerFault(name, value);
    if (fault !== null) return `headers: ${fault}`;
  }
  return isRedirect(status) && !names.has('location') ? 'headers: a redirect without location' : null;
};

const CHECKS: Record<keyof HttpAnswer, (value: unknown, answer: Record<string, unknown>) => string | null> = {
  ok: (value) => (typeof value === 'boolean' ? null : 'ok: not a boolean'),
  status: (value, { headers }) => {
    if (!Number.isInteger(value) || (value as number) < 200 || (value as number) > 599)
      return 'status: not a number of 200 to 599';
    return isRedirect(value) && headers === undefined ? 'headers: a redirect without location' : null;
  },
  headers: (value, { status }) => headersFault(value, status),
  body: (value, { status }) => {
    if (typeof value !== 'string') return 'body: not a text';
    return [204, 205, 304].includes(status as number) ? `body: a ${status} has none` : null;
  },
};

const faultOf = (answer: unknown): string | null => {
  if (!isRecord(answer)) return 'not an object';
  for (const [key, value] of Object.entries(answer)) {
    if (!Object.hasOwn(CHECKS, key)) return `unknown key ${key.slice(0, 50)}`;
    const fault = CHECKS[key as keyof HttpAnswer](value, answer);
    if (fault !== null) return fault;
  }
  return null;
};

/**
 * The schema of a point whose grafts answer HTTP requests: a status of 200 to 599, headers that are not the host's own,
 * a body. A redirect leads to a path of this site.
 */
export const httpAnswer: StandardSchemaV1<unknown, HttpAnswer> = {
  '~standard': {
    version: 1,
    vendor: 'graftwork',
    validate: (value) => {
      const fault = faultOf(value);
      return fault === null ? { value: value as HttpAnswer } : { issues: [{ message: fault }] };
    },
  },
};
