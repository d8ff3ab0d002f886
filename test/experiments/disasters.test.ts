// The disasters: all of them as a person runs them, in a process whose realm is locked down; and that the looking
// itself can find something.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import type { Disaster } from '../../experiments/disaster.ts';
import { DISASTERS } from '../../experiments/disaster-list.ts';
import { DisasterWorld } from '../../experiments/disaster-world.ts';
import { suffer } from '../../experiments/disasters.ts';
import { differences } from '../../experiments/kernel-state.ts';
import type { Table } from '../../report/index.ts';

const MAIN = fileURLToPath(new URL('../../experiments/main.ts', import.meta.url));

const demo = async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, 'disasters', '--small', '--json'], {
    maxBuffer: 2 ** 24,
  });
  return JSON.parse(stdout) as Record<string, number> & { hash: string; parts: Table[] };
};

it('are all survived wherever that is claimed, and the same twice', async () => {
  const [one, two] = await Promise.all([demo(), demo()]);
  const cells = one.parts.slice(1).flatMap(({ rows }) => rows.map((row) => String(row.at(-1))));
  expect(cells.filter((cell) => cell !== 'survived' && cell !== 'not claimed')).toEqual([]);
  expect([one.rows, one.claimed, one.survived, one.not_claimed, one.failed]).toEqual([
    4 * DISASTERS.length,
    cells.filter((cell) => cell === 'survived').length,
    one.claimed,
    cells.filter((cell) => cell === 'not claimed').length,
    0,
  ]);
  expect(two.hash).toBe(one.hash);
}, 120_000);

it('cover every compartment, and every rule for grafts', () => {
  const text = DISASTERS.map(({ what, abuse }) => what + abuse).join();
  expect([1, 2, 3, 4, 5, 6, 7, 8, 9].filter((rule) => !text.includes(`[${rule}]`))).toEqual([]);
  for (const { what, claims } of DISASTERS) expect([what, claims.length > 0]).toEqual([what, true]);
  expect(new Set(DISASTERS.map(({ what }) => what)).size).toBe(DISASTERS.length);
});

const named = (what: string): Disaster => DISASTERS.find((one) => one.what === what) as Disaster;

describe('what is found', () => {
  it('says when a call ends in another way, and when less is undone', async () => {
    const { faults, how } = await suffer({ ...named('throws an error'), ends: ['own-time'], undone: 99 }, 'direct', 0);
    expect([how, faults]).toEqual(['thrown', ['it ended as thrown', '4 records undone']]);
  });

  it('says when the graft is never called', async () => {
    const { faults } = await suffer({ ...named('throws an error'), text: () => '(input) => input' }, 'direct', 0);
    expect(faults).toEqual(['it ended as committed']);
  });

  it('says which part of the state differs, when somebody changed it behind the kernel’s back', async () => {
    const behind: Disaster = {
      ...named('waits for a lock that a thread holds on to [2]'),
      also: () => null,
      accomplices: [
        {
          name: 'accomplice',
          priority: 6,
          *body(user, world) {
            yield* user.call('begin');
            yield* user.call('lock', 'y');
            while (world.asked === 0) yield* user.call('sleep', 500);
            world.kernel.setPriority(world.mate, 3);
            yield* user.call('commit');
          },
        },
      ],
    };
    const { faults, differs } = await suffer(behind, 'direct', 0);
    expect([differs, faults]).toEqual([['priorities'], ['priorities differs']]);
  });

  it('says who has not ended', async () => {
    const stuck: Disaster = {
      ...named('throws an error'),
      accomplices: [
        {
          name: 'stuck',
          priority: 6,
          *body(user) {
            yield* user.call('receive', 'nothing');
          },
        },
      ],
    };
    expect((await suffer(stuck, 'direct', 0)).faults).toContain('1 threads have not ended');
  });
});

it('the state is told apart by each of its parts', () => {
  const world = new DisasterWorld('direct', []);
  const { kernel, mate, stream } = world;
  const before = world.state;
  expect(differences(before, world.state)).toEqual([]);
  kernel.setPriority(mate, 1);
  stream.buffer[5] = 1;
  kernel.memory.queue.exchange(0, 1);
  expect(differences(before, world.state)).toEqual(['page queue', 'priorities', 'files']);
});
