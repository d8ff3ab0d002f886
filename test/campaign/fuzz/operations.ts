// Carries the operations of a plan out against a host, and judges how each ended: by its outcome (judge.ts), by what
// the ledger says was kept, and by what a reader outside sees right then.

import { setTimeout as after } from 'node:timers/promises';
import {
  type CallOptions,
  GraftError,
  type HostPoint,
  type HostTransaction,
  type Outcome,
} from '../../../src/host/index.ts';
import type { Random } from '../../support/random.ts';
import { TOTAL } from './books.ts';
import type { Counts } from './counts.ts';
import { judge, judgeThrown, mustFail } from './judge.ts';
import type { Ledger } from './ledger.ts';
import type { Kind, Operation, Part, Program } from './plan.ts';
import { pluginPackage } from './plugin.ts';
import { type Answer, type Line, TOTAL_MS } from './points.ts';
import type { World } from './world.ts';

type Of<Name extends Operation['op']> = Extract<Operation, { op: Name }>;

/** What operations of one life share. */
export interface Scene {
  readonly world: World;
  readonly ledger: Ledger;
  readonly counts: Counts;
  readonly kind: Kind;
  readonly random: Random;
  /** Told what must not be. */
  readonly alarm: (what: string) => void;
  /** The host is being closed. */
  closing: boolean;
  /** Processes killed so far. */
  kills: number;
}

/** A transaction of the host's own ends after this time, whatever it does (Host.transaction). */
const TRANSACTION_MS = 30_000;
/** Bundling, starting a process, and a load that is overdue. */
const INSTALL_MS = 30_000;
/** The ends of several grafts, each within the whole call's time. */
export const limitOf = ({ op }: Operation): number =>
  op === 'install' ? INSTALL_MS : op === 'transaction' ? TRANSACTION_MS : TOTAL_MS;

/** What is thrown out of a transaction to end it. */
const ON_PURPOSE = 'the transaction throws on purpose';

class Runner {
  readonly #scene: Scene;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  #point(name: string): HostPoint<Program, Answer> {
    return this.#scene.world.points.functions.get(name) as HostPoint<Program, Answer>;
  }

  #told(outcome: Outcome<unknown>): void {
    const { counts } = this.#scene;
    counts.outcome(outcome.status);
    for (const { status, reason } of outcome.grafts) if (status === 'aborted') counts.abort(reason as string);
  }

  #thrown(error: unknown, answers: boolean): string[] {
    const { counts, closing } = this.#scene;
    counts.outcome(error instanceof GraftError ? error.code : 'thrown');
    return judgeThrown({ error, closing, answers });
  }

  /** The ids that an outcome says were kept. */
  #kept(outcome: Outcome<Answer>): readonly string[] {
    return outcome.status === 'committed' ? outcome.value.kept : [];
  }

  async call(operation: Of<'call'>): Promise<string[]> {
    const { world, ledger } = this.#scene;
    const { program, point: name, way, cancel_ms } = operation;
    const point = this.#point(name);
    const options: CallOptions = {
      ...(program.principal === '' ? {} : { principal: program.principal }),
      ...(cancel_ms === null ? {} : { signal: AbortSignal.timeout(cancel_ms) }),
    };
    try {
      if (way === 'call') {
        const { kept } = await point.call(program, options);
        if (mustFail(program) && kept.length > 0) return ['a graft that went wrong was answered'];
        return ledger.settle(operation, kept);
      }
      const outcome =
        way === 'invoke'
          ? await point.invoke(program, options)
          : ((await world.host.invoke(name, program, options)) as Outcome<Answer>);
      this.#told(outcome);
      return [...judge(program, name, outcome), ...ledger.settle(operation, this.#kept(outcome))];
    } catch (error) {
      return [...this.#thrown(error, way === 'call'), ...ledger.settle(operation, [])];
    }
  }

  async chain(operation: Of<'chain'>): Promise<string[]> {
    const { world, ledger } = this.#scene;
    const { point: name, principal, programs } = operation;
    const point = world.points.lines.get(name) as HostPoint<Line, Line>;
    const line: Line = { kept: [], programs: Object.fromEntries(programs.map((one) => [one.plugin, one])) };
    try {
      const outcome = await point.invoke(line, principal === '' ? {} : { principal });
      this.#told(outcome);
      const wrong = outcome.grafts.flatMap(({ graft, status }) => {
        const program = line.programs[graft.split('#')[0] as string];
        return status === 'committed' && program !== undefined && mustFail({ ...program, rejected: false })
          ? [`${graft} went wrong and was committed`]
          : [];
      });
      return [...wrong, ...ledger.settle(operation, this.#kept(outcome))];
    } catch (error) {
      return [...this.#thrown(error, false), ...ledger.settle(operation, [])];
    }
  }

  async rows(operation: Of<'rows'>): Promise<string[]> {
    const { world, ledger } = this.#scene;
    const { programs } = operation;
    try {
      const outcome = await world.points.rows.invoke(programs);
      this.#told(outcome);
      const kept = outcome.status === 'committed' ? outcome.value.flatMap((answer) => answer.kept) : [];
      const wrong =
        outcome.status === 'committed' && programs.some(mustFail) ? ['a row went wrong, and all stand'] : [];
      return [...wrong, ...ledger.settle(operation, kept)];
    } catch (error) {
      return [...this.#thrown(error, false), ...ledger.settle(operation, [])];
    }
  }

  async event({ program }: Of<'event'>): Promise<string[]> {
    const { world, ledger } = this.#scene;
    try {
      const outcome = await world.points.told.invoke(
        program,
        program.principal === '' ? {} : { principal: program.principal },
      );
      this.#told(outcome);
      for (const { graft, status } of outcome.grafts)
        ledger.heard(program, graft.split('#')[0] as string, status === 'committed');
      return [];
    } catch (error) {
      return this.#thrown(error, false);
    }
  }

  /** What a part of a transaction kept: ids of its own, and those that calls in it answered. */
  async #part(part: Part, txn: HostTransaction): Promise<readonly string[]> {
    const { world } = this.#scene;
    switch (part.do) {
      case 'move':
        await world.books.moveIn(txn, part.effect.id, part.effect);
        return [part.effect.id];
      case 'pay':
        await world.books.payIn(txn, part.effect.id, part.effect);
        return [part.effect.id];
      case 'sleep':
        await after(part.ms);
        return [];
      case 'audit':
        await this.#audit(txn);
        return [];
      case 'event':
        await world.points.told.invoke(part.program, { txn, principal: part.program.principal });
        return [];
      default: {
        const { program, point: name } = part;
        const point = this.#point(name);
        const outcome = await point.invoke(program, { txn, principal: program.principal });
        this.#told(outcome);
        for (const wrong of judge(program, name, outcome)) this.#scene.alarm(`${program.id}: ${wrong}`);
        return this.#kept(outcome);
      }
    }
  }

  /** Inside a transaction, too, nothing is made or lost. */
  async #audit(txn: HostTransaction): Promise<void> {
    const purses = this.#scene.world.books.purses.in(txn);
    let all = 0;
    for (const name of await purses.keys()) all += (await purses.get(name)) as number;
    if (all !== TOTAL) this.#scene.alarm(`in a transaction the purses hold ${all}, not ${TOTAL}`);
  }

  async transaction(operation: Of<'transaction'>): Promise<string[]> {
    const { world, ledger, counts } = this.#scene;
    const kept: string[] = [];
    try {
      await world.host.transaction(async (txn) => {
        for (const part of operation.parts) kept.push(...(await this.#part(part, txn)));
        if (operation.throws) throw new Error(ON_PURPOSE);
      });
      counts.outcome('transaction');
      return ledger.settle(operation, kept);
    } catch (error) {
      return [...this.#thrown(error, true), ...ledger.settle(operation, [])];
    }
  }

  async peek(): Promise<string[]> {
    const { world } = this.#scene;
    try {
      const outcome = await world.points.peek.invoke(null);
      this.#told(outcome);
      if (outcome.status !== 'committed' && outcome.status !== 'default') return [];
      return outcome.value === TOTAL ? [] : [`a snapshot holds ${outcome.value}, not ${TOTAL}`];
    } catch (error) {
      return this.#thrown(error, false);
    }
  }

  async emit({ event, program }: Of<'emit'>): Promise<string[]> {
    this.#scene.world.points.events.emit(event, program);
    return [];
  }

  async kill(): Promise<string[]> {
    const scene = this.#scene;
    try {
      const pids = scene.world.host.pids();
      if (pids.length > 0 && process.kill(scene.random.pick(pids), 'SIGKILL')) {
        scene.counts.kills++;
        scene.kills++;
      }
    } catch {
      // It has just ended.
    }
    return [];
  }

  async install({ plugin, bad }: Of<'install'>): Promise<string[]> {
    const { world, counts, kills } = this.#scene;
    const version = counts.nextVersion();
    try {
      await world.host.install(pluginPackage(plugin, version, world.points.needs, bad));
      counts.installs++;
      return bad === null ? [] : [`a package that ${bad} was installed`];
    } catch (error) {
      if (!(error instanceof GraftError)) return this.#thrown(error, false);
      counts.outcome(error.code);
      const allowed = [
        'GRAFT_INSTALLED',
        'GRAFT_UNKNOWN_PLUGIN',
        'GRAFT_UPGRADE',
        'GRAFT_POINT_TAKEN',
        ...(bad === null ? [] : ['GRAFT_INSTALL_FAILED', 'GRAFT_BUNDLE']),
        ...(this.#scene.kills > kills ? ['GRAFT_INSTALL_FAILED'] : []),
        ...(this.#scene.closing ? ['GRAFT_CLOSED', 'GRAFT_INSTALL_FAILED', 'GRAFT_STORE'] : []),
      ];
      return allowed.includes(error.code) ? [] : [`install: ${error.code}: ${error.message}`];
    }
  }

  async remove({ plugin, now }: Of<'remove'>): Promise<string[]> {
    try {
      await this.#scene.world.host.remove(plugin, { now });
      this.#scene.counts.removals++;
      return [];
    } catch (error) {
      if (error instanceof GraftError && error.code === 'GRAFT_UNKNOWN_PLUGIN') return [];
      return this.#thrown(error, false);
    }
  }
}

/** Carries one out. Gives what is wrong with how it ended. */
export const carryOut = async (scene: Scene, operation: Operation): Promise<string[]> => {
  const runner = new Runner(scene);
  // The names of the operations are those of the methods.
  const run = runner[operation.op] as (this: Runner, operation: Operation) => Promise<string[]>;
  const wrong = await run.call(runner, operation);
  return scene.closing ? wrong : [...wrong, ...scene.world.books.look()];
};
