// The comparison with real drives: its arithmetic, its reader of traces, and, where the drives' files are there, the
// two demerits.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DiskFiles, demerit, modelledTimes_us, runDisk } from '../../experiments/disk.ts';
import { parseDiskTrace, textOf } from '../../experiments/disk-trace.ts';
import { SMALL } from '../kernel-model/machine/disk/drives.ts';
import { Random } from '../support/random.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/data/disk/', import.meta.url));

const filesOf = (name: string): DiskFiles => ({
  model: `${FOLDER}${name}_validate.model`,
  specs: `${FOLDER}${name}.diskspecs`,
  parv: `${FOLDER}${name}.parv`,
  trace: `${FOLDER}${name}.trace`,
});

describe('the demerit', () => {
  const random = new Random(1);
  const values = Float64Array.from({ length: 500 }, () => random.next());

  it('compares distributions: order does not count, a shift counts whole', () => {
    expect(demerit(values, values.toReversed())).toBe(0);
    expect(
      demerit(
        values,
        values.map((value) => value + 0.25),
      ),
    ).toBeCloseTo(0.25, 12);
    expect(demerit(Float64Array.of(3, 1), Float64Array.of(1, 7))).toBe(Math.sqrt(8));
  });

  it('is symmetric, and refuses lists of different lengths', () => {
    const other = values.map(() => random.next());
    expect(demerit(values, other)).toBe(demerit(other, values));
    expect(() => demerit(values, values.slice(1))).toThrow(RangeError);
  });
});

describe('the trace', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'disk-trace-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is read, compressed or not', () => {
    const text = 'R Miss  564347     2     14095.370     13876.270\n\nW Doub 1 15 17221 0.5\r\n';
    const path = join(folder, 'a.trace');
    for (const content of [text, gzipSync(text)]) {
      writeFileSync(path, content);
      expect(parseDiskTrace(textOf(path), path)).toEqual([
        { write: false, lbn: 564347, sectors: 2, service_us: 14095.37, think_us: 13876.27 },
        { write: true, lbn: 1, sectors: 15, service_us: 17221, think_us: 0.5 },
      ]);
    }
  });

  it.each([
    ['R Hit 1 2 3 4\nX Hit 1 2 3 4', 'a:2: no request: "X Hit 1 2 3 4"'],
    ['R Hit 1 2 3', 'a:1: no request'],
    ['R Hit -1 2 3 4', 'a:1: no request'],
    ['R Hit 1.5 2 3 4', 'a:1: no request'],
    ['\n\n', 'a: no requests'],
  ])('refuses %j', (text, message) => {
    expect(() => parseDiskTrace(text, 'a')).toThrow(message);
  });
});

describe('the closed loop', () => {
  const random = new Random(7);
  const requests = Array.from({ length: 300 }, () => ({
    write: random.chance(0.4),
    lbn: random.below(1_500),
    sectors: 1 + random.below(20),
    service_us: 1_000 * random.next(),
    think_us: 30_000 * random.next(),
  }));

  it('does not look at what was measured', () => {
    const others = requests.map((request) => ({ ...request, service_us: 1e6 }));
    expect(modelledTimes_us(SMALL, others)).toEqual(modelledTimes_us(SMALL, requests));
  });

  it('thinks after the modelled completion', () => {
    const hurried = requests.map((request) => ({ ...request, think_us: 0 }));
    expect(modelledTimes_us(SMALL, hurried)).not.toEqual(modelledTimes_us(SMALL, requests));
  });
});

describe.each([
  ['hp_c2247a', 9_999, 0.5],
  ['hp_c2490a', 9_984, 0.8],
])('%s', (name, requests, demerit_max_ms) => {
  const here = Object.values(filesOf(name)).every((path) => existsSync(path));
  (here ? it : it.skip)(
    `the model is within ${demerit_max_ms} ms of the real drive (needs ../shared/data/disk)`,
    () => {
      const result = runDisk(filesOf(name));
      expect(result.requests).toBe(requests);
      expect(result.demerit_ms).toBeLessThanOrEqual(demerit_max_ms);
      expect(result.mean_ms.modelled).toBeCloseTo(result.mean_ms.measured, 1);
      expect(runDisk(filesOf(name)).hash).toBe(result.hash);
    },
  );
});
