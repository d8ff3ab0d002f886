// `disasters`: VINO's question. Every way in which a graft can misbehave, in every kind of compartment that claims to
// survive it: how the call ended, whether the kernel's state is what it was before, and whether all other threads got
// their work done. Every printed result was observed in this run.
//
// In full size each graft behaves for a while before it misbehaves: at its first call, its second, its fourth.

import { GraftError } from 'graftwork/plugins';
import { hashText, type Result, type Table } from '../report/index.ts';
import { KINDS, type Kind } from './compartments.ts';
import type { Disaster, Names } from './disaster.ts';
import { DISASTERS } from './disaster-list.ts';
import { type Accomplice, DisasterWorld, type Evidence, type Seat } from './disaster-world.ts';
import type { Experiment } from './experiment.ts';
import { modulePackage } from './graft-package.ts';
import { differences, type Part } from './kernel-state.ts';

/** One misbehaviour in one kind of compartment. */
export interface Verdict {
  readonly disaster: Disaster;
  readonly kind: Kind;
  readonly how: string;
  readonly undone: number;
  readonly removed: boolean;
  readonly differs: readonly Part[];
  /** Threads that ended, and all threads; when the others were done, and when they are with a graft that behaves. */
  readonly ended: number;
  readonly threads: number;
  readonly finished_ms: number;
  readonly honest_ms: number;
  /** Everything that was wrong; empty: survived. */
  readonly faults: readonly string[];
  readonly trace_hash: string;
}

const namesOf = ({ application, mate, bystander }: DisasterWorld): Names => ({
  self: application.id,
  mate: mate.id,
  bystander: bystander.id,
  space: application.space?.id ?? 0,
  other_space: bystander.space?.id ?? 0,
});

const isGlobal = (seat: Seat): boolean => seat === 'victim' || seat === 'thread-exit';

/** A module that behaves for `honest` calls and then as `text` says. */
const moduleOf = (text: string, seat: Seat, honest: number): string => {
  if (text.includes('export const graft')) return text;
  const answer = seat === 'compute-ra' ? '0' : 'input';
  const graft = `(input, api) => (calls++ < ${honest} ? ${answer} : bad(input, api))`;
  return `let calls = 0;\nconst bad = ${text};\nexport const graft = ${graft};`;
};

/** Waits until all reactions to promises have run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Installs the graft. Null: installed; else the code of the refusal. */
const install = async (world: DisasterWorld, disaster: Disaster, honest: number): Promise<string | null> => {
  const { seat, first, point, text, needs, limits, alter, unprivileged } = disaster;
  const grafts = [
    ...(first === undefined ? [] : [{ point: world.pointOf(first), export: 'first' }]),
    { point: point?.(world) ?? world.pointOf(seat), export: 'graft' },
  ];
  const more = { ...(needs === undefined ? {} : { needs }), ...(limits === undefined ? {} : { limits }) };
  const pkg = await modulePackage('disaster', moduleOf(text(namesOf(world)), seat, honest), grafts, more);
  try {
    await world.install(alter?.(pkg) ?? pkg, unprivileged !== true && isGlobal(seat));
    return null;
  } catch (error) {
    if (error instanceof GraftError) return error.code;
    throw error;
  }
};

const HONEST = 'export const graft = (input, api) => ANSWER;';

/** When all threads are done if the graft behaves, in emulated milliseconds. */
const honestTime = async (kind: Kind, seat: Seat, accomplices: readonly Accomplice[]): Promise<number> => {
  const world = new DisasterWorld(kind, accomplices);
  const text = HONEST.replace('ANSWER', seat === 'compute-ra' ? '0' : 'input');
  await world.install(
    await modulePackage('honest', text, [{ point: world.pointOf(seat), export: 'graft' }]),
    isGlobal(seat),
  );
  return world.run().finished_ms;
};

class HonestTimes {
  readonly #known = new Map<string, Promise<number>>();

  of(kind: Kind, { seat, accomplices = [] }: Disaster): Promise<number> {
    const key = [kind, seat, ...accomplices.map(({ name }) => name)].join();
    const known = this.#known.get(key) ?? honestTime(kind, seat, accomplices);
    this.#known.set(key, known);
    return known;
  }
}

/** The faults in the evidence. */
const faultsOf = (disaster: Disaster, world: DisasterWorld, how: string, evidence: Evidence): string[] => {
  const { ends, undone = 0, changes = [], meanwhile = [], also } = disaster;
  const last = evidence.ending;
  const aborted = last !== null && last.how !== 'committed';
  const differs = (last?.differs ?? []).filter(
    (part) => !meanwhile.includes(part) && (aborted || !changes.includes(part)),
  );
  const other = also?.(world, evidence) ?? null;
  return [
    ...(ends.includes(how) ? [] : [`it ended as ${how}`]),
    ...(aborted && !last.removed && last.how !== 'deadlock' ? ['it was not removed'] : []),
    ...(aborted && last.undone < undone ? [`${last.undone} records undone`] : []),
    ...differs.map((part) => `${part} differs`),
    ...(evidence.ended < evidence.threads ? [`${evidence.threads - evidence.ended} threads have not ended`] : []),
    ...(evidence.wrong > 0 ? [`${evidence.wrong} wrong bytes`] : []),
    ...evidence.left.map((what) => `left behind: ${what}`),
    ...(other === null ? [] : [other]),
  ];
};

/** Lets one graft misbehave in one kernel. */
export const suffer = async (
  disaster: Disaster,
  kind: Kind,
  honest: number,
  times: { of: HonestTimes['of'] } = new HonestTimes(),
): Promise<Verdict> => {
  const world = new DisasterWorld(kind, disaster.accomplices ?? []);
  const before = world.state;
  const refused = await install(world, disaster, honest);
  const refusal = refused === null ? [] : differences(before, world.state).map((part) => `install: ${part} differs`);
  const evidence = world.run();
  const after = world.state;
  await settled();
  const late = differences(after, world.state).map((part) => `${part} changed when all was over`);
  const last = evidence.ending;
  const how = refused ?? last?.how ?? 'never called';
  return {
    disaster,
    kind,
    how,
    undone: last?.undone ?? 0,
    removed: last?.removed ?? false,
    differs: last?.differs ?? [],
    ended: evidence.ended,
    threads: evidence.threads,
    finished_ms: evidence.finished_ms,
    honest_ms: await times.of(kind, disaster),
    faults: [...faultsOf(disaster, world, how, evidence), ...refusal, ...late],
    trace_hash: evidence.trace_hash,
  };
};

/** The part of a verdict that is the same in every run: not what this machine's stack or its clock cuts off. */
const computed = ({ disaster, kind, how, undone, trace_hash, faults }: Verdict): string => {
  const varies = disaster.varies === true || (kind === 'isolate' && how === 'own-time');
  return [...(varies ? [] : [how, undone, trace_hash]), ...faults].join();
};

const kernelDid = ({ how, undone, removed }: Verdict): string => {
  if (how.startsWith('GRAFT_')) return `refused it: ${how}`;
  if (how === 'committed') return 'took its valid answer';
  return `aborted it: ${how}, ${undone} undone${removed ? ', removed' : ''}`;
};

const rowOf = (verdict: Verdict): string[] => {
  const { disaster, differs, ended, threads, finished_ms, honest_ms, faults, how } = verdict;
  const { changes = [], meanwhile = [] } = disaster;
  const own = differs.filter((part) => meanwhile.includes(part) || (how === 'committed' && changes.includes(part)));
  const equal =
    differs.length === own.length
      ? own.length === 0
        ? 'yes'
        : `yes, but for what it may: ${own.join(', ')}`
      : `NO: ${differs.join(', ')}`;
  return [
    disaster.what,
    kernelDid(verdict),
    equal,
    `${ended} of ${threads} threads ended; others done at ${finished_ms.toFixed(1)} ms, ` +
      `with an honest graft at ${honest_ms.toFixed(1)}`,
    faults.length === 0 ? 'survived' : faults.join('; '),
  ];
};

const COLUMNS = ['what the graft does', 'what the kernel did', 'state equal', 'the kernel went on', 'verdict'];

const tableOf = (kind: Kind, verdicts: readonly Verdict[]): Table => ({
  kind: 'table',
  title: `In ${kind}`,
  columns: COLUMNS,
  rows: DISASTERS.map((disaster) => {
    const verdict = verdicts.findLast((one) => one.kind === kind && one.disaster === disaster);
    return verdict === undefined ? [disaster.what, '', '', '', 'not claimed'] : rowOf(verdict);
  }),
  note:
    'State: page queue, frames, page tables, shared map, priorities, wired pages, locks, accounts, files, before ' +
    'and after the call. Times are emulated. Where this machine’s clock or stack ends a graft, how far it came is ' +
    'not in the hash.',
});

/** The number of survived disasters of each abuse, by kind of compartment. */
const summary = (verdicts: readonly Verdict[]): Table => {
  const abuses = [...new Set(DISASTERS.map(({ abuse }) => abuse))];
  const cell = (abuse: string, kind: Kind): string => {
    const all = verdicts.filter((one) => one.kind === kind && one.disaster.abuse === abuse);
    const claimed = DISASTERS.filter((one) => one.abuse === abuse);
    const rows = claimed.filter((one) => one.claims.includes(kind));
    const survived = rows.filter((one) =>
      all.filter(({ disaster }) => disaster === one).every(({ faults }) => faults.length === 0),
    );
    const others = claimed.length - rows.length;
    return `${survived.length} of ${rows.length}${others > 0 ? `, ${others} not claimed` : ''}`;
  };
  return {
    kind: 'table',
    title: 'Survived, by abuse and kind of compartment',
    columns: ['', ...KINDS],
    rows: abuses.map((abuse) => [abuse, ...KINDS.map((kind) => cell(abuse, kind))]),
    note:
      'Direct code isolates nothing, and neither it nor ses ends a loop: what they do not claim is not tried. ' +
      'Numbers in brackets: rules for grafts, as recalled from the OSDI ’96 paper’s body.',
  };
};

/**
 * After how many calls it misbehaves. An isolate that had to wait for a core is begun anew, and has forgotten how often
 * it was called.
 */
const trialsOf = ({ once, ends }: Disaster, kind: Kind, small: boolean): readonly number[] =>
  small || once === true || (kind === 'isolate' && ends.includes('own-time')) ? [0] : [0, 1, 3];

export const disasters: Experiment = {
  name: 'disasters',
  describes:
    'Every way in which a graft misbehaves, in every compartment that claims to survive it: ' +
    'state, progress, and how it ended.',
  async run({ small, progress }): Promise<Result> {
    const verdicts: Verdict[] = [];
    const times = new HonestTimes();
    for (const disaster of DISASTERS) {
      progress(`disasters: ${disaster.what}`);
      for (const kind of disaster.claims)
        for (const honest of trialsOf(disaster, kind, small))
          verdicts.push(await suffer(disaster, kind, honest, times));
    }
    const failed = verdicts.filter(({ faults }) => faults.length > 0);
    const broken = new Set(failed.map(({ disaster, kind }) => `${disaster.what} ${kind}`)).size;
    const claimed = DISASTERS.reduce((sum, { claims }) => sum + claims.length, 0);
    const rows = DISASTERS.length * KINDS.length;
    return {
      name: 'disasters',
      title:
        `${claimed - broken} of ${claimed} disasters survived, each in a kernel of its own; ` +
        `${rows - claimed} are not claimed`,
      parts: [summary(verdicts), ...KINDS.map((kind) => tableOf(kind, verdicts))],
      facts: {
        disasters: DISASTERS.length,
        rows,
        claimed,
        survived: claimed - broken,
        not_claimed: rows - claimed,
        failed: broken,
        kernels: verdicts.length,
      },
      hash: hashText(verdicts.map(computed).join('\n')),
    };
  },
};
