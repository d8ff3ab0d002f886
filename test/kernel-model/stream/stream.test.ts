// Streams: bytes through a graft and back, one user at a time, and what a graft that fails does to them.

import { describe, expect, it } from '@jest/globals';
import type { User } from '../../../src/kernel-model/machine/index.ts';
import { Bed, smallDisk } from '../kernel/bed.ts';

const bedWithFiles = (): Bed => {
  const bed = new Bed(smallDisk(100));
  bed.kernel.format();
  return bed;
};

/** A file of its own, open, with a stream. */
function* openStream(user: User, name: string) {
  yield* user.call('create', name, 0);
  const file = yield* user.call('open', name);
  return { file, stream: (yield* user.call('stream', file)) as number };
}

describe('a stream', () => {
  it('passes its bytes through its graft, both ways, and through the file what the graft made of them', async () => {
    const bed = bedWithFiles();
    const seen: unknown[] = [];
    const data = Uint8Array.from({ length: 20_000 }, (_, i) => i & 255);
    bed.spawn('ann', function* (user) {
      const { file, stream } = yield* openStream(user, 'f');
      yield* user.call('sleep', 1_000_000);
      seen.push(yield* user.call('put', stream, data));
      seen.push(
        Buffer.compare(
          (yield* user.call('read', file, 0, 20_000)) as Uint8Array,
          data.map((byte) => byte ^ 0x55),
        ),
      );
      const again = yield* user.call('stream', file);
      seen.push(
        Buffer.compare(
          (yield* user.call('get', again, 30_000)) as Uint8Array,
          data.map((byte) => byte ^ 0x55),
        ),
      );
    });
    bed.kernel.run(500_000);
    const point = bed.kernel.points.list('/kernel/stream/')[0]?.slice(1) as string;
    await bed.graft(point, 'ann', (length, { columns }) => {
      const bytes = columns.data as unknown as Uint8Array;
      for (let i = 0; i < length; i++) bytes[i] = (bytes[i] as number) ^ 0x55;
      return length;
    });
    expect([bed.kernel.run(), seen]).toEqual([true, [20_000, 0, 0]]);
    expect(bed.ends).toEqual(['committed', 'committed', 'committed']);
  });

  it('is copied where its graft answers another length', async () => {
    const bed = bedWithFiles();
    const seen: unknown[] = [];
    bed.spawn('ann', function* (user) {
      const { file, stream } = yield* openStream(user, 'f');
      yield* user.call('sleep', 1_000_000);
      yield* user.call('put', stream, Uint8Array.of(1, 2, 3));
      seen.push(...((yield* user.call('read', file, 0, 9)) as Uint8Array));
    });
    bed.kernel.run(500_000);
    await bed.graft(bed.kernel.points.list('/kernel/stream/')[0]?.slice(1) as string, 'ann', (length, { columns }) => {
      columns.data?.fill(9);
      return length + 1;
    });
    bed.kernel.run();
    expect([seen, bed.ends]).toEqual([[1, 2, 3], ['invalid-answer']]);
  });

  it('is for one at a time: what two write lies one behind the other', async () => {
    const bed = bedWithFiles();
    let stream = -1;
    let bytes = new Uint8Array();
    bed.spawn('ann', function* (user) {
      const opened = yield* openStream(user, 'f');
      stream = opened.stream;
      yield* user.call('sleep', 1_000_000);
      yield* user.call('put', stream, new Uint8Array(9000).fill(1));
      yield* user.call('sleep', 10_000_000);
      bytes = (yield* user.call('read', opened.file, 0, 20_000)) as Uint8Array<ArrayBuffer>;
    });
    bed.spawn('ann', function* (user) {
      yield* user.call('sleep', 1_000_000);
      yield* user.call('put', stream, new Uint8Array(9000).fill(2));
    });
    bed.kernel.run(500_000);
    await bed.graft(bed.kernel.points.list('/kernel/stream/')[0]?.slice(1) as string, 'ann', (length) => {
      bed.preempt();
      return length;
    });
    expect(bed.kernel.run()).toBe(true);
    const runs = [...bytes].reduce((count, byte, at) => count + (at > 0 && byte !== bytes[at - 1] ? 1 : 0), 1);
    expect([bytes.length, runs]).toEqual([18_000, 2]);
  });

  it('is one of so many to a file', () => {
    const bed = bedWithFiles();
    const answers: unknown[] = [];
    bed.spawn('ann', function* (user) {
      const { file } = yield* openStream(user, 'f');
      for (let i = 0; i < 70; i++) answers.push(yield* user.call('stream', file));
    });
    bed.kernel.run();
    expect(answers.filter((answer) => typeof answer === 'number')).toHaveLength(63);
    expect(answers.at(-1)).toEqual({ error: 'no-space' });
    expect(bed.kernel.points.list('/kernel/stream/')).toEqual([]);
  });
});
