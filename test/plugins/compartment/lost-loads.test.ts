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

  load(owner: object, _message: unknown, loaded: Item['realm']['loaded']): void {
    this.items.push({ kind: 'load', owner, call: null, realm: { number: 1, load_ms: 1000, loaded } });
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

/** Losses in a row that are nobody's fault. */
const EXCUSED = 8;

/** Loads a tenant, while so many processes under it are killed; how that failed, or null. */
const load = async (
  { group, started }: ReturnType<typeof open>,
  tenant: Tenant,
  kills: number,
): Promise<string | null> => {
  const loaded = group.load(tenant);
  for (let i = 0; i < kills; i++) {
    group.died(started.at(-1) as unknown as PluginProcess, null, 'SIGKILL');
    // What repeats the load waits for its failure first.
    await Promise.resolve();
    await Promise.resolve();
  }
  if (kills <= EXCUSED) started.at(-1)?.items.shift()?.realm?.loaded(null);
  return (await loaded)?.message ?? null;
};

describe('loads that are killed from outside', () => {
  test('are begun anew, and are not counted', async () => {
    const world = open();
    const tenant = world.group.tenant(SOURCE);
    for (let i = 0; i < 30; i++) {
      expect(await load(world, tenant, 1)).toBeNull();
      expect(tenant.badLoads).toBe(0);
    }
    // The first, and one for each that was killed: each later load begins in the one that is left.
    expect(world.started).toHaveLength(31);
  });

  test('in a row are excused eight times', async () => {
    const world = open();
    const tenant = world.group.tenant(SOURCE);
    expect(await load(world, tenant, EXCUSED)).toBeNull();
    expect(await load(world, tenant, EXCUSED + 1)).toContain('SIGKILL');
    expect(tenant.badLoads).toBe(1);
  });

  test('end with their group', async () => {
    const world = open();
    const loaded = world.group.load(world.group.tenant(SOURCE));
    const process = world.started[0] as unknown as PluginProcess & { kill(): void };
    process.kill = () => world.group.died(process, 'closed', null);
    world.group.close();
    expect((await loaded)?.reason).toBe('compartment-lost');
  });
});
