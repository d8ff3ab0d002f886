// Honest grafts on a busy machine: processes of load take the cores while a graft works for a quarter of its own time,
// call after call, one at a time and, where it writes, eight at a time. No call may be held against it. Beside it an
// endless loop is ended again and again, for how much processor time is told. Used by a test and by
// `npm run campaign -- busy [--calls N] [--load N] [--kind process|isolate]`.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHost, type Host, type HostPoint } from '../../src/host/index.ts';
import { IsolateMaker } from '../../src/plugins/compartment/index.ts';
import { cpuOfProcess, ownCpu } from '../../src/plugins/compartment/thread-cpu.ts';

export interface BusyOptions {
  readonly kind: 'process' | 'isolate';
  readonly calls: number;
  /** Processes that do nothing but work. */
  readonly load: number;
  readonly progress: (text: string) => void;
}

export interface Busy {
  readonly kind: 'process' | 'isolate';
  readonly load: number;
  readonly calls: number;
  /** Ends of calls that were not `committed`, and how many ended so. */
  readonly aborted: Readonly<Record<string, number>>;
  /** Milliseconds of a call: its own, at the median and the longest, and by the wall clock the longest. */
  readonly own_ms: readonly [p50: number, max: number];
  readonly wall_ms_max: number;
  readonly loops: number;
  /** Processor time, in ms, that a loop took beyond its limit, the longest. */
  readonly beyond_ms: number;
  readonly ms: number;
}

const OWN_MS = 50;
const WORK_MS = OWN_MS / 4;
const CALLS_A_LOOP = 50;
const WRITERS = 8;
const TOTAL_MS = 600_000;
const BURN = 'const burn = (turns) => { let x = 0; for (let i = 0; i < turns; i++) x = (x * 31 + i) | 0; return x; };';
const HONEST = `${BURN}
export const work = burn;
export const write = (turns, api) => {
  api.count.set('turn', 1);
  const n = api.count.get('n') ?? 0;
  for (let i = 0; i < 4; i++) { burn(turns / 4); api.count.set('n', n + 1); }
  return n + 1;
};`;
const LOOP = 'export const loop = () => { for (;;); };';

/** Turns of the work that take WORK_MS of a core. */
const calibrated = (): number => {
  const burn = new Function(`${BURN} return burn`)() as (turns: number) => number;
  const turns = 2e7;
  burn(turns);
  const before = process.threadCpuUsage();
  burn(turns);
  const { user, system } = process.threadCpuUsage(before);
  return Math.round((turns * WORK_MS * 1000) / (user + system));
};

const plugin = (name: string, code: string, exports: readonly string[], needs: readonly string[] = []) => ({
  manifest: { name, graftwork: { api: 1, grafts: exports.map((one) => ({ point: one, export: one })), needs } },
  files: { 'index.js': code },
});

class Scene {
  readonly host: Host;
  readonly turns = calibrated();
  readonly work: HostPoint<unknown, unknown>;
  readonly loop: HostPoint<unknown, unknown>;
  readonly write: HostPoint<unknown, unknown> | null;
  readonly aborted: Record<string, number> = {};
  readonly own_ms: number[] = [];
  wall_ms_max = 0;
  readonly beyond_ms: number[] = [];

  constructor(host: Host, kind: Busy['kind']) {
    this.host = host;
    const point = (name: string, rest: object = {}): HostPoint<unknown, unknown> =>
      host.graftPoint({ name, kind: 'function', default: () => 'default', budget: 1e9, limits: LIMITS, ...rest });
    this.work = point('work');
    this.loop = point('loop');
    const count = host.map<number>('count', { stored: true });
    this.write = kind === 'process' ? point('write', { callable: { count: count.writable() } }) : null;
  }

  async install(): Promise<void> {
    const writes = this.write !== null;
    await this.host.install(plugin('honest', HONEST, writes ? ['work', 'write'] : ['work'], writes ? ['count'] : []));
    await this.host.install(plugin('loop', LOOP, ['loop']));
  }

  /** One honest call. */
  async call(point: HostPoint<unknown, unknown>): Promise<void> {
    const begun = performance.now();
    const outcome = await point.invoke(this.turns);
    if (outcome.status === 'committed') {
      this.own_ms.push(outcome.grafts[0]?.spent.own_ms ?? 0);
      this.wall_ms_max = Math.max(this.wall_ms_max, performance.now() - begun);
      return;
    }
    const [graft] = outcome.grafts;
    const how = `${point.name}: ${outcome.status} ${graft?.reason} ${graft?.detail ?? ''}`;
    this.aborted[how] = (this.aborted[how] ?? 0) + 1;
  }

  /** Processor time of the thread, or of all processes, that may run the loop. */
  #cpu_ms(): number {
    const pids = this.host.pids();
    if (pids.length === 0) return ownCpu() ?? 0;
    return Math.max(...pids.map((pid) => cpuOfProcess(pid) ?? 0));
  }

  /** Lets the loop run until it is ended. */
  async endLoop(): Promise<void> {
    const before = new Map(this.host.pids().map((pid) => [pid, cpuOfProcess(pid) ?? 0]));
    let most_ms = 0;
    const look = (): void => {
      for (const [pid, from_ms] of before) most_ms = Math.max(most_ms, (cpuOfProcess(pid) ?? 0) - from_ms);
    };
    const timer = setInterval(look, 1);
    const from_ms = this.#cpu_ms();
    const outcome = await this.loop.invoke(null);
    clearInterval(timer);
    const took_ms = before.size === 0 ? this.#cpu_ms() - from_ms : most_ms;
    if (outcome.grafts[0]?.reason !== 'own-time') throw new Error(`the loop: ${JSON.stringify(outcome)}`);
    this.beyond_ms.push(took_ms - OWN_MS);
  }
}

const LIMITS = { own_ms: OWN_MS, total_ms: TOTAL_MS };

/** Calls, and now and then a loop; then writers side by side. */
const play = async (scene: Scene, calls: number, progress: (text: string) => void): Promise<void> => {
  const alone = scene.write === null ? calls : Math.ceil(calls / 2);
  for (let n = 0; n < alone; n++) {
    if (n % CALLS_A_LOOP === 0) {
      await scene.endLoop();
      progress(`${n} of ${calls} calls, aborted: ${JSON.stringify(scene.aborted)}`);
    }
    await scene.call(scene.work);
  }
  let left = calls - alone;
  const writer = async (): Promise<void> => {
    while (left-- > 0) await scene.call(scene.write as HostPoint<unknown, unknown>);
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
};

export const runBusy = async ({ kind, calls, load, progress }: BusyOptions): Promise<Busy> => {
  const folder = mkdtempSync(join(tmpdir(), 'graftwork-busy-'));
  const store = `sqlite:${join(folder, 'busy.db')}`;
  const compartment = kind === 'isolate' ? { compartment: new IsolateMaker() } : {};
  const host = await createHost({ store, report: () => {}, ...compartment });
  const neighbours: ChildProcess[] = [];
  const begun = performance.now();
  try {
    const scene = new Scene(host, kind);
    await scene.install();
    for (let n = 0; n < load; n++) neighbours.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    await play(scene, calls, progress);
    const own_ms = scene.own_ms.toSorted((a, b) => a - b);
    return {
      kind,
      load,
      calls,
      aborted: scene.aborted,
      own_ms: [own_ms[own_ms.length >> 1] ?? 0, own_ms.at(-1) ?? 0],
      wall_ms_max: Math.round(scene.wall_ms_max),
      loops: scene.beyond_ms.length,
      beyond_ms: Math.round(Math.max(...scene.beyond_ms)),
      ms: Math.round(performance.now() - begun),
    };
  } finally {
    for (const neighbour of neighbours) neighbour.kill('SIGKILL');
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
