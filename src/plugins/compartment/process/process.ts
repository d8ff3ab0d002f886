// The process compartment: third-party code in a process of its own, the host's default. The transaction lives in the
// host, so a plugin's process may die at any instant: that is just an abort.

import { GraftError } from '../../errors.ts';
import { A_FUNCTION, A_WHOLE, checkOptions, type Expected, oneOf } from '../../options.ts';
import type { Compartment, CompartmentCall, CompartmentMaker, CompartmentSource } from '../compartment.ts';
import { installFailed } from '../ending.ts';
import { type ChildFacts, childCommand } from './command.ts';
import type { Item } from './plugin-process.ts';
import { GROUP_LIMITS, type GroupLimits, ProcessGroup } from './process-group.ts';
import { SparePool } from './spare-pool.ts';
import type { Tenant } from './tenant.ts';
import { ALL_WALLS, standsAll, wallsText } from './walls/standing.ts';

/**
 * Walls around plugins' processes (walls/walls.ts): raised where the system has them; or no host without them; or none
 * at all, to measure what they cost.
 */
export type Walls = 'wanted' | 'required' | 'none';

const AT_LEAST_0: Expected = [
  'a whole number, not negative',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
];
const OPTIONS: Record<keyof ProcessOptions, Expected> = {
  spares: AT_LEAST_0,
  groupOf: A_FUNCTION,
  walls: oneOf('wanted', 'required', 'none'),
  processes: A_WHOLE,
  pipelined: A_WHOLE,
  queued: AT_LEAST_0,
};

export interface ProcessOptions extends Partial<GroupLimits> {
  /** Warm processes beyond those in use. */
  readonly spares?: number;
  /** Which plugins share processes: those for which this gives the same name. Default: every plugin has its own. */
  readonly groupOf?: (plugin: string) => string;
  /** Default: wanted. */
  readonly walls?: Walls;
}

class ProcessCompartment implements Compartment {
  readonly kind = 'process';
  readonly waits = true;
  readonly #group: ProcessGroup;
  readonly #tenant: Tenant;
  readonly #left: () => void;
  #disposed = false;

  constructor(group: ProcessGroup, tenant: Tenant, left: () => void) {
    this.#group = group;
    this.#tenant = tenant;
    this.#left = left;
  }

  get heaps(): number {
    return this.#disposed || this.#group.isClosed ? 0 : this.#tenant.heaps;
  }

  start(call: CompartmentCall): void {
    this.#group.submit(this.#tenant, call);
  }

  whenRoom(then: () => void): boolean {
    return this.#group.whenRoom(then);
  }

  heldUp_ms(call: CompartmentCall): number {
    const item = call.at as Item | null;
    return item === null ? 0 : item.process.heldUp_ms(item);
  }

  abandon(call: CompartmentCall): void {
    this.#group.abandon(call);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#group.unload(this.#tenant);
    this.#left();
  }
}

/** Makes process compartments, from one pool of spares. */
export class ProcessMaker implements CompartmentMaker {
  readonly kind = 'process';
  readonly waits = true;
  /** What holds for its processes on this system. */
  readonly facts: ChildFacts;
  readonly #pool: SparePool;
  readonly #limits: GroupLimits;
  readonly #groupOf: (plugin: string) => string;
  #closed = false;
  readonly #groups = new Map<string, { readonly group: ProcessGroup; members: number }>();

  /** Throws GRAFT_NO_WALLS where they are required and do not stand on this system. */
  constructor(options: ProcessOptions = {}) {
    checkOptions(options, OPTIONS, 'processes');
    const walled = options.walls !== 'none';
    this.facts = factsFor(options.walls ?? 'wanted');
    this.#pool = new SparePool(options.spares ?? 1, walled);
    this.#limits = { ...GROUP_LIMITS, ...options };
    this.#groupOf = options.groupOf ?? ((plugin) => plugin);
  }

  /** How many processes there are, spare ones included. */
  get processes(): number {
    return this.#pool.size;
  }

  /** Process ids of those that serve plugins now. */
  get pids(): number[] {
    return [...this.#groups.values()].flatMap(({ group }) =>
      group.processes.flatMap((process) => process.child.pid ?? []),
    );
  }

  async load(source: CompartmentSource): Promise<Compartment> {
    if (this.#closed) throw new GraftError('GRAFT_CLOSED', `${source.plugin}: the maker of processes is closed`);
    if (source.grafts.some((graft) => graft.columns.length > 0))
      throw new GraftError('GRAFT_INSTALL_FAILED', `${source.plugin}: a process shares no columns with its host`);
    const name = this.#groupOf(source.plugin);
    const { group } = this.#join(name);
    const tenant = group.tenant(source);
    const failure = await group.load(tenant);
    if (failure === null) return new ProcessCompartment(group, tenant, () => this.#leave(name));
    group.unload(tenant);
    this.#leave(name);
    throw installFailed(source.plugin, failure);
  }

  #join(name: string): { readonly group: ProcessGroup; members: number } {
    let entry = this.#groups.get(name);
    if (entry === undefined) {
      entry = { group: new ProcessGroup(this.#pool, this.#limits), members: 0 };
      this.#groups.set(name, entry);
      this.#pool.add(entry.group);
    }
    entry.members++;
    return entry;
  }

  #leave(name: string): void {
    const entry = this.#groups.get(name);
    if (entry === undefined || --entry.members > 0) return;
    this.#groups.delete(name);
    this.#pool.drop(entry.group);
    entry.group.close();
  }

  close(): void {
    this.#closed = true;
    this.#pool.close();
  }
}

const factsFor = (walls: Walls): ChildFacts => {
  const { facts } = childCommand(walls !== 'none');
  if (walls === 'required' && !standsAll(ALL_WALLS, facts.walls))
    throw new GraftError(
      'GRAFT_NO_WALLS',
      `seccomp and landlock are required; what stands on this system: ${wallsText(facts)}`,
    );
  return facts;
};
