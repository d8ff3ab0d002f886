// The floors of a graft: the same function with the same input, without a transaction, an account or a check. In the
// host's own realm a plain call; in an isolate isolated-vm's own `applySync`; for a process a message to a forked one
// and back. Each kind of compartment is measured beside the one that crosses as it does.

import { runInThisContext } from 'node:vm';
import type { Kind } from '../isolation/kinds.ts';
import type { Script } from '../isolation/source.ts';
import type { CallContender } from '../measure.ts';
import type { Functions } from './callables.ts';

type Graft = (input: unknown, api: object) => unknown;

const nothing = async (): Promise<void> => {};

/** An `api` from functions under dotted names. Self-contained: its text is used in other realms. */
const apiOf = (names: readonly string[], call: (name: string) => (...args: readonly unknown[]) => unknown): object => {
  const api: Record<string, unknown> = {};
  for (const name of names) {
    const parts = name.split('.');
    let group = api;
    for (const part of parts.slice(0, -1)) {
      group[part] ??= {};
      group = group[part] as Record<string, unknown>;
    }
    group[parts.at(-1) as string] = call(name);
  }
  return api;
};

const plain = ({ code, export: exported }: Script, input: unknown, functions: Functions): CallContender => {
  const graft = (runInThisContext(code) as Record<string, Graft>)[exported] as Graft;
  const api = apiOf(Object.keys(functions), (name) => functions[name] as never);
  return {
    name: 'plain call of the function (floor)',
    call() {
      const answer = graft(input, api);
      return answer instanceof Promise ? answer.then(() => 1) : 1;
    },
    close: nothing,
  };
};

const TIMEOUT_MS = 1000;
const MEMORY_MB = 128;

/** A call-back crosses as text, as a graft's does. */
const isolate = async (script: Script, input: unknown, functions: Functions): Promise<CallContender> => {
  const { default: ivm } = await import('isolated-vm');
  const context = new ivm.Isolate({ memoryLimit: MEMORY_MB }).createContextSync();
  const call = (name: string, args: string): string =>
    JSON.stringify(functions[name]?.(...(JSON.parse(args) as unknown[])) ?? null);
  const graft = context.evalClosureSync(
    `const call = $0;
     const api = (${apiOf})(${JSON.stringify(Object.keys(functions))},
       (name) => (...args) => JSON.parse(call(name, JSON.stringify(args))));
     const exports = ${script.code.replace(/;\s*$/, '')};
     return (input) => exports[${JSON.stringify(script.export)}](input, api);`,
    [new ivm.Callback(call)],
    { result: { reference: true } },
  ) as { applySync(receiver: undefined, args: unknown[], options: object): unknown };
  const options = { timeout: TIMEOUT_MS, arguments: { copy: true }, result: { copy: true } };
  return {
    name: 'isolated-vm applySync (floor)',
    call() {
      graft.applySync(undefined, [input], options);
      return 1;
    },
    close: nothing,
  };
};

/** A call-back is answered with null inside: a plain process has nobody to ask. */
const message = async (script: Script, input: unknown, functions: Functions): Promise<CallContender> => {
  const { rawMessage } = await import('../raw-calls.ts');
  const source = `(() => {
    const exports = ${script.code.replace(/;\s*$/, '')};
    const api = (${apiOf})(${JSON.stringify(Object.keys(functions))}, () => () => null);
    return (input) => exports[${JSON.stringify(script.export)}](input, api) ?? null;
  })()`;
  return rawMessage({ input: () => input, source, value: () => 1 });
};

/** The floor of a kind. Rejects where the function does not run without a host. */
export const floorOf = async (
  kind: Kind,
  script: Script,
  input: unknown,
  functions: Functions,
): Promise<CallContender> => {
  const make = kind.floor === 'isolated-vm' ? isolate : kind.floor === 'child_process' ? message : plain;
  const floor = await make(script, input, functions);
  try {
    await floor.call();
    return floor;
  } catch (error) {
    await floor.close();
    throw error;
  }
};
