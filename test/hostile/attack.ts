// Runs one entry against a host of its own and says what came of it.

import { existsSync } from 'node:fs';
import type { AnyKind } from '../../bench/rivals/index.ts';
import { GraftError } from '../../src/host/index.ts';
import { isAlive } from '../support/base.ts';
import { claimsOf } from '../support/claims.ts';
import { betrayal } from './answers.ts';
import { type Call, drive, isGrantedNothing, needsInWords, usesOf, Wrong } from './drives.ts';
import { type Entry, expressionOf, usedNames } from './entry.ts';
import { describesPackage, upload } from './upload.ts';
import { checkAfter, Watch } from './watch.ts';
import { World } from './world.ts';

export type Status = 'passed' | 'failed' | 'skipped' | 'not-applicable';

export interface Verdict {
  readonly id: string;
  readonly status: Status;
  /** What went wrong, why it was not run, or how it ended as it should. */
  readonly why: string;
}

/** Families that the project does not have yet: classes whose entries are skipped. */
const MISSING: Readonly<Record<string, string>> = { ssrf: 'fetch', sql: 'query' };
/** What a graft can only call where its compartment can wait. */
const WAITING = ['sleep', 'call'];

/** Why an entry is not run at all with a kind, or null. */
export const notRun = (entry: Entry, kind: AnyKind): Verdict | null => {
  const used =
    entry.outcome === 'ok' ? usedNames(entry.source).find((name) => Object.values(MISSING).includes(name)) : undefined;
  const missing = MISSING[entry.class] ?? used;
  if (missing !== undefined) return { id: entry.id, status: 'skipped', why: `there is no ${missing} yet` };
  const waiting = claimsOf(kind).waits ? undefined : usesOf(entry).find((name) => WAITING.includes(name));
  return waiting === undefined
    ? null
    : { id: entry.id, status: 'not-applicable', why: `${waiting} waits, and a ${kind} compartment cannot` };
};

/** How a call may end for an entry of this outcome, or what is wrong with how it did. */
const wrongEnd = (entry: Entry, { outcome }: Call): string | null => {
  if (outcome === null) return entry.outcome === 'ok' ? 'the input was refused' : null;
  const { status } = outcome;
  const ended =
    `${status}${'reason' in outcome ? ` (${outcome.reason}: ${outcome.grafts[0]?.detail ?? ''})` : ''}`.slice(0, 400);
  if (status !== 'committed' && status !== 'failed' && status !== 'aborted') return `the call ended as ${ended}`;
  if (entry.outcome === 'ok' && status !== 'committed') return `an honest call was not committed: ${ended}`;
  const mustAbort = entry.outcome === 'aborted' || entry.outcome === 'aborted-or-unavailable';
  return mustAbort && status === 'committed'
    ? `the call committed ${JSON.stringify(outcome.value)?.slice(0, 200)} and should have been aborted`
    : null;
};

const checkCalls = (world: World, calls: readonly Call[]): void => {
  for (const call of calls) {
    const fault = wrongEnd(world.entry, call);
    if (fault !== null) throw new Wrong(fault);
    if (call.outcome?.status !== 'committed') continue;
    const shown = betrayal(world.entry, call.outcome.value, world.secrets);
    if (shown !== null) throw new Wrong(shown);
  }
  const logged = world.lines.map((line) => betrayal(world.entry, line, world.secrets)).find((shown) => shown !== null);
  if (logged !== undefined) throw new Wrong(`in its log: ${logged}`);
};

/** Names that no manifest can need. */
const FORBIDDEN = ['constructor', 'prototype', '__proto__'];

const codeOf = (error: unknown): string => {
  if (error instanceof GraftError) return error.code;
  throw new Wrong(`the install threw ${error instanceof Error ? error.stack : error}`);
};

/** The code of the refusal of an install, or null where it was installed. */
const refusalOf = async (install: () => Promise<unknown>): Promise<string | null> => {
  try {
    await install();
    return null;
  } catch (error) {
    return codeOf(error);
  }
};

/**
 * A source that is no lone expression has to do as a module, which the bundler or the missing export ends; one that is
 * may still fail when it is loaded.
 */
const mustBeRefused = async (world: World): Promise<void> => {
  const alone = expressionOf(world.entry.source) === null;
  const code = await refusalOf(() => world.install('attack', { alone }));
  if (code === null) throw new Wrong('the plugin was installed and should have been refused');
  const isRight = code === 'GRAFT_INSTALL_FAILED' || (code === 'GRAFT_BUNDLE' && alone);
  if (!isRight) throw new Wrong(`the plugin was refused with ${code}`);
  if (world.host.plugins().some(({ name }) => name === 'attack'))
    throw new Wrong('a plugin that was refused is registered');
};

/** Nothing is granted: asking for something is refused, and a plugin that does not ask finds nothing there. */
const withoutGrants = async (world: World): Promise<Call[]> => {
  const wanted = usedNames(world.entry.source).filter((name) => !FORBIDDEN.includes(name));
  if (wanted.length > 0) {
    const code = await refusalOf(() => world.install('attack', { needs: wanted, grants: [] }));
    if (code !== 'GRAFT_NEEDS')
      throw new Wrong(
        `a plugin that needs ${wanted.join(', ')} was ${code === null ? 'installed' : `refused with ${code}`}`,
      );
  }
  await world.install('attack', { needs: [] });
  return drive(world, world.entry);
};

const attack = async (world: World): Promise<Call[]> => {
  const { entry } = world;
  if (isGrantedNothing(entry)) return withoutGrants(world);
  await world.installNeighbours();
  const needs = [...new Set([...world.needsOf(entry.source), ...needsInWords(entry)])];
  const code = await refusalOf(() => world.install('attack', { needs }));
  if (code === null) return drive(world, entry);
  // What the bundler or the load will not have can do no harm; an honest plugin it must have.
  if (entry.outcome === 'ok' || !['GRAFT_BUNDLE', 'GRAFT_INSTALL_FAILED'].includes(code))
    throw new Wrong(`the install was refused with ${code}`);
  return [];
};

/** The next call of the same plugin is none the worse for what the last one did. */
const checkInnocent = async (world: World): Promise<void> => {
  if (!world.host.plugins().some(({ name }) => name === 'attack')) return;
  const outcome = await world.innocent.invoke(null);
  if (outcome.status === 'committed') return;
  const why = 'reason' in outcome ? `${outcome.reason}: ${outcome.grafts[0]?.detail ?? ''}` : '';
  throw new Wrong(`the next call of the plugin, an innocent one, was ${outcome.status} ${why}`.slice(0, 400));
};

const written = (entry: Entry): string[] =>
  [...new Set(entry.source.match(/\/tmp\/[\w.-]+/g) ?? [])].filter((file) => existsSync(file));

const endOf = ({ outcome }: Call): string => {
  if (outcome === null) return 'input refused';
  return 'reason' in outcome ? `${outcome.reason}: ${outcome.grafts[0]?.detail ?? ''}`.slice(0, 100) : outcome.status;
};

/** Gives how it ended, in words. */
const run = async (world: World, watch: Watch): Promise<string> => {
  const { entry } = world;
  const files = written(entry);
  world.startLoad();
  let calls: Call[] = [];
  let end = 'refused';
  if (describesPackage(entry)) end = await upload(world);
  else if (entry.outcome === 'refused-install') await mustBeRefused(world);
  else {
    calls = await attack(world);
    checkCalls(world, calls);
    await checkInnocent(world);
    end = [...new Set(calls.map(endOf))].join(', ');
  }
  const committed = calls.some(({ outcome }) => outcome?.status === 'committed');
  await checkAfter(world, watch, committed);
  if (written(entry).length > files.length) throw new Wrong(`a file was written: ${written(entry).join(', ')}`);
  return end;
};

const GONE_MS = 5000;

const close = async (world: World, pids: ReadonlySet<number>): Promise<void> => {
  await world.stopLoad();
  await world.host.close();
  const started = performance.now();
  while ([...pids].some(isAlive)) {
    if (performance.now() - started > GONE_MS) throw new Wrong('a process of a plugin outlives its host');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

/** Runs an entry. A failure of the harness itself is a failed entry too. */
export const runEntry = async (entry: Entry, kind: AnyKind): Promise<Verdict> => {
  const skipped = notRun(entry, kind);
  if (skipped !== null) return skipped;
  const faults: string[] = [];
  const noted = (error: unknown): void => {
    faults.push(error instanceof Wrong ? error.message : `${error instanceof Error ? error.stack : error}`);
  };
  const world = await World.open(entry, kind);
  const watch = new Watch(world);
  const end = await run(world, watch).catch(noted);
  watch.stop();
  await close(world, watch.pids).catch(noted);
  return { id: entry.id, status: faults.length === 0 ? 'passed' : 'failed', why: faults[0] ?? end ?? '' };
};
