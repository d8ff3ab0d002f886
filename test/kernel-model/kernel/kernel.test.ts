// The kernel as programs, users and plugins meet it: consent, the namespace, accounts, messages, system calls that make
// no sense, and one seed, one run.

import { describe, expect, it } from '@jest/globals';
import { OPEN_FILES, WIRED_PAGES } from '../../../src/kernel-model/kernel/index.ts';
import type { User } from '../../../src/kernel-model/machine/index.ts';
import { Bed, smallDisk } from './bed.ts';

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: { code: string }) => error.code,
  );

describe('the graft namespace', () => {
  it('lists the points of what there is, as paths, and forgets those of what has gone', () => {
    const bed = new Bed(smallDisk());
    bed.kernel.format();
    let during: string[] = [];
    const a = bed.spawn('ann', function* (user) {
      yield* user.call('create', 'f', 1);
      yield* user.call('stream', yield* user.call('open', 'f'));
      during = bed.kernel.points.list();
    });
    bed.kernel.run();
    const file = a.id + 1;
    const own = [`/kernel/address-space/${a.space?.id}/evict`, `/kernel/thread/${a.id}/schedule-delegate`];
    const open = [`/kernel/file/${file}/compute-ra`, `/kernel/stream/${file + 1}/transform`];
    expect(during).toEqual(['/kernel/memory/victim', '/kernel/events/thread-exit', ...own, ...open]);
    expect(bed.kernel.points.list()).toEqual(['/kernel/memory/victim', '/kernel/events/thread-exit']);
    expect(bed.kernel.points.list('/kernel/mem')).toEqual(['/kernel/memory/victim']);
  });

  it("is open to a point's owner, and to the privileged", async () => {
    const bed = new Bed();
    const a = bed.spawn('ann', function* () {});
    const local = `kernel/thread/${a.id}/schedule-delegate`;
    const global = 'kernel/memory/victim';
    const answer = (input: number): number => input;
    expect(await codeOf(bed.graft(local, 'bob', answer))).toBe('GRAFT_NEEDS');
    expect(await codeOf(bed.graft(global, 'ann', answer))).toBe('GRAFT_NEEDS');
    expect(await codeOf(bed.graft('kernel/thread/99/schedule-delegate', 'ann', answer))).toBe('GRAFT_UNKNOWN_POINT');
    expect(await codeOf(bed.graft(local, 'ann', answer))).toBe('none');
    expect(await codeOf(bed.graft(local, 'ann', answer, false, 'second'))).toBe('GRAFT_POINT_TAKEN');
    expect(await codeOf(bed.graft(global, 'root', answer, true, 'third'))).toBe('none');
  });
});

describe('accounts', () => {
  it('are all square when the threads have ended', async () => {
    const bed = new Bed({ frames: 4, ...smallDisk() });
    bed.kernel.format();
    const body = function* (user: User) {
      yield* user.call('create', 'f', 1);
      yield* user.call('open', 'f');
      for (let i = 0; i < 40; i++) yield* user.touch(i % 8);
    };
    for (let i = 0; i < 5; i++) {
      const thread = bed.spawn('ann', body);
      await bed.graft(`kernel/address-space/${thread.space?.id}/evict`, 'ann', (victim) => victim, false, `p${i}`);
    }
    bed.kernel.run();
    const { free, held, spent } = bed.kernel.treasury;
    expect([free, held, spent]).toEqual([
      [2 ** 20, 2 ** 20, 2 ** 20],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('let a thread open so many files, and more when it has closed some', () => {
    const bed = new Bed(smallDisk());
    bed.kernel.format();
    const answers: unknown[] = [];
    const a = bed.spawn('ann', function* (user) {
      yield* user.call('create', 'f', 1);
      for (let i = 0; i < 66; i++) answers.push(yield* user.call('open', 'f'));
      yield* user.call('close', answers[0]);
      answers.push(yield* user.call('open', 'f'));
      expect([a.account.free[OPEN_FILES], a.account.held[OPEN_FILES], a.account.lock.mode]).toEqual([0, 64, 0]);
    });
    bed.kernel.run();
    expect(answers.slice(64, 66)).toEqual([{ error: 'limit' }, { error: 'limit' }]);
    expect(typeof answers.at(-1)).toBe('number');
    expect(bed.kernel.calls.transactions.active).toBe(0);
  });

  it('of a plugin start at zero each time it comes', async () => {
    const bed = new Bed();
    for (let i = 0; i < 3; i++) {
      await bed.graft('kernel/memory/victim', 'root', (victim) => victim, true);
      expect(bed.kernel.account('plugin').free[WIRED_PAGES]).toBe(0);
      bed.kernel.grant('plugin', WIRED_PAGES, 5);
      expect(bed.kernel.treasury.free[WIRED_PAGES]).toBe(2 ** 20 - 5);
      bed.kernel.plugins.remove('plugin');
    }
  });

  it('get the units of wired pages back when the space goes, also from a graft about to change them', async () => {
    for (const action of ['wire', 'unwire'] as const) {
      const bed = new Bed({ frames: 8 });
      const a = bed.spawn('ann', function* (user) {
        yield* user.touch(0);
        yield* user.call('sleep', 1000);
      });
      const space = a.space?.id as number;
      const other = bed.spawn('ann', function* (user) {
        for (let i = 0; i < 5; i++) yield* user.call('sleep', 300);
      });
      let calls = 0;
      await bed.graft(`kernel/thread/${other.id}/schedule-delegate`, 'ann', (id, api) => {
        calls++;
        if (calls === 2) api.memory.wire(space, 0);
        // The other thread ends meanwhile: this graft is undone.
        if (calls === 3) {
          api.memory[action](space, 0);
          api.lock('that nobody gives back');
        }
        return id;
      });
      bed.kernel.grant('plugin', WIRED_PAGES, 3);
      bed.spawn('ann', function* (user) {
        yield* user.call('begin');
        yield* user.call('lock', 'that nobody gives back');
        yield* user.call('sleep', 50_000);
      });
      expect([action, bed.kernel.run()]).toEqual([action, true]);
      const account = bed.kernel.account('plugin');
      expect([account.free[WIRED_PAGES], account.held[WIRED_PAGES], bed.kernel.calls.faults]).toEqual([3, 0, []]);
    }
  });
});

describe('what is not needed any more', () => {
  it('goes: letters, locks, points, accounts', () => {
    const bed = new Bed();
    bed.spawn('srv', function* (user) {
      for (;;) {
        const letter = (yield* user.call('receive', 'port')) as { id: number; value: number };
        yield* user.call('reply', letter.id, letter.value);
      }
    });
    bed.kernel.run(1000);
    for (let i = 0; i < 20; i++) {
      bed.spawn('ann', function* (user) {
        expect(yield* user.call('request', 'port', i)).toBe(i);
        yield* user.call('post', 'port', i);
        yield* user.call('begin');
        yield* user.call('lock', `lock ${i}`);
        if (i % 2 === 0) yield* user.call('commit');
      });
    }
    expect(bed.kernel.run()).toBe(false);
    expect([bed.kernel.alive, bed.kernel.ports.open, bed.kernel.accessors.locks.all().length]).toEqual([1, 0, 0]);
    expect([bed.kernel.points.list('/kernel/thread/').length, bed.kernel.spaces.size]).toEqual([1, 1]);
  });
});

describe('transactions of threads', () => {
  it('that close a circle of waits: the youngest is undone, its locks are free at once', () => {
    const bed = new Bed();
    const answers: string[] = [];
    const body = (name: string, first: string, second: string) =>
      function* (user: User) {
        yield* user.call('begin');
        yield* user.call('lock', first);
        yield* user.call('sleep', 1000);
        answers.push(
          `${name} ${JSON.stringify(yield* user.call('lock', second))} at ${Math.floor(user.now_us / 10_000)}`,
        );
        yield* user.call('sleep', 20_000);
        answers.push(`${name} ${JSON.stringify(yield* user.call('commit'))}`);
      };
    bed.spawn('ann', body('old', 'red', 'blue'));
    bed.spawn('ann', body('young', 'blue', 'red'));
    expect(bed.kernel.run()).toBe(true);
    expect(answers.sort()).toEqual([
      'old null',
      'old null at 0',
      'young {"error":"deadlock"} at 0',
      'young {"error":"no such transaction"}',
    ]);
  });
});

describe('a program', () => {
  it('gets an error for every call that makes no sense, and the kernel goes on', () => {
    const bed = new Bed();
    const answers: unknown[] = [];
    bed.spawn('eve', function* (user) {
      for (const call of [
        ['open', 'f'],
        ['create', 'x'.repeat(70), 1],
        ['sync'],
        ['map', 100, 0],
        ['sleep', 2 ** 53 - 1],
        ['sleep', -1],
        ['constructor'],
        ['__proto__'],
        ['lock', 'outside'],
        ['commit'],
      ] as [string, ...unknown[]][])
        answers.push(yield* user.call(...call));
    });
    expect(bed.kernel.run()).toBe(true);
    expect(answers.filter((answer) => typeof (answer as { error?: unknown } | null)?.error !== 'string')).toEqual([]);
    expect(bed.kernel.events.now_us).toBeLessThan(1000);
  });
});

describe('one seed, one run', () => {
  const hashOf = async (twist: number): Promise<string> => {
    const bed = new Bed({ frames: 4, free_target: 1, ...smallDisk() });
    bed.kernel.format();
    const a = bed.spawn('ann', function* (user) {
      for (let i = 0; i < 50; i++) yield* user.touch((i * 3 + twist) % 8, i % 2 === 0);
      yield* user.call('create', 'f', 9000);
      yield* user.call('read', yield* user.call('open', 'f'), 0, 9000);
    });
    bed.spawn('bob', (user) => user.compute(1_000_000));
    await bed.graft(`kernel/address-space/${a.space?.id}/evict`, 'ann', (victim) => victim);
    bed.kernel.run();
    return bed.kernel.trace.hash;
  };

  it('byte for byte; another program, another', async () => {
    expect(await hashOf(0)).toBe(await hashOf(0));
    expect(await hashOf(0)).not.toBe(await hashOf(1));
  });
});
