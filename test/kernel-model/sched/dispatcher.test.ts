// Who runs when: priorities, slices, slices that are handed on, and threads that lie buried below others.

import { describe, expect, it } from '@jest/globals';
import { SLICE_US } from '../../../src/kernel-model/limits.ts';
import type { User } from '../../../src/kernel-model/machine/index.ts';
import { Bed } from '../kernel/bed.ts';

const SLICE_CYCLES = SLICE_US * 120;

describe('slices', () => {
  it('go round among equals, and the most urgent comes first', () => {
    const bed = new Bed();
    const order: string[] = [];
    const program = (name: string) =>
      function* (user: User) {
        for (let i = 0; i < 3; i++) {
          order.push(name);
          yield* user.compute(SLICE_CYCLES);
        }
      };
    bed.spawn('ann', program('a'));
    bed.spawn('ann', program('b'));
    bed.spawn('ann', program('late'), { priority: 20 });
    bed.spawn('ann', program('urgent'), { priority: 3 });
    expect(bed.kernel.run()).toBe(true);
    expect(order.join(' ')).toBe('urgent urgent urgent a b a b a b late late late');
  });

  it('end when someone more urgent wakes', () => {
    const bed = new Bed();
    let woke_us = 0;
    bed.spawn('ann', function* (user) {
      yield* user.compute(10 * SLICE_CYCLES);
    });
    bed.spawn(
      'ann',
      function* (user) {
        yield* user.call('sleep', 5000);
        woke_us = user.now_us;
      },
      { priority: 1 },
    );
    bed.kernel.run();
    expect(woke_us).toBeGreaterThanOrEqual(5000);
    expect(woke_us).toBeLessThan(5100);
  });

  it('count for the thread that ran, and not for those below it', async () => {
    const bed = new Bed();
    const a = bed.spawn('ann', function* () {}, { priority: 3 });
    await bed.graft(`kernel/thread/${a.id}/schedule-delegate`, 'ann', (id) => id);
    const b = bed.spawn('ann', (user) => user.compute(5 * SLICE_CYCLES));
    const c = bed.spawn('ann', (user) => user.compute(2 * SLICE_CYCLES));
    bed.kernel.run();
    expect(Math.round(b.ran_us / SLICE_US)).toBe(5);
    expect(Math.round(c.ran_us / SLICE_US)).toBe(2);
  });
});

describe('a slice that is handed on', () => {
  it('runs at the urgency of who gave it, along a chain of requests', async () => {
    const bed = new Bed();
    const order: string[] = [];
    const client = bed.spawn(
      'ann',
      function* (user) {
        for (let i = 0; i < 3; i++) {
          const id = yield* user.call('post', 'port', i);
          while ((yield* user.call('poll', id)) === null) yield* user.compute(100);
          order.push(`answer ${i}`);
        }
      },
      { priority: 5 },
    );
    const server = bed.spawn('ann', function* (user) {
      for (let i = 0; i < 3; i++) {
        const letter = (yield* user.call('receive', 'port')) as { id: number };
        yield* user.compute(1000);
        yield* user.call('reply', letter.id, i);
      }
    });
    bed.spawn('bob', (user) => user.compute(40 * SLICE_CYCLES), { priority: 10 });
    // Without it the hog would run while the client polls, and the server never.
    await bed.graft(`kernel/thread/${client.id}/schedule-delegate`, 'ann', (id, { columns }) => {
      const at = (columns.ids as Int32Array).indexOf(server.id);
      return at >= 0 && columns.states?.[at] === 1 ? server.id : id;
    });
    bed.kernel.run(30 * SLICE_US);
    expect(order).toEqual(['answer 0', 'answer 1', 'answer 2']);
    expect(bed.ends).not.toContain('invalid-answer');
  });

  it('goes to nobody who is not there, not ready, or buried', async () => {
    for (const wrong of [0, 999, -1, 1.5]) {
      const bed = new Bed();
      const thread = bed.spawn('ann', (user) => user.compute(100));
      await bed.graft(`kernel/thread/${thread.id}/schedule-delegate`, 'ann', () => wrong);
      expect([bed.kernel.run(), bed.ends]).toEqual([true, ['invalid-answer']]);
    }
  });
});

describe('burial', () => {
  /** A thread whose eviction graft takes a lock and is preempted with it. */
  const buried = async () => {
    const bed = new Bed({ frames: 2 });
    const seen: string[] = [];
    let below = false;
    const a = bed.spawn('ann', function* (user) {
      for (let page = 0; page < 4; page++) yield* user.touch(page);
      seen.push('a ends');
    });
    await bed.graft(`kernel/address-space/${a.space?.id}/evict`, 'ann', (victim, api) => {
      if (below) return victim;
      below = true;
      api.lock('it');
      api.shared.set('state', 1);
      bed.preempt();
      seen.push('graft ends');
      return victim;
    });
    return { bed, seen, a };
  };

  it('lets others run on top, and goes on when they give way', async () => {
    const { bed, seen } = await buried();
    bed.spawn('bob', function* (user) {
      yield* user.compute(1000);
      seen.push('b ran');
    });
    expect(bed.kernel.run()).toBe(true);
    expect(seen).toEqual(['b ran', 'graft ends', 'a ends']);
    expect([bed.kernel.dispatcher.preemptions, bed.ends[0]]).toEqual([1, 'committed']);
  });

  it('undoes at once who holds a lock that a graft on top needs; it throws when control returns to it', async () => {
    const { bed, seen } = await buried();
    let took_us = -1;
    const other = bed.spawn('ann', function* (user) {
      yield* user.compute(10);
      seen.push('b ran');
    });
    await bed.graft(
      `kernel/thread/${other.id}/schedule-delegate`,
      'ann',
      (id, api) => {
        const begun_us = api.now();
        api.lock('it');
        took_us = api.now() - begun_us;
        return id;
      },
      false,
      'on-top',
    );
    expect(bed.kernel.run()).toBe(true);
    expect(seen).toEqual(['b ran', 'a ends']);
    expect(bed.ends).toContain('lock-timeout');
    expect(bed.kernel.accessors.shared.peek('ann/state')).toBeUndefined();
    // A lock costs what it costs; nobody waited for a time-out.
    expect(took_us).toBeGreaterThanOrEqual(0);
    expect(took_us).toBeLessThan(1000);
    expect(bed.kernel.plugins.get('plugin').grafts[0]?.stands).toBe(false);
    expect(bed.kernel.plugins.get('on-top').grafts[0]?.stands).not.toBe(true);
  });

  it('lets a thread wait for a lock of a buried one until that gives it back', async () => {
    const { bed, seen } = await buried();
    bed.spawn('ann', function* (user) {
      yield* user.call('begin');
      expect(yield* user.call('lock', 'it')).toBeNull();
      seen.push('b has it');
      yield* user.call('commit');
    });
    bed.kernel.run();
    expect(seen).toEqual(['graft ends', 'a ends', 'b has it']);
  });

  it('undoes the transaction of a thread for a lock that its own graft needs', async () => {
    const bed = new Bed({ frames: 1 });
    const answers: unknown[] = [];
    const a = bed.spawn('ann', function* (user) {
      yield* user.call('begin');
      yield* user.call('lock', 'it');
      yield* user.call('set_shared', 'x', 5);
      yield* user.touch(1);
      yield* user.touch(2);
      answers.push(yield* user.call('commit'));
    });
    await bed.graft(`kernel/address-space/${a.space?.id}/evict`, 'ann', (victim, api) => {
      api.lock('it');
      return victim;
    });
    bed.kernel.run();
    expect([answers, bed.ends]).toEqual([[{ error: 'lock-timeout' }], ['committed']]);
    expect(bed.kernel.accessors.shared.peek('ann/x')).toBeUndefined();
  });
});

describe('a graft that waits for a lock', () => {
  it('leaves a thread that has ended in peace', async () => {
    const bed = new Bed();
    bed.spawn('ann', function* (user) {
      yield* user.call('begin');
      yield* user.call('lock', 'it');
      yield* user.call('sleep', 500);
      yield* user.call('commit');
      yield* user.call('sleep', 500);
    });
    let runs = 0;
    bed.spawn('ann', function* (user) {
      runs++;
      yield* user.compute(1);
    });
    await bed.graft('kernel/events/thread-exit', 'ann', (_id, api) => api.lock('it'), true);
    expect([bed.kernel.run(), runs, bed.kernel.alive]).toEqual([true, 1, 0]);
    expect(bed.ends).toEqual(['committed', 'committed']);
  });

  it('takes a time-out where the holder sleeps, and everybody goes on', async () => {
    const bed = new Bed({ frames: 1 });
    const answers: unknown[] = [];
    bed.spawn('ann', function* (user) {
      yield* user.call('begin');
      yield* user.call('lock', 'it');
      yield* user.call('sleep', 10_000_000);
      answers.push(yield* user.call('commit'));
    });
    const b = bed.spawn('ann', function* (user) {
      yield* user.touch(0);
      yield* user.touch(1);
      answers.push(Math.round(user.now_us / 100_000));
    });
    await bed.graft(`kernel/address-space/${b.space?.id}/evict`, 'ann', (victim, api) => {
      api.lock('it');
      return victim;
    });
    expect(bed.kernel.run()).toBe(true);
    expect(answers).toEqual([1, { error: 'lock-timeout' }]);
  });
});
