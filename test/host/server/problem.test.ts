// Every coded error that the server can answer with: what it raises itself, what the host raises through it, and what
// is nobody's to know.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ERRORS, type ErrorCode, GraftError } from '../../../src/plugins/index.ts';
import { tgzWith } from '../../plugins/package/archives.ts';
import { type Bed, makeBed, plugin, type Reply } from './bed.ts';

let bed: Bed;

beforeAll(async () => {
  bed = await makeBed();
});

afterAll(() => bed.close());

const expectProblem = (reply: Reply, code: ErrorCode): void => {
  expect({ status: reply.status, ...reply.body }).toEqual({
    status: ERRORS[code].status,
    error: { code, message: expect.any(String) },
  });
  expect(reply.headers['content-type']).toBe('application/json; charset=utf-8');
};

const GZIP = { 'content-type': 'application/gzip' };
const CALL = '/api/points/shop%2Fprice/call';

describe('the server', () => {
  test.each([
    ['GET', '/api/nothing'],
    ['GET', '/nothing'],
    ['GET', '/'],
    ['GET', '/api'],
    ['GET', '/api/points/'],
    ['GET', '/API/points'],
    ['POST', '/api/points/shop/price/call'],
  ])('GRAFT_NOT_FOUND: %s %s', async (method, path) => {
    expectProblem(await bed.ask(method, path), 'GRAFT_NOT_FOUND');
  });

  test.each([
    ['POST', '/healthz', 'GET, HEAD'],
    ['POST', '/api/points', 'GET, HEAD'],
    ['OPTIONS', '/api/points', 'GET, HEAD'],
    ['PUT', '/api/plugins', 'GET, HEAD, POST'],
    ['GET', '/api/plugins/fair-price', 'DELETE'],
    ['GET', CALL, 'POST'],
    ['DELETE', '/api/aborts', 'GET, HEAD'],
  ])('a wrong method, %s %s, is 405 with Allow', async (method, path, allow) => {
    const reply = await bed.ask(method, path);
    expect([reply.status, reply.headers.allow, reply.body.error.code]).toEqual([405, allow, 'GRAFT_NOT_FOUND']);
    expect(reply.body.error.message).toContain(method);
  });

  test('HEAD is GET without a body', async () => {
    const reply = await bed.ask('HEAD', '/api/points');
    expect([reply.status, reply.text]).toEqual([200, '']);
  });

  test.each(['', '{', '{"input":1}}', '{"input":NaN}', '\u{1}'])('GRAFT_BAD_JSON: the body %j', async (body) => {
    expectProblem(await bed.ask('POST', CALL, body, { 'content-type': 'application/json' }), 'GRAFT_BAD_JSON');
  });

  test.each([
    ['no input', {}],
    ['a field beside it', { input: 1, point: 'x' }],
    ['an array', [1]],
  ])('GRAFT_BAD_OPTION: a call with %s', async (_what, body) => {
    expectProblem(await bed.ask('POST', CALL, body), 'GRAFT_BAD_OPTION');
  });

  test.each(['"/etc"', '7', 'null'])('GRAFT_BAD_OPTION: a call whose body is %s', async (body) => {
    expectProblem(await bed.ask('POST', CALL, body, { 'content-type': 'application/json' }), 'GRAFT_BAD_OPTION');
  });

  test.each(['"."', '[]', '{"manifest":{}}', '{"manifest":{},"files":{},"path":"."}'])(
    'GRAFT_BAD_OPTION: a package that is %s, and no folder of this machine is read',
    async (body) => {
      expectProblem(
        await bed.ask('POST', '/api/plugins', body, { 'content-type': 'application/json' }),
        'GRAFT_BAD_OPTION',
      );
    },
  );

  test.each([
    '/api/aborts?limit=0',
    '/api/aborts?limit=1001',
    '/api/aborts?limit=1e2',
    '/api/aborts?limit=-1',
    '/api/aborts?limit=',
    '/api/aborts?limit=%FF',
    '/api/aborts?limit=1&limit=2',
    '/api/aborts?limit[]=1',
    '/api/aborts?before=0x10',
    '/api/aborts?before=9999999999999999',
    '/api/aborts?constructor=1',
    '/api/aborts?__proto__=1',
    '/api/points?x=1',
    '/api/plugins?x',
  ])('GRAFT_BAD_OPTION: GET %s', async (path) => {
    expectProblem(await bed.ask('GET', path), 'GRAFT_BAD_OPTION');
  });

  test.each(['?now=1', '?now=true&now=true', '?now', '?force=true'])(
    'GRAFT_BAD_OPTION: DELETE with %s',
    async (query) => {
      expectProblem(await bed.ask('DELETE', `/api/plugins/fair-price${query}`), 'GRAFT_BAD_OPTION');
    },
  );

  test.each([
    ['POST', '/api/points/%ZZ/call'],
    ['POST', '/api/points/%C3%28/call'],
    ['DELETE', '/api/plugins/%'],
  ])('GRAFT_BAD_OPTION: a bad percent-encoding, %s %s', async (method, path) => {
    expectProblem(await bed.ask(method, path), 'GRAFT_BAD_OPTION');
  });
});

describe('the host', () => {
  const install = async (
    code: ErrorCode,
    body: object | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<void> => {
    const before = bed.host.plugins();
    expectProblem(await bed.ask('POST', '/api/plugins', body, headers), code);
    expect(bed.host.plugins()).toEqual(before);
  };
  const fair = plugin('fair-price', 'price', 'shop/price');
  const withFile = (path: string, text: string) => ({ ...fair, files: { ...fair.files, [path]: text } });

  test('GRAFT_UNKNOWN_POINT', async () => expectProblem(await bed.call('no/such', 1), 'GRAFT_UNKNOWN_POINT'));
  test('GRAFT_UNKNOWN_PLUGIN', async () =>
    expectProblem(await bed.ask('DELETE', '/api/plugins/none'), 'GRAFT_UNKNOWN_PLUGIN'));
  test('GRAFT_BAD_INPUT', async () => {
    expectProblem(
      await bed.ask('POST', CALL, '{"input":{"__proto__":1}}', { 'content-type': 'application/json' }),
      'GRAFT_BAD_INPUT',
    );
  });
  test('GRAFT_BAD_MANIFEST', () =>
    install('GRAFT_BAD_MANIFEST', { ...fair, manifest: { ...fair.manifest, graftwork: { api: 2 } } }));
  test('GRAFT_BAD_PACKAGE', () => install('GRAFT_BAD_PACKAGE', Buffer.from('no archive'), GZIP));
  test('GRAFT_PACKAGE_LIMIT', () => install('GRAFT_PACKAGE_LIMIT', Buffer.alloc(8 * 1_048_576 + 1), GZIP));
  test('GRAFT_PACKAGE_PATH', () => install('GRAFT_PACKAGE_PATH', withFile('../x.js', '')));
  test('GRAFT_PACKAGE_ENTRY', async () =>
    install('GRAFT_PACKAGE_ENTRY', await tgzWith({ name: 'link', type: 'symlink', linkname: '/etc/passwd' }), GZIP));
  test('GRAFT_PACKAGE_NATIVE', () => install('GRAFT_PACKAGE_NATIVE', withFile('x.node', '')));
  test('GRAFT_PACKAGE_SIGNED', () =>
    install('GRAFT_PACKAGE_SIGNED', { ...fair, manifest: { ...fair.manifest, signature: 'x' } }));
  test('GRAFT_BUNDLE', () => install('GRAFT_BUNDLE', withFile('index.js', 'export const = 1')));
  test('GRAFT_NEEDS', () => install('GRAFT_NEEDS', plugin('fair-price', 'price', 'shop/price', { needs: ['stock'] })));
  test('GRAFT_MUST_WAIT', () =>
    install('GRAFT_MUST_WAIT', plugin('patient', 'price', 'shop/waiting', { needs: ['wait'] })));
  test('GRAFT_INSTALL_FAILED', () => install('GRAFT_INSTALL_FAILED', plugin('fair-price', 'other', 'shop/price')));

  test('GRAFT_INSTALLED and GRAFT_POINT_TAKEN', async () => {
    await bed.host.install(plugin('patient', 'price', 'shop/open'), { installer: 'clerk' });
    await install('GRAFT_INSTALLED', plugin('patient', 'price', 'shop/open'));
    await install('GRAFT_POINT_TAKEN', plugin('fair-price', 'price', 'shop/open'));
  });

  test('GRAFT_UPGRADE', async () => {
    await bed.host.remove('patient');
    expect((await bed.ask('POST', '/api/plugins', plugin('patient', 'price', 'shop/open'))).status).toBe(201);
    await install('GRAFT_UPGRADE', plugin('patient', 'price', 'shop/price'));
  });

  test('GRAFT_CLOSED', async () => {
    const other = await makeBed();
    await other.host.close();
    expectProblem(await other.call('shop/price', { list: 1 }), 'GRAFT_CLOSED');
    await other.close();
  });
});

describe('any error of the host', () => {
  const answerTo = async (error: unknown): Promise<{ reply: Reply; logged: string[] }> => {
    const other = await makeBed({ served: () => ({ invoke: () => Promise.reject(error) }) });
    const reply = await other.call('shop/price', 1);
    await other.close();
    return { reply, logged: other.logged };
  };
  const codes = Object.keys(ERRORS) as ErrorCode[];

  test.each(codes.filter((code) => ERRORS[code].status !== 500))(
    '%s is told with its message, and is not logged',
    async (code) => {
      const { reply, logged } = await answerTo(new GraftError(code, 'what was wrong'));
      expect([reply.status, reply.body]).toEqual([ERRORS[code].status, { error: { code, message: 'what was wrong' } }]);
      expect(logged).toEqual([]);
    },
  );

  test.each(codes.filter((code) => ERRORS[code].status === 500))(
    '%s is logged once and told without its message',
    async (code) => {
      const { reply, logged } = await answerTo(new GraftError(code, 'the inside', { cause: new Error('the depth') }));
      expect([reply.status, reply.body]).toEqual([500, { error: { code, message: ERRORS[code].meaning } }]);
      expect(logged).toHaveLength(1);
      expect(logged[0]).toContain('the inside');
      expect(logged[0]).toContain('the depth');
    },
  );

  test.each([
    ['an error', new TypeError('secret /path/of/x')],
    ['an error with a status', Object.assign(new Error('secret'), { status: 418, expose: true })],
    ['a text', 'secret'],
    ['nothing', undefined],
  ])('GRAFT_INTERNAL: %s that nobody expected is logged once, and nothing leaks', async (_what, error) => {
    const { reply, logged } = await answerTo(error);
    expectProblem(reply, 'GRAFT_INTERNAL');
    expect(reply.text).not.toContain('secret');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('POST "/api/points/shop%2Fprice/call"');
  });

  test('GRAFT_INTERNAL: a value that has no JSON', async () => {
    const other = await makeBed({
      served: () => ({ invoke: async () => ({ status: 'default', value: 1n, grafts: [] }) }),
    });
    expectProblem(await other.call('shop/price', 1), 'GRAFT_INTERNAL');
    expect(other.logged).toHaveLength(1);
    await other.close();
  });
});
