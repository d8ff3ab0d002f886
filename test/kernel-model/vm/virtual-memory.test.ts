// Virtual memory in a whole kernel: bytes through swap, what happens where there is no room, and races with grafts that
// wait.

import { describe, expect, it } from '@jest/globals';
import { makeLru } from '../../../src/kernel-model/grafts/eviction/index.ts';
import { WIRED_PAGES } from '../../../src/kernel-model/kernel/index.ts';
import type { User } from '../../../src/kernel-model/machine/index.ts';
import { Random } from '../../support/random.ts';
import { Bed, smallDisk } from '../kernel/bed.ts';

const PAGE = 4096;

describe('swap', () => {
  it('gives every byte back, however few frames there are, with and without the daemon', () => {
    for (const frames of [1, 2, 5]) {
      for (const free_target of [0, 1, 3, 9]) {
        const bed = new Bed({ frames, free_target, ...smallDisk() });
        const wrong: number[] = [];
        const body = (seed: number) =>
          function* (user: User) {
            const random = new Random(seed);
            const bytes = new Map<number, number>();
            for (let i = 0; i < 120; i++) {
              const address = random.below(8 * PAGE);
              if (random.chance(0.5)) {
                yield* user.store(address, i);
                bytes.set(address, i);
              } else for (const [at, byte] of [...bytes].slice(-3)) if ((yield* user.load(at)) !== byte) wrong.push(at);
            }
          };
        for (let seed = 0; seed < 3; seed++) bed.spawn('ann', body(seed), { priority: 16 + seed });
        expect([frames, free_target, bed.kernel.run(), wrong]).toEqual([frames, free_target, true, []]);
        expect(bed.kernel.memory.counts.page_outs).toBeGreaterThan(0);
        expect(bed.kernel.memory.frames.free + bed.kernel.memory.in_transit).toBe(frames);
      }
    }
  });

  it('ends a thread where nothing can go, and the others go on', () => {
    for (const free_target of [0, 2]) {
      const bed = new Bed({ frames: 3, free_target, ...smallDisk(), swap_blocks: 2 });
      const ended: string[] = [];
      bed.spawn('ann', function* (user) {
        for (let page = 0; page < 8; page++) yield* user.store(page * PAGE, 1);
        ended.push('greedy');
      });
      bed.spawn('bob', function* (user) {
        yield* user.call('sleep', 1_000_000);
        yield* user.store(0, 7);
        ended.push(`modest ${yield* user.load(0)}`);
      });
      expect([free_target, bed.kernel.run(), ended]).toEqual([free_target, true, ['modest 7']]);
    }
  });

  it('gives its blocks back when threads end', () => {
    const bed = new Bed({ frames: 2, ...smallDisk(), swap_blocks: 20 });
    for (let i = 0; i < 30; i++) {
      bed.spawn('ann', function* (user) {
        for (let page = 0; page < 8; page++) yield* user.store(page * PAGE, 1);
      });
      expect(bed.kernel.run()).toBe(true);
    }
    expect(bed.kernel.blocks?.full).toBe(false);
  });
});

describe('faults', () => {
  it('are counted once each, and again when the page had gone', () => {
    const bed = new Bed({ frames: 1, ...smallDisk() });
    const a = bed.spawn('ann', function* (user) {
      for (let i = 0; i < 5; i++) {
        yield* user.touch(0, true);
        yield* user.call('sleep', 100_000);
      }
    });
    const b = bed.spawn('bob', function* (user) {
      yield* user.call('sleep', 50_000);
      for (let i = 0; i < 5; i++) {
        yield* user.touch(0, true);
        yield* user.call('sleep', 100_000);
      }
    });
    bed.kernel.run();
    expect([a.faults, b.faults]).toEqual([5, 5]);
  });

  it('of a thread without an address space do not reach another', () => {
    const bed = new Bed();
    let read = -1;
    bed.spawn('ann', function* (user) {
      yield* user.store(5, 77);
      yield* user.call('sleep', 10);
    });
    bed.spawn(
      'eve',
      function* (user) {
        read = yield* user.load(5);
      },
      { pages: 0 },
    );
    bed.kernel.run();
    expect(read).toBe(-1);
  });
});

describe('a victim', () => {
  it('that went while its graft was preempted is not taken twice', async () => {
    const bed = new Bed({ frames: 2, ...smallDisk(10) });
    const a = bed.spawn('ann', function* (user) {
      for (let i = 0; i < 12; i++) yield* user.store((i % 4) * PAGE, i);
    });
    bed.spawn('bob', function* (user) {
      for (let i = 0; i < 40; i++) yield* user.store((i % 4) * PAGE, i);
    });
    await bed.graft(`kernel/address-space/${a.space?.id}/evict`, 'ann', (victim) => {
      bed.preempt();
      if (victim % 2 === 0) throw new Error('no answer: the default holds, as far as it can');
      return victim;
    });
    expect(bed.kernel.run()).toBe(true);
    const { frames, in_transit } = bed.kernel.memory;
    expect([frames.free + in_transit, frames.owner]).toEqual([2, [null, null]]);
  });

  it('is never a page whose wiring may yet be undone', async () => {
    const bed = new Bed({ frames: 2, ...smallDisk(10) });
    const ends: string[] = [];
    const a = bed.spawn('ann', function* (user) {
      for (let page = 0; page < 6; page++) yield* user.touch(page, true);
      yield* user.call('sleep', 10_000_000);
      ends.push('a');
    });
    const space = a.space?.id as number;
    let calls = 0;
    await bed.graft(`kernel/address-space/${space}/evict`, 'ann', (victim, api) => {
      const other = (api.columns.pages as Int32Array).findIndex((page) => page > 0);
      if (other < 0) return victim;
      calls++;
      if (calls === 1) api.memory.wire(space, 0);
      if (calls === 2) {
        api.memory.unwire(space, 0);
        for (let i = 0; i < 10; i++) bed.preempt();
        throw new Error('so it stays wired');
      }
      return other;
    });
    bed.kernel.grant('plugin', WIRED_PAGES, 1);
    bed.spawn('bob', function* (user) {
      yield* user.call('sleep', 2000);
      for (let i = 0; i < 12; i++) yield* user.touch(i % 4, true);
      ends.push('b');
    });
    const resident: boolean[] = [];
    bed.kernel.trace.listener = (event) => {
      if (event === 'graft')
        resident.push(a.space?.isResident(0) === true, bed.kernel.account('plugin').held[WIRED_PAGES] === 1);
    };
    expect(bed.kernel.run()).toBe(true);
    expect(bed.ends.filter((end) => end !== 'committed')).toEqual(['thrown']);
    expect([resident, ends.sort()]).toEqual([
      [true, true],
      ['a', 'b'],
    ]);
    expect([bed.kernel.account('plugin').held, bed.kernel.calls.faults]).toEqual([[0, 0, 0], []]);
  });
});

describe('a policy that is gone', () => {
  it('is no longer told of references, and the kernel goes on with its own', async () => {
    for (const point of ['kernel/memory/victim', 'kernel/address-space/1/evict']) {
      for (const policy of [null, makeLru()]) {
        const bed = new Bed({ frames: 4, policy });
        const a = bed.spawn('ann', function* (user) {
          for (let i = 0; i < 20_000; i++) yield* user.touch(i % 8);
        });
        let calls = 0;
        await bed.graft(point, 'ann', (victim) => (++calls === 30 ? 1e9 : victim), true);
        bed.kernel.run(20_000);
        expect(bed.ends).toContain('invalid-answer');
        expect([bed.kernel.run(), a.space?.watch]).toEqual([true, null]);
        expect(bed.kernel.memory.watch === null).toBe(policy === null);
        expect(calls).toBe(30);
      }
    }
  });

  it('also when it was uninstalled between two evictions', async () => {
    const bed = new Bed({ frames: 8 });
    const a = bed.spawn('ann', function* (user) {
      for (let i = 0; i < 100; i++) yield* user.touch(i % 8);
      yield* user.call('sleep', 1_000_000);
      for (let i = 0; i < 30_000; i++) yield* user.touch(i % 8);
    });
    await bed.graft(`kernel/address-space/${a.space?.id}/evict`, 'ann', (victim) => victim);
    bed.kernel.run(500_000);
    // Eight came in, and the other touches were references.
    expect(a.space?.watch?.count).toBe(100);
    bed.kernel.plugins.remove('plugin');
    expect([bed.kernel.run(), a.space?.watch]).toEqual([true, null]);
  });
});
