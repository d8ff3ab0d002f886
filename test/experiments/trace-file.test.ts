// The readers of traces: the three formats, compressed or not, and files that are none.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readTrace, type TraceFormat } from '../../experiments/trace-file.ts';
import { Random } from '../support/random.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trace-file-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the reader makes of this content. */
const read = (content: string | Buffer, format: TraceFormat): { references: number[]; distinct: number } => {
  const path = join(folder, 'a.trace');
  writeFileSync(path, content);
  const { references, distinct } = readTrace(path, format);
  return { references: Array.from(references), distinct };
};

describe('the formats', () => {
  it('lirs: a block number a line, breaks are skipped', () => {
    expect(read('7\n5\n*\n7\r\n900000000000\n', 'lirs')).toEqual({ references: [0, 1, 0, 2], distinct: 3 });
  });

  it('address: a line is one reference, of a page of 4,096 bytes', () => {
    expect(read('s 0x1fffff50 1\nl 0x1fffffff 6\nl 0x20000000 0\ns 0xffffffffe 2', 'address')).toEqual({
      references: [0, 0, 1, 2],
      distinct: 3,
    });
  });

  it('arc: a line is as many references as it has blocks', () => {
    expect(read('10 3 0 0\n11 1 0 1\n12 0 0 2\n12 2 0 3\n', 'arc')).toEqual({
      references: [0, 1, 2, 1, 2, 3],
      distinct: 4,
    });
  });

  it('compressed or not is told by content, blank lines do not count', () => {
    expect(read(gzipSync('3\n4\n\n3\n\n'), 'lirs')).toEqual({ references: [0, 1, 0], distinct: 2 });
  });

  it.each([1, 2, 3])('pages are numbered in the order of their first references (seed %i)', (seed) => {
    const random = new Random(seed);
    const blocks = Array.from({ length: 100_000 }, () => random.below(5_000) * 1_000_003);
    const order = [...new Set(blocks)];
    const { references, distinct } = read(blocks.join('\n'), 'lirs');
    expect(distinct).toBe(order.length);
    expect(references.map((page) => order[page])).toEqual(blocks);
  });
});

describe('what is no trace', () => {
  it.each<[TraceFormat, string, RegExp]>([
    ['lirs', '1\n2\nx\n', /a\.trace, line 3: not of the format lirs: "x"/],
    ['lirs', '1\n-2\n', /line 2/],
    ['lirs', '1 2\n', /line 1/],
    ['lirs', '1\n9007199254740993\n', /line 2: a number above/],
    ['lirs', `1\n2${' '.repeat(300)}3\n`, /line 2: not of the format/],
    ['address', 'l 0x10 1\nm 0x10 1\n', /line 2: not of the format address/],
    ['address', 'l 10 1\n', /line 1/],
    ['address', 'l 0xffffffffffffffff 1\n', /line 1: an address above/],
    ['arc', '1 1 0\n', /line 1: not of the format arc/],
    ['arc', '0 99999999999 0 0\n', /line 1: more than 8388608 different pages/],
    ['lirs', '', /no references/],
    ['lirs', '*\n\n', /no references/],
  ])('%s: %j', (format, content, message) => {
    expect(() => read(content, format)).toThrow(message);
  });

  it('a compressed file that is cut, and a file that is not there', () => {
    expect(() => read(gzipSync('1\n2\n3\n').subarray(0, 18), 'lirs')).toThrow(/a\.trace, /);
    expect(() => readTrace(join(folder, 'none'), 'lirs')).toThrow(/none/);
  });

  it('a compressed file that grows beyond the bound', () => {
    expect(() => read(gzipSync(Buffer.alloc(257 * 2 ** 20), { level: 1 }), 'lirs')).toThrow(/a\.trace, /);
  });
});
