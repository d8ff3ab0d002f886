// Many rows of every sample type in a database: ORDER BY and ranges against a reference sort, made another way than the
// type's own.

import { createHost, dataTypes } from '../../src/host/index.ts';
import { itemOf, SAMPLES, type Sample, samplePlugin } from '../host/types/samples.ts';
import { DATABASES } from '../support/databases.ts';
import { Random } from '../support/random.ts';

export interface TypedRows {
  readonly database: string;
  readonly type: string;
  readonly rows: number;
  readonly ranges: number;
  /** What was in another order, or in another range. */
  readonly wrong: readonly string[];
  readonly insert_ms: number;
  readonly sort_ms: number;
}

const PAGE = 1000;
const RANGES = 20;

const timed = async <T>(act: () => Promise<T>): Promise<[T, number]> => {
  const begun = performance.now();
  const value = await act();
  return [value, Math.round(performance.now() - begun)];
};

const runType = async (
  url: string,
  sample: Sample,
  rows: number,
  seed: number,
): Promise<Omit<TypedRows, 'database'>> => {
  const { name, text, compare } = sample;
  const random = new Random(seed);
  const host = await createHost({ store: url, entities: [itemOf(url)] });
  try {
    const types = await dataTypes(host, { [name]: { item: { value: 'value_key' } } });
    await host.install(samplePlugin(name));
    const table = types.table('item');
    const values = Array.from({ length: rows }, () => text(random));
    const [, insert_ms] = await timed(async () => {
      for (let at = 0; at < rows; at += PAGE) {
        const page = values.slice(at, at + PAGE).map((value) => ({ value }));
        await host.transaction((txn) => table.in(txn).insertAll(page));
      }
    });
    const wrong: string[] = [];
    const [found, sort_ms] = await timed(() => table.find({ columns: ['value'], orderBy: [{ column: 'value' }] }));
    const sorted = values.toSorted(compare);
    if (found.length !== rows) wrong.push(`${found.length} rows`);
    const at = found.findIndex(({ value }, i) => compare(String(value), sorted[i] as string) !== 0);
    if (at >= 0) wrong.push(`row ${at}: ${String(found[at]?.value)}, not ${sorted[at]}`);
    for (let i = 0; i < RANGES; i++) {
      const low = text(random);
      const above = await table.find({ columns: ['value'], where: { value: { op: '>=', value: low } } });
      const expected = values.filter((value) => compare(value, low) >= 0).length;
      if (above.length !== expected || above.some(({ value }) => compare(String(value), low) < 0))
        wrong.push(`from ${low}: ${above.length}, not ${expected}`);
    }
    return { type: name, rows, ranges: RANGES, wrong, insert_ms, sort_ms };
  } finally {
    await host.close();
  }
};

/** Each type in each database that there is here. */
export const runTypes = async (
  rows: number,
  seed: number,
  progress: (text: string) => void,
): Promise<readonly TypedRows[]> => {
  const results: TypedRows[] = [];
  for (const { name, isThere, make } of DATABASES) {
    progress(name);
    for (const sample of isThere ? SAMPLES : []) {
      const { url, remove } = await make();
      try {
        results.push({ database: name, ...(await runType(url, sample, rows, seed)) });
        progress(JSON.stringify(results.at(-1)));
      } finally {
        await remove();
      }
    }
  }
  return results;
};
