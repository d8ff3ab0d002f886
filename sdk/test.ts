// Aids for an author's own tests, which need no host: a graft is an ordinary function, so a test calls it with an input
// and an `api` that answers what the test says.
//
//   const { api, calls } = recorded<Api>({ stock: { get: (key) => (key === 'tea' ? 3 : null) } });
//   assert.equal(price({ sku: 'tea', list: 10 }, api), 10);
//   assert.deepEqual(calls, [{ name: 'stock.get', arguments: ['tea'] }]);
//   assert.equal(refusalOf(() => price({ sku: 'tea', list: -1 }, api))?.code, 'bad-list-price');

import type { Refused } from './index.ts';

/** One call of something under `api`. */
export interface RecordedCall {
  /** The dotted name, as `needs` has it. */
  readonly name: string;
  readonly arguments: readonly unknown[];
}

export interface Recorded<Api> {
  readonly api: Api;
  /** All calls so far, in order. */
  readonly calls: RecordedCall[];
}

type Answers = (...values: readonly unknown[]) => unknown;

/**
 * An `api` of the functions in `answers`, groups of them included, that notes each call with a copy of its arguments.
 * As in a host, what answers `undefined` gives null, and what is not there cannot be called.
 */
export const recorded = <Api extends object>(answers: Api): Recorded<Api> => {
  const calls: RecordedCall[] = [];
  const noting = (name: string, answer: Answers): Answers => {
    return (...values) => {
      calls.push({ name, arguments: structuredClone(values) });
      return answer(...values) ?? null;
    };
  };
  const group = (of: object, prefix: string): object =>
    Object.freeze(
      Object.fromEntries(
        Object.entries(of).map(([name, value]: [string, unknown]) => [
          name,
          typeof value === 'function'
            ? noting(prefix + name, value as Answers)
            : group(value as object, `${prefix}${name}.`),
        ]),
      ),
    );
  return { api: group(answers, '') as Api, calls };
};

/** By its form, since a plugin may have `refuse` of `graftwork/sdk` and a test this of `graftwork-sdk`. */
const isRefused = (error: unknown): error is Refused =>
  error instanceof Error && error.name === 'Refused' && 'code' in error;

/** What `run` refuses with; null: it refuses nothing. Other errors are thrown on. */
export const refusalOf = (run: () => unknown): Refused | null => {
  try {
    run();
    return null;
  } catch (error) {
    if (isRefused(error)) return error;
    throw error;
  }
};
