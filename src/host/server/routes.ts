// The routes under /api, and /healthz for monitoring. Each handler reads its request, asks the host, and answers JSON;
// everything it throws goes to problem.ts.

import { type Request, type RequestHandler, type Response, Router } from 'express';
import { GraftError, type Outcome, shown, unknownName } from '../../plugins/index.ts';
import type { Host } from '../host.ts';
import { ARCHIVE_TYPES, exactFields, JSON_TYPE, mediaType, parseJson, readBody } from './body.ts';
import { type TokenTest, tokenGuard, tokenTest } from './guard.ts';

/** The part of a host that the server uses. */
export type ServedHost = Pick<
  Host,
  'points' | 'plugins' | 'removedPlugins' | 'aborts' | 'facts' | 'install' | 'remove' | 'enable' | 'dismiss' | 'invoke'
>;

export interface BodyBounds {
  readonly call_bytes: number;
  readonly package_bytes: number;
}

/** The HTTP status for each status of an outcome. */
export const OUTCOME_STATUS: Readonly<Record<Outcome<unknown>['status'], number>> = {
  committed: 200,
  default: 200,
  refused: 422,
  denied: 403,
  failed: 502,
  aborted: 503,
};

type Method = 'get' | 'post' | 'delete';

/** Puts handlers on a path; any other method is answered with a list of the allowed ones. */
const methods = (router: Router, path: string, handlers: Partial<Record<Method, RequestHandler>>): void => {
  const route = router.route(path);
  for (const [method, handler] of Object.entries(handlers)) route[method as Method](handler);
  const allowed = Object.keys(handlers)
    .flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
    .join(', ');
  route.all((request, response) => {
    const message = `${request.method} is not a method of this resource; it has ${allowed}`;
    response
      .status(405)
      .set('Allow', allowed)
      .json({ error: { code: 'GRAFT_NOT_FOUND', message } });
  });
};

/** The values of a query, each name known and given once. Throws GRAFT_BAD_OPTION. */
const readQuery = <Name extends string>(request: Request, names: readonly Name[]): Partial<Record<Name, string>> => {
  const at = request.originalUrl.indexOf('?');
  const values: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(at === -1 ? '' : request.originalUrl.slice(at + 1))) {
    if (!(names as readonly string[]).includes(name))
      throw new GraftError('GRAFT_BAD_OPTION', unknownName('query parameter', name, names));
    if (Object.hasOwn(values, name))
      throw new GraftError('GRAFT_BAD_OPTION', `the query parameter ${name} stands twice`);
    values[name] = value;
  }
  return values as Partial<Record<Name, string>>;
};

const whole = (name: string, text: string, max: number): number => {
  const value = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max))
    throw new GraftError(
      'GRAFT_BAD_OPTION',
      `the query parameter ${name}: expected a whole number from 1 to ${max}, got ${shown(text)}`,
    );
  return value;
};

const LIMIT_MAX = 1000;

/** A signal that is aborted when the client goes away before it has its answer. */
const gone = (response: Response): AbortSignal => {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
};

const nameOf = (request: Request): string => request.params.name as string;

const healthz: RequestHandler = (_request, response) => {
  response.json({ status: 'ok' });
};

/** GET /healthz, for everybody. */
export const healthRoute = (router: Router): void => methods(router, '/healthz', { get: healthz });

const install =
  (host: ServedHost, bytes_max: number): RequestHandler =>
  async (request, response) => {
    readQuery(request, []);
    const type = mediaType(request, [JSON_TYPE, ...ARCHIVE_TYPES]);
    const bytes = await readBody(request, bytes_max);
    // An object with these two fields and nothing else: a text would be taken for a path on this machine.
    const source = type === JSON_TYPE ? exactFields(parseJson(bytes), ['manifest', 'files']) : bytes;
    const plugin = await host.install(source as Parameters<ServedHost['install']>[0]);
    response.status(201).json({ plugin });
  };

/** Whoever has the token. */
const BY_API = 'the API';

const remove =
  (host: ServedHost): RequestHandler =>
  async (request, response) => {
    const { now, dismiss, forget } = readQuery(request, ['now', 'dismiss', 'forget']);
    const options = {
      now: yesOrNo('now', now),
      dismiss: yesOrNo('dismiss', dismiss),
      forget: yesOrNo('forget', forget),
      by: BY_API,
    };
    response.json({ plugin: await host.remove(nameOf(request), options) });
  };

const enable =
  (host: ServedHost): RequestHandler =>
  async (request, response) => {
    readQuery(request, []);
    response.status(201).json({ plugin: await host.enable(nameOf(request)) });
  };

/** Throws GRAFT_BAD_OPTION. */
const yesOrNo = (name: string, text = 'false'): boolean => {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new GraftError('GRAFT_BAD_OPTION', `the query parameter ${name}: expected true or false, got ${shown(text)}`);
};

const dismiss =
  (host: ServedHost): RequestHandler =>
  (request, response) => {
    const { graft } = readQuery(request, ['graft']);
    host.dismiss(nameOf(request), graft);
    response.json({ point: host.points().find(({ name }) => name === nameOf(request)) });
  };

/**
 * An outcome as somebody without the token may see it. What grafts did names keys of state, texts of plugins and places
 * in their source: the records of aborts have all of that.
 */
const withoutGrafts = (outcome: Outcome<unknown>): Outcome<unknown> => ({ ...outcome, grafts: [] });

const call =
  (host: ServedHost, bytes_max: number, hasToken: TokenTest): RequestHandler =>
  async (request, response) => {
    const signal = gone(response);
    readQuery(request, []);
    mediaType(request, [JSON_TYPE]);
    const { input } = exactFields(parseJson(await readBody(request, bytes_max)), ['input']);
    const outcome = await host.invoke(nameOf(request), input, { signal });
    response
      .status(OUTCOME_STATUS[outcome.status])
      .json({ outcome: hasToken(request) ? outcome : withoutGrafts(outcome) });
  };

const aborts =
  (host: ServedHost): RequestHandler =>
  async (request, response) => {
    const { limit, before } = readQuery(request, ['limit', 'before']);
    const options = {
      ...(limit === undefined ? {} : { limit: whole('limit', limit, LIMIT_MAX) }),
      ...(before === undefined ? {} : { before: whole('before', before, Number.MAX_SAFE_INTEGER) }),
    };
    response.json({ aborts: await host.aborts(options) });
  };

const list =
  (answer: () => object): RequestHandler =>
  (request, response) => {
    readQuery(request, []);
    response.json(answer());
  };

/**
 * The routes under /api. All need the token, except calls of points that are declared public. Other paths go on to the
 * next router.
 */
export const apiRouter = (host: ServedHost, token: string, bounds: BodyBounds): Router => {
  const router = Router({ caseSensitive: true, strict: true });
  const needsToken = tokenGuard(token);
  const needsTokenUnlessPublic: RequestHandler = (request, response, next) => {
    const isPublic = host.points().some((point) => point.public && point.name === nameOf(request));
    return isPublic ? next() : needsToken(request, response, next);
  };
  const callPoint = call(host, bounds.call_bytes, tokenTest(token));
  router.post('/points/:name/call', needsTokenUnlessPublic, callPoint);
  router.use(needsToken);
  methods(router, '/points', { get: list(() => ({ points: host.points() })) });
  methods(router, '/points/:name/call', { post: callPoint });
  methods(router, '/points/:name/dismiss', { post: dismiss(host) });
  methods(router, '/plugins', {
    get: (request, response) => {
      const { removed } = readQuery(request, ['removed']);
      response.json({ plugins: yesOrNo('removed', removed) ? host.removedPlugins() : host.plugins() });
    },
    post: install(host, bounds.package_bytes),
  });
  methods(router, '/plugins/:name', { delete: remove(host) });
  methods(router, '/plugins/:name/enable', { post: enable(host) });
  methods(router, '/aborts', { get: aborts(host) });
  methods(router, '/facts', { get: list(() => ({ facts: host.facts() })) });
  return router;
};
