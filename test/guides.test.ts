// The guides do what they say: every file of a guide is written out, as it stands there, and run with the packed
// packages, outside the repository; and so are their commands.

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { begin, ended, listening, type Ran, run } from './host/cli/program.ts';
import { installPacked, link, MODULES, node, project, ROOT, TSC } from './support/packed.ts';

const BUILD_MS = 300_000;

const textOf = (guide: string): string => readFileSync(join(ROOT, guide), 'utf8');

const writeAt = (folder: string, name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
};

/** A folder with the files of a guide: each a code block below a line with nothing but its name. */
const writtenOut = (guide: string): string => {
  const folder = project(guide.replace(/\W/g, '-'));
  for (const [, name = '', text = ''] of textOf(guide).matchAll(/^`([\w./-]+)`:\n\n```\w+\n([\s\S]*?)^```$/gm))
    writeAt(folder, name, text);
  return folder;
};

/** A command that a guide shows, run with the packed library. */
const packedMain = (folder: string): string => join(folder, 'node_modules/graftwork/src/host/cli/main.js');

class Server {
  readonly #folder: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<Ran>;
  #environment: Record<string, string> = {};

  constructor(folder: string, args: readonly string[]) {
    this.#folder = folder;
    this.#child = begin(['serve', '--port', '0', ...args], {}, folder, packedMain(folder));
    this.#ended = ended(this.#child);
    const data = args[args.indexOf('--data') + 1];
    if (args.includes('--data') && data !== undefined) this.#environment = { GRAFTWORK_DATA: data };
  }

  async listening(): Promise<this> {
    const { url } = await listening(this.#child);
    this.#environment.PORT = new URL(url).port;
    return this;
  }

  /** Runs a command beside the server; what it printed. Exit codes 1 and 2 are errors. */
  async graftwork(...args: readonly string[]): Promise<string> {
    const ran = await run(args, this.#environment, this.#folder, '', packedMain(this.#folder));
    if (ran.code === 1 || ran.code === 2) throw new Error(ran.stderr);
    return ran.stdout;
  }

  async end(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return (await this.#ended).code;
  }
}

const tscOf = async (folder: string): Promise<string> =>
  (await node([TSC, '-p', '.'], folder).catch((error: { stdout: string }) => error)).stdout;

describe('docs/application.md', () => {
  let folder = '';
  beforeAll(() => {
    folder = writtenOut('docs/application.md');
    installPacked(folder, ['graftwork']);
    link(folder, ['better-sqlite3', 'zod', '@types/express', '@types/node', '@jest/globals', 'supertest']);
  }, BUILD_MS);

  test('the compiler takes every file', async () => {
    expect(await tscOf(folder)).toBe('');
  });

  test('the shop answers as the guide says, and ends gracefully', async () => {
    const shop: ChildProcess = spawn(process.execPath, ['main.ts'], {
      cwd: folder,
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const end = once(shop, 'exit');
    try {
      const lines: string[] = [];
      const printed = createInterface({ input: shop.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
      const next = async (): Promise<string> => lines[lines.push(String((await printed.next()).value)) - 1] as string;
      const [, port] = /port (\d+)/.exec(await next()) ?? [];
      const order = async (body: object): Promise<[number, unknown]> => {
        const answer = await fetch(`http://127.0.0.1:${port}/orders`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
        return [answer.status, await answer.json()];
      };
      const tea = { product: 1, count: 12, country: 'DE', customer: 'ann' };
      expect(await order(tea)).toEqual([201, { paid: 108 }]);
      expect(await next()).toMatch(/^mail \S+: ann: thank you for 108$/);
      expect(await order({ ...tea, country: 'XX' })).toEqual([422, { error: 'embargo: nothing is sent to XX' }]);
      expect((await order({ ...tea, count: 'many' }))[0]).toBe(400);
      shop.kill('SIGTERM');
      expect(await end).toEqual([0, null]);
    } finally {
      shop.kill('SIGKILL');
    }
  });

  test('its own test passes under Jest', async () => {
    const jest = join(MODULES, 'jest', 'bin', 'jest.js');
    const { stderr } = await node(['--experimental-vm-modules', jest], folder);
    expect(stderr).toMatch(/Tests: +1 passed/);
  });
});

describe('docs/plugins.md', () => {
  let plugin = '';
  let host = '';
  let server: Server;
  beforeAll(async () => {
    const folder = writtenOut('docs/plugins.md');
    [plugin, host] = [join(folder, 'delivery-days'), join(folder, 'host')];
    installPacked(plugin, ['graftwork-sdk']);
    link(plugin, ['@types/node']);
    // As npm installs them: a plugin's dependencies lie in its own folder.
    for (const name of ['date-fns', 'nanoid'])
      cpSync(join(MODULES, name), join(plugin, 'node_modules', name), { recursive: true });
    installPacked(host, ['graftwork']);
    server = await new Server(host, ['--host-module', 'points.ts']).listening();
  }, BUILD_MS);
  afterAll(async () => {
    expect(await server.end()).toBe(0);
  });

  test('the compiler takes the plugin, and its own test passes without a host', async () => {
    expect(await tscOf(plugin)).toBe('');
    const { stdout } = await node(['--test', '--test-reporter=tap'], plugin);
    expect(stdout).toMatch(/^# pass 2$/m);
  });

  test('it is installed at a host, and answers', async () => {
    expect(await server.graftwork('install', '../delivery-days')).toMatch(/delivery-days/);
    const called = await server.graftwork('call', 'shop/delivery', '{"day":"2026-04-29","country":"DE"}');
    expect(called).toMatch(/^committed\n/);
    expect(called).toContain('2026-05-05');
    const refused = await server.graftwork('call', 'shop/delivery', '{"day":"soon","country":"DE"}');
    expect(refused).toMatch(/^refused: bad-day: soon is no day\n/);
    expect(await server.graftwork('plugins')).toContain('delivery-days');
  });
});

/** A guard that fails at one input, and a price that counts its calls in the host's state. */
const PLUGINS: Readonly<Record<string, string>> = {
  'embargo/package.json': JSON.stringify({
    name: 'embargo',
    version: '1.0.0',
    main: 'main.js',
    type: 'module',
    graftwork: { api: 1, grafts: [{ point: 'shop/accept', export: 'accept' }] },
  }),
  'embargo/main.js': "export const accept = (order) => { if (order === 'boom') throw new Error('no'); return order; };",
  'price/package.json': JSON.stringify({
    name: 'price',
    version: '1.0.0',
    main: 'main.js',
    type: 'module',
    graftwork: { api: 1, grafts: [{ point: 'shop/price', export: 'price' }], needs: ['sold'] },
  }),
  'price/main.js': `export const price = (_order, api) => {
    api.sold.set('tea', (api.sold.get('tea') ?? 0) + 1);
    return api.sold.get('tea');
  };`,
};

describe('docs/operating.md', () => {
  let folder = '';
  let server: Server;
  beforeAll(async () => {
    folder = writtenOut('docs/operating.md');
    for (const [name, text] of Object.entries(PLUGINS)) writeAt(folder, name, text);
    installPacked(folder, ['graftwork']);
    server = await new Server(folder, ['--data', './data', '--host-module', 'points.ts']).listening();
    for (const plugin of ['embargo', 'price']) await server.graftwork('install', plugin);
  }, BUILD_MS);
  afterAll(async () => {
    expect(await server.end()).toBe(0);
  });

  test('a back-up while the host runs, put into a fresh folder, is the host as it was', async () => {
    for (const count of [1, 2])
      expect(await server.graftwork('call', 'shop/price', '10')).toMatch(new RegExp(`^committed\n${count}\n`));
    await node(['backup.mjs', 'data', 'backup'], folder);
    await server.graftwork('call', 'shop/price', '10');
    mkdirSync(join(folder, 'restored'));
    for (const file of ['application.db', 'graftwork.db'])
      copyFileSync(join(folder, 'backup', file), join(folder, 'restored', file));
    const restored = await new Server(folder, ['--data', './restored', '--host-module', 'points.ts']).listening();
    expect(await restored.graftwork('plugins')).toMatch(/embargo[\s\S]*price/);
    expect(await restored.graftwork('call', 'shop/price', '10')).toMatch(/^committed\n3\n/);
    expect(await restored.end()).toBe(0);
  });

  test('what went wrong is found, and mended by `enable` or `dismiss`', async () => {
    const accept = (input: string): Promise<string> => server.graftwork('call', 'shop/accept', JSON.stringify(input));
    for (const mended of [
      ['enable', 'embargo'],
      ['dismiss', 'shop/accept'],
    ]) {
      expect(await accept('boom')).toMatch(/^denied: thrown\n/);
      expect(await accept('tea')).toMatch(/^denied: thrown\n/);
      expect(await server.graftwork('aborts')).toContain('embargo#accept');
      expect(await server.graftwork('points')).toMatch(/embargo#accept/);
      expect(await server.graftwork('plugins', '--removed')).toContain('embargo');
      await server.graftwork(...mended);
      expect(await accept('tea')).toMatch(/^(committed|default)\n"tea"\n/);
    }
  });

  test('names every command that it was tried with', () => {
    const commands = ['serve', 'points', 'plugins', 'plugins --removed', 'aborts', 'enable NAME', 'dismiss POINT'];
    const text = textOf('docs/operating.md');
    expect(commands.filter((command) => !text.includes(`graftwork ${command}`))).toEqual([]);
    expect(text).toContain('node backup.mjs data backup');
  });
});
