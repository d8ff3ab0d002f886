// System calls of this process, made by number through koffi's addon, which is loaded for that alone. No file of
// koffi's is read but the addon itself, so this works under Node's permission model. Whoever holds a System can do to
// the process whatever the process may do: it is let go of once the walls stand.

/** What is used of koffi. An int64 that is too large for a number comes as a bigint. */
interface Koffi {
  load(path: null): {
    func(name: string, result: string, parameters: readonly string[]): (...values: unknown[]) => number | bigint;
  };
  address(bytes: Uint8Array): bigint;
  errno(): number;
}

type Argument = number | bigint;

/** System calls, and the addresses that they take. */
export interface Calls {
  /** Makes system call `number`. Gives its result, or its error number negated. */
  readonly call: (number: number, ...args: readonly Argument[]) => number;
  /** Where `bytes` lie. They have to be held on to as long as the address is used. */
  readonly address: (bytes: Uint8Array) => bigint;
}

export interface System extends Calls {
  /** Ends the process at once, without any clean-up of the runtime's, some of which the walls refuse. */
  readonly exit: (status: number) => never;
}

const WORDS = 6;

/** Loads koffi's addon, which lies at `addon`. Throws what `process.dlopen` throws. */
export function openSystem(addon: string): System {
  const module = { exports: {} as Koffi };
  process.dlopen(module, addon);
  const koffi = module.exports;
  const library = koffi.load(null);
  const make = library.func('syscall', 'int64', ['int64', ...new Array<string>(WORDS).fill('int64')]);
  const exit = library.func('_exit', 'void', ['int']);
  return {
    call(number, ...args) {
      const result = Number(make(number, ...args, ...new Array<number>(WORDS - args.length).fill(0)));
      return result === -1 ? -koffi.errno() : result;
    },
    address: (bytes) => koffi.address(bytes),
    exit: (status) => exit(status) as never,
  };
}
