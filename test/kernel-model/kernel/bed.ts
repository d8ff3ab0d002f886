// A kernel with direct grafts that a test writes as functions, and that may be preempted where they say so.

import { type BootOptions, Kernel, type SpawnOptions, type Tick } from '../../../src/kernel-model/kernel/index.ts';
import { GeneratorProgram, type Steps, type User } from '../../../src/kernel-model/machine/index.ts';
import type { Thread } from '../../../src/kernel-model/sched/index.ts';
import { directMaker } from '../../../src/plugins/compartment/index.ts';
import type { CompartmentCall, CompartmentMaker } from '../../../src/plugins/index.ts';
import { testDisk } from '../random/disk.ts';

/** What a graft in these tests may call. */
export interface Api {
  now(): number;
  lock(name: string): void;
  readonly shared: { get(key: string): number | null; set(key: string, value: number): void };
  readonly threads: { lock(): void; priority(id: number): number; setPriority(id: number, priority: number): void };
  readonly memory: { wire(space: number, page: number): void; unwire(space: number, page: number): void };
  readonly columns: Readonly<Record<string, Int32Array>>;
}

export type GraftFunction = (input: number, api: Api) => unknown;

export class Bed {
  readonly kernel: Kernel;
  /** Ends of grafts' calls: `committed`, or the reason of an abort. */
  readonly ends: string[] = [];
  #tick: Tick | null = null;
  readonly #modules = new Map<string, Record<string, unknown>>();
  readonly #running: CompartmentCall[] = [];

  constructor(options: Partial<BootOptions> = {}) {
    this.kernel = new Kernel({ frames: 16, disk: null, ...options, compartments: (tick) => this.#maker(tick) });
    this.kernel.calls.listener = ({ report }) => void this.ends.push(report.reason ?? report.status);
  }

  #maker(tick: Tick): CompartmentMaker {
    this.#tick = tick;
    const inner = directMaker(this.#modules, () => 0);
    return {
      kind: 'direct',
      waits: false,
      close: () => inner.close(),
      load: async (source) => {
        const compartment = await inner.load(source);
        const run = (call: CompartmentCall): never => {
          this.#running.push(call);
          try {
            return compartment.run?.(call) as never;
          } finally {
            this.#running.pop();
          }
        };
        return { kind: 'direct', waits: false, heaps: 1, run, abandon: () => {}, dispose: () => {} };
      },
    };
  }

  /**
   * Called inside a graft: so much fuel is used, and others may run now. Throws where the graft was undone meanwhile.
   */
  preempt(fuel = 1_200_000): void {
    const call = this.#running.at(-1) as CompartmentCall;
    this.#tick?.(call, fuel);
    call.txn.check();
  }

  async graft(point: string, user: string, run: GraftFunction, privileged = false, name = 'plugin'): Promise<void> {
    this.#modules.set(name, { run });
    const needs = ['now', 'lock', 'shared', 'threads', 'memory'];
    const manifest = { api: 1, needs, limits: {}, grafts: [{ point, export: 'run', order: 1 }] };
    await this.kernel.install({ name, version: '1.0.0', digest: name, code: '', sourceMap: '', manifest } as never, {
      user,
      privileged,
    });
  }

  spawn(owner: string, body: (user: User) => Steps, options: Partial<SpawnOptions> = {}): Thread {
    return this.kernel.spawn({ name: 'a thread', owner, pages: 8, program: new GeneratorProgram(body), ...options });
  }
}

/** Room for a small file system and swap. */
export const smallDisk = (latency_us = 1000, bytes = new Map<number, Uint8Array>()) => ({
  disk: testDisk({ sectors: 8 * 300, latency_us, bytes }),
  swap_blocks: 100,
});
