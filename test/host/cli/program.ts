// The executable `graftwork` as a child process, and a module of points for it to serve.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/host/cli/main.ts', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Record<string, string>;

const STAND_INS = ['PORT', 'GRAFTWORK_DATA', 'GRAFTWORK_TOKEN', 'NODE_OPTIONS'];

/** An environment without what would stand in for options. */
const environment = (more: Environment): Environment => {
  const own = Object.entries(process.env as Environment).filter(([name]) => !STAND_INS.includes(name));
  return { ...Object.fromEntries(own), ...more };
};

/** Starts it; `main`: another copy of its file. */
export const begin = (
  args: readonly string[],
  env: Environment,
  cwd: string,
  main: string = MAIN,
): ChildProcessWithoutNullStreams => spawn(process.execPath, [main, ...args], { env: environment(env), cwd });

export const ended = (child: ChildProcessWithoutNullStreams): Promise<Ran> => {
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return Promise.all([code, text(child.stdout), text(child.stderr)]).then(([exit, stdout, stderr]) => ({
    code: exit,
    stdout,
    stderr,
  }));
};

/** Runs a command to its end. */
export const run = (
  args: readonly string[],
  env: Environment,
  cwd: string,
  input = '',
  main: string = MAIN,
): Promise<Ran> => {
  const child = begin(args, env, cwd, main);
  // The program may end without having read all of it.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return ended(child);
};

/** Resolves with the URL of a `graftwork serve` when it says where it listens. */
export const listening = (child: ChildProcessWithoutNullStreams): Promise<{ url: string; printed: string }> =>
  new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (piece: Buffer) => {
      printed += piece.toString();
      const url = /listens on (\S+)\n/.exec(printed)?.[1];
      if (url !== undefined) resolve({ url, printed });
    });
    child.once('close', () => reject(new Error(`ended without listening: ${printed}`)));
  });

/** Points of every policy: their chains answer their input unless a graft stands there. */
export const SHOP = `export default async (host) => {
  const stock = host.map('stock');
  const callable = { stock: stock.writable() };
  host.graftPoint({ name: 'shop/price', kind: 'function', default: (request) => request.list, callable });
  for (const onFault of ['default', 'deny', 'fail']) {
    host.graftPoint({ name: 'guard/' + onFault, kind: 'chain', onFault, callable });
  }
  host.graftPoint({ name: 'shop/ended', kind: 'chain', default: (_input, txn) => void txn.core.doom('cancelled', '') });
};
`;

/** A plugin folder's files: grafts that commit, refuse and fail. */
export const PLUGIN: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: '@shop/sampler',
    version: '1.2.3',
    main: 'src/index.ts',
    graftwork: {
      api: 1,
      needs: ['stock'],
      grafts: [
        { point: 'shop/price', export: 'price' },
        { point: 'guard/default', export: 'spoil' },
        { point: 'guard/deny', export: 'spoil' },
        { point: 'guard/fail', export: 'spoil' },
      ],
    },
  }),
  'src/index.ts': `import { refuse } from 'graftwork/sdk';
export const price = ({ list }: any): number => (list < 0 ? refuse('NEGATIVE', 'no such price') : list / 2);
export const spoil = (_input: unknown, api: any): never => {
  api.stock.set('x', 1);
  throw new Error('not today');
};
`,
};
