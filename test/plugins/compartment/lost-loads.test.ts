// Loads of a plugin that lose their process to a kill from outside: they are held against the plugin only where many
// in a row are lost.

import { describe, expect, test } from '@jest/globals';
import type { Item, PluginProcess } from '../../../src/plugins/compartment/process/plugin-process.ts';
import { GROUP_LIMITS, ProcessGroup } from '../../../src/plugins/compartment/process/process-group.ts';
import type { SparePool } from '../../../src/plugins/compartment/process/spare-pool.ts';
import type { Tenant } from '../../../src/plugins/compartment/process/tenant.ts';

const SOURCE = { plugin: 'a', code: '({})', memory_mb: 8, load_ms: 1000, grafts: [] };

/** A process as its group sees it, that does nothing by itself. */
class StillProcess {
  readonly items: Partial<Item>[] = [];
  readonly ready = true;
  readonly waits = false;
  readonly dead = false;

  get head(): Partial<Item> | undefined {
    return this.items[0];
  }

  load(owner: object, _message: unknown, loaded: NonNullable<Item['loaded']>): void {
    this.items.push({ kind: 'load', owner, call: null, loaded });
  }
}

const open = (): { group: ProcessGroup; started: StillProcess[] } => {
  const started: StillProcess[] = [];
  const take = (): StillProcess => {
    started.push(new StillProcess());
    return started.at(-1) as StillProcess;
  };
  const pool = { take, watch: () => {} } as unknown as SparePool;
  return { group: new ProcessGroup(pool, GROUP_LIMITS), started };
};

/** Loads once, in a process that is killed meanwhile, or is not; the loads that count against the plugin then. */
const load = async (
  { group, started }: ReturnType<typeof open>,
  tenant: Tenant,
  ends: 'killed' | 'loaded',
): Promise<number> => {
  const loaded = group.load(tenant);
  const process = started.at(-1) as StillProcess;
  if (ends === 'killed') group.died(process as unknown as PluginProcess, null, 'SIGKILL');
  else process.items.shift()?.loaded?.(null);
  await loaded;
  return tenant.badLoads;
};

describe('loads that are killed from outside', () => {
  test('with others between that succeed are never counted, however many there are', async () => {
    const world = open();
    const tenant = world.group.tenant(SOURCE);
    const counted: number[] = [];
    for (let i = 0; i < 30; i++) counted.push(await load(world, tenant, 'killed'), await load(world, tenant, 'loaded'));
    expect(counted).toEqual(Array.from({ length: 60 }, () => 0));
  });

  test('in a row are excused eight times', async () => {
    const world = open();
    const tenant = world.group.tenant(SOURCE);
    const counted: number[] = [];
    for (let i = 0; i < 10; i++) counted.push(await load(world, tenant, 'killed'));
    expect(counted).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
  });
});
