// The commands as a user runs them: child processes against a server that is one too, with plugins in processes of
// their own.

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { npmPack } from '../../plugins/package/archives.ts';
import { begin, ended, listening, PLUGIN, type Ran, run, SHOP } from './program.ts';

let folder: string;
let server: ChildProcessWithoutNullStreams;
let serverEnded: Promise<Ran>;
let url: string;

const writePlugin = async (path: string): Promise<void> => {
  for (const [file, content] of Object.entries(PLUGIN)) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), content);
  }
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graftwork-'));
  await writeFile(join(folder, 'shop.mjs'), SHOP);
  await writePlugin(join(folder, 'sampler'));
  // What lies in .git is not sent.
  await mkdir(join(folder, 'sampler/.git'));
  await symlink('/etc/hostname', join(folder, 'sampler/.git/HEAD'));
  server = begin(['serve', '--port', '0', '--host-module', 'shop.mjs'], {}, folder);
  serverEnded = ended(server);
  ({ url } = await listening(server));
});

afterAll(async () => {
  server.kill('SIGTERM');
  await serverEnded;
  await rm(folder, { recursive: true });
});

/** Runs a command beside the server, whose port is in the environment and whose data folder is ./data. */
const graftwork = (args: readonly string[], input = '', env: Record<string, string> = {}): Promise<Ran> =>
  run(args, { PORT: new URL(url).port, ...env }, folder, input);

/** The package.json of a plugin that sets prices with this module. */
const manifestOf = (main: string): string => {
  const graftwork = { api: 1, grafts: [{ point: 'shop/price', export: 'price' }] };
  return JSON.stringify({ name: '@shop/sampler', version: '1.2.3', main, graftwork });
};

const reinstall = async (): Promise<void> => {
  await graftwork(['remove', '@shop/sampler']);
  expect((await graftwork(['install', 'sampler'])).code).toBe(0);
};

describe('call', () => {
  beforeAll(reinstall);

  test('0: committed, the value and the graft', async () => {
    const { code, stdout, stderr } = await graftwork(['call', 'shop/price', '{"list":10}']);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'committed\n5\n@shop/sampler#price: committed\n',
      stderr: '',
    });
  });

  test('3: refused', async () => {
    const { code, stdout } = await graftwork(['call', 'shop/price', '{"list":-1}']);
    expect([code, stdout]).toEqual([
      3,
      'refused: NEGATIVE: no such price\n@shop/sampler#price: refused, NEGATIVE: no such price\n',
    ]);
  });

  test.each([
    ['default', 0, 'default\n5\n'],
    ['deny', 4, 'denied: thrown\n'],
    ['fail', 5, 'failed: thrown\n'],
  ])('guard/%s: exit code %d, where it failed and what was undone', async (policy, exit, first) => {
    const { code, stdout } = await graftwork(['call', `guard/${policy}`, '5']);
    const graft =
      '@shop/sampler#spoil: aborted, thrown: Error: not today at src/index.ts:5:9\n  removed from its point\n';
    expect([code, stdout]).toEqual([exit, `${first}${graft}  undone: 1 change: stock.set x\n`]);
  });

  test('6: aborted', async () => {
    const { code, stdout } = await graftwork(['call', 'shop/ended', 'null']);
    expect([code, stdout]).toEqual([6, 'aborted: cancelled\n']);
  });

  test('--json prints the server’s body alone, and the exit code is the same', async () => {
    const { code, stdout } = await graftwork(['call', 'shop/price', '{"list":-1}', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout).outcome).toMatchObject({ status: 'refused', refusal: { code: 'NEGATIVE' } });
    expect(stdout).toBe(`${JSON.stringify(JSON.parse(stdout))}\n`);
  });

  test('- reads standard input', async () => {
    const { code, stdout } = await graftwork(['call', 'shop/price', '-'], ' {"list":\n 4}\n');
    expect([code, stdout]).toEqual([0, 'committed\n2\n@shop/sampler#price: committed\n']);
  });

  test('a number that JavaScript has no value for is refused, not changed', async () => {
    const { code, stderr } = await graftwork(['call', 'guard/default', '9007199254740993']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^GRAFT_BAD_INPUT: /)]);
  });

  test('a negative number is an input, not an option', async () => {
    expect((await graftwork(['call', 'shop/ended', '-1'])).code).toBe(6);
  });
});

describe('errors', () => {
  const expectError = (ran: Ran, code: number, message: RegExp): void => {
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([code, '', expect.stringMatching(message)]);
    expect(ran.stderr.trimEnd().split('\n')).toHaveLength(1);
  };

  test('1: the server’s coded error', async () => {
    expectError(
      await graftwork(['call', 'no/such', '1']),
      1,
      /^GRAFT_UNKNOWN_POINT: unknown graft point "no\/such"; there is guard\/default, .*shop\/price/,
    );
  });

  test('1: the same with --json is the server’s body', async () => {
    const { code, stdout, stderr } = await graftwork(['call', 'no/such', '1', '--json']);
    expect([code, stderr, JSON.parse(stdout)]).toEqual([
      1,
      '',
      { error: { code: 'GRAFT_UNKNOWN_POINT', message: expect.stringContaining('there is guard/default') } },
    ]);
  });

  test('1: a wrong token, with a hint', async () => {
    expectError(await graftwork(['points', '--token', 'wrong']), 1, /^GRAFT_UNAUTHORIZED: .*give --token$/m);
  });

  test('1: no token where the data folder has none', async () => {
    expectError(await graftwork(['points'], '', { GRAFTWORK_DATA: join(folder, 'none') }), 1, /^GRAFT_UNAUTHORIZED: /);
  });

  test('1: a token file that others can read', async () => {
    await mkdir(join(folder, 'open'));
    await writeFile(join(folder, 'open/token'), 'sixteen-letters!');
    await chmod(join(folder, 'open/token'), 0o644);
    expectError(
      await graftwork(['points'], '', { GRAFTWORK_DATA: join(folder, 'open') }),
      1,
      /^GRAFT_BAD_OPTION: .*used by others/,
    );
  });

  test('1: GRAFT_UNREACHABLE where nothing listens, with a hint', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const message = new RegExp(
      `^GRAFT_UNREACHABLE: no server answers at http://127.0.0.1:${port} \\(ECONNREFUSED\\); start one with`,
    );
    expectError(await graftwork(['points', '--url', `http://127.0.0.1:${port}`]), 1, message);
  });

  test('1: standard input that is not JSON, not UTF-8, or too large', async () => {
    expectError(await graftwork(['call', 'shop/price', '-'], '{'), 1, /^GRAFT_BAD_JSON: /);
    expectError(await graftwork(['call', 'shop/price', '-'], ''), 1, /^GRAFT_BAD_JSON: /);
    expectError(await graftwork(['call', 'shop/price', '-'], ' '.repeat(1_600_000)), 1, /^GRAFT_BODY_TOO_LARGE: /);
  });

  test.each([
    ['an argument that is not JSON', ['call', 'shop/price', '{list:1}'], /GRAFT_BAD_JSON/],
    ['JSON that would add a field', ['call', 'shop/price', '1,"x":2'], /GRAFT_BAD_JSON/],
    ['no input', ['call', 'shop/price'], /missing required argument 'json'/],
    ['one argument too many', ['points', 'x'], /too many arguments/],
    ['an unknown command', ['pionts'], /unknown command "pionts"; there is plugins, points, /],
    ['an unknown option', ['points', '--verbose'], /unknown option '--verbose'; there is --json, --token, --url/],
    ['a URL that is none', ['points', '--url', 'localhost'], /GRAFT_BAD_OPTION: "localhost" is not the URL/],
    ['a URL of another scheme', ['points', '--url', 'file:///etc'], /GRAFT_BAD_OPTION/],
    ['a port that is none', ['serve', '--port', '70000'], /GRAFT_BAD_OPTION: a port is/],
    ['no command', [], /Usage: graftwork/],
  ])('2: %s', async (_what, args, message) => {
    const { code, stdout, stderr } = await graftwork(args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
    if (args.length > 0) expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('another server than ours', () => {
  let other: Server;
  let address: string;
  let seen: (string | undefined)[];
  let answer: string;

  beforeAll(async () => {
    other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end(answer);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    address = `http://127.0.0.1:${(other.address() as AddressInfo).port}/under/a/path`;
  });

  afterAll(() => new Promise<void>((resolve) => other.close(() => resolve())));

  test.each(['<html>', '[]x', '7'])('GRAFT_UNREACHABLE: one that answers %s', async (text) => {
    [seen, answer] = [[], text];
    const { code, stderr } = await graftwork(['points', '--url', address]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^GRAFT_UNREACHABLE: what answers at .* is not a Graftwork server/),
    ]);
  });

  test('the token of the environment goes to it, --token comes before that', async () => {
    [seen, answer] = [[], '{"points":[]}'];
    await graftwork(['points', '--url', address], '', { GRAFTWORK_TOKEN: 'of-the-environment' });
    await graftwork(['points', '--url', address, '--token', 'of-the-option'], '', {
      GRAFTWORK_TOKEN: 'of-the-environment',
    });
    expect(seen).toEqual(['Bearer of-the-environment', 'Bearer of-the-option']);
  });

  test('the token of the data folder goes to this machine, and to a name of another one never', async () => {
    [seen, answer] = [[], '{"points":[]}'];
    const token = (await readFile(join(folder, 'data/token'), 'utf8')).trim();
    await graftwork(['points', '--url', address]);
    // A name that is not of the loopback interface, although it leads there: 0.0.0.0.
    await graftwork(['points', '--url', address.replace('127.0.0.1', '0.0.0.0')]);
    expect(seen).toEqual([`Bearer ${token}`, undefined]);
  });
});

describe('plugins', () => {
  test('install a folder, list, see an abort, remove', async () => {
    await graftwork(['remove', '@shop/sampler']);
    const installed = await graftwork(['install', 'sampler']);
    expect(installed.stdout).toContain('\ngranted to spoil at guard/deny: stock.get ');
    const listed = await graftwork(['plugins']);
    expect([listed.code, listed.stdout.split('\n').slice(0, 2)]).toEqual([
      0,
      [
        'PLUGIN         VERSION  INSTALLER  GRAFT  POINT          STATE      CALLS  ABORTS',
        '@shop/sampler  1.2.3    host       price  shop/price     installed  0      0',
      ],
    ]);
    await graftwork(['call', 'guard/fail', '1']);
    const aborts = await graftwork(['aborts', '--limit', '1']);
    const [head, row, ...rest] = aborts.stdout.split('\n');
    expect(head).toMatch(/^ID +AT +POINT +GRAFT +REASON +UNDONE +REMOVED +SOURCE +DETAIL$/);
    expect(row).toMatch(
      /^\d+ +20\S+Z +guard\/fail +@shop\/sampler#spoil +thrown +1 +yes +src\/index\.ts:5:9 +Error: not today$/,
    );
    expect(rest).toEqual(['']);
    const id = /\n(\d+)/.exec(aborts.stdout)?.[1] as string;
    const earlier = JSON.parse((await graftwork(['aborts', '--before', id, '--json'])).stdout).aborts as {
      id: number;
    }[];
    expect(earlier.every((one) => one.id < Number(id))).toBe(true);
    const removed = await graftwork(['remove', '@shop/sampler', '--now', '--forget']);
    expect([removed.code, removed.stdout.split('\n')[0]]).toEqual([0, 'removed']);
    expect((await graftwork(['remove', '@shop/sampler'])).stderr).toMatch(/^GRAFT_UNKNOWN_PLUGIN: /);
  });

  test('points are listed with who stands there', async () => {
    await reinstall();
    const { stdout } = await graftwork(['points']);
    const [head, row] = stdout.split('\n');
    expect(head).toMatch(/^POINT +KIND +ON FAULT +PUBLIC +GRAFTS +CALLABLE$/);
    expect(row).toMatch(/^shop\/price +function +default +no +@shop\/sampler#price +stock\.get/);
    expect(JSON.parse((await graftwork(['points', '--json'])).stdout).points).toHaveLength(5);
  });

  test('install an archive', async () => {
    await graftwork(['remove', '@shop/sampler']);
    await writeFile(join(folder, 'sampler-1.2.3.tgz'), await npmPack(PLUGIN));
    const { code, stdout } = await graftwork(['install', 'sampler-1.2.3.tgz', '--json']);
    expect([code, JSON.parse(stdout).plugin.name]).toEqual([0, '@shop/sampler']);
  });

  test('1: what cannot be installed', async () => {
    await reinstall();
    expect(await graftwork(['install', 'sampler'])).toMatchObject({ code: 0 }); // An upgrade.
    expect(await graftwork(['install', 'none'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^GRAFT_BAD_PACKAGE: none .*ENOENT/),
    });
    expect(await graftwork(['install', 'shop.mjs'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^GRAFT_BAD_PACKAGE: /),
    });
    await writePlugin(join(folder, 'large'));
    await writeFile(join(folder, 'large/main.js'), "import './large.bin';");
    await writeFile(join(folder, 'large/package.json'), manifestOf('main.js'));
    await writeFile(join(folder, 'large/large.bin'), '');
    await truncate(join(folder, 'large/large.bin'), 64 * 1_048_576 + 1);
    expect(await graftwork(['install', 'large'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^GRAFT_PACKAGE_LIMIT: main\.js:1:8: "large\.bin" is larger/),
    });
    await writeFile(join(folder, 'large/main.js'), "import './secret.txt';");
    await symlink('/etc/hostname', join(folder, 'large/secret.txt'));
    expect(await graftwork(['install', 'large'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^GRAFT_PACKAGE_ENTRY: main\.js:1:8: "secret\.txt" is a link that leaves/),
    });
  });

  test('install a folder as pnpm leaves it: what its imports reach is sent, and nothing else', async () => {
    await graftwork(['remove', '@shop/sampler']);
    const [root, store] = [join(folder, 'pnpm'), 'node_modules/.pnpm'];
    const files = {
      'package.json': manifestOf('lib/main.js'),
      'lib/main.js': "import half from 'half'; export const price = ({ list }) => half(list);",
      [`${store}/half@1.0.0/node_modules/half/index.js`]: "module.exports = (n) => n / require('two');",
      [`${store}/two@1.0.0/node_modules/two/index.js`]: 'module.exports = 2;',
      [`${store}/tool@1.0.0/node_modules/tool/tool.node`]: '\x7fELF',
    };
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await mkdir(join(root, 'node_modules/.bin'));
    await symlink('../half/index.js', join(root, 'node_modules/.bin/half'));
    await symlink('.pnpm/half@1.0.0/node_modules/half', join(root, 'node_modules/half'));
    await symlink('../../two@1.0.0/node_modules/two', join(root, `${store}/half@1.0.0/node_modules/two`));
    await symlink('/etc/hostname', join(root, 'lib/hostname'));
    expect(await graftwork(['install', 'pnpm'])).toMatchObject({ code: 0, stderr: '' });
    expect((await graftwork(['call', 'shop/price', '{"list":10}'])).stdout).toContain('committed\n5\n');
  });
});

describe('output that nobody reads', () => {
  test.each([
    ['help', ['--help']],
    ['a list of a server', ['points']],
    ['an answer as it is', ['aborts', '--json']],
  ])('1: one line says so of %s', async (_what, args) => {
    const child = begin(args, { PORT: new URL(url).port }, folder);
    child.stdout.destroy();
    const [code, stderr] = await Promise.all([
      new Promise((resolve) => child.once('exit', resolve)),
      text(child.stderr),
    ]);
    expect([code, stderr]).toEqual([1, 'graftwork: nobody reads the output any more (EPIPE)\n']);
  });
});

describe('help', () => {
  test.each(['serve', 'call', 'points', 'plugins', 'aborts', 'install', 'remove', 'enable', 'dismiss'])(
    '%s --help has examples',
    async (command) => {
      const { code, stdout, stderr } = await graftwork([command, '--help']);
      expect([code, stdout, stderr]).toEqual([0, expect.stringContaining(`Examples:\n  $ graftwork ${command}`), '']);
    },
  );

  test('--help lists the commands', async () => {
    const { code, stdout } = await graftwork(['--help']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/serve [\s\S]* call [\s\S]*Examples:/)]);
  });
});
