// `traces`: replays reference traces through the MMU, the page faults and the victim path, and compares replacement
// policies.
//
//   npm run demo -- traces --trace FILE --format lirs|address|arc --frames N --policy P [--compartment KIND] --json
//
// Every reference is a load of a thread. Without a compartment the policy is the kernel's own default; with one it is a
// graft at the eviction point of the thread's address space, downloaded into that kind of compartment. Without a file,
// traces made here are compared over all policies.

import { Kernel, ReplayProgram } from 'graftwork/kernel-model';
import { type Figure, hashText, type Result, type Table } from '../report/index.ts';
import {
  type Evict,
  makeAdaptive,
  makeFifo,
  makeLirs,
  makeLru,
  makeMru,
  makeOpt,
  makeS3Fifo,
} from '../src/kernel-model/grafts/eviction/index.ts';
import { compartments, isKind, KINDS, type Kind } from './compartments.ts';
import type { Experiment, ExperimentOptions } from './experiment.ts';
import { graftPackage } from './graft-package.ts';
import { madeTraces } from './made-traces.ts';
import { readTrace, type Trace, type TraceFormat } from './trace-file.ts';

type Make = (references: Int32Array) => Evict | null;

/** The kernel's own default is second chance, which is CLOCK; the others are policies in its place. */
const DEFAULTS: Readonly<Record<string, Make>> = {
  fifo: makeFifo,
  clock: () => null,
  lru: makeLru,
  mru: makeMru,
  lirs: makeLirs,
  s3fifo: makeS3Fifo,
  adaptive: makeAdaptive,
  opt: makeOpt,
};
export const POLICIES = Object.keys(DEFAULTS);
const FORMATS: readonly string[] = ['lirs', 'address', 'arc'];

export interface Replay {
  readonly references: number;
  readonly hits: number;
  readonly faults: number;
  readonly hit_ratio: number;
  readonly tlb_misses: number;
  readonly daemon_wakeups: number;
  readonly evictions: number;
  /** Victims that a graft replaced, and its calls that were kept and undone. */
  readonly exchanged: number;
  readonly committed: number;
  readonly aborted: number;
  readonly emulated_ms: number;
  readonly real_ms: number;
  readonly trace_hash: string;
}

/** Replays a trace on a kernel of `frames` frames. Throws RangeError for a policy that cannot run there. */
export const replay = async (trace: Trace, frames: number, policy: string, kind: Kind | null): Promise<Replay> => {
  const make = DEFAULTS[policy];
  if (make === undefined) throw new RangeError(`no policy ${policy}; there are ${POLICIES.join(', ')}`);
  if (kind !== null && policy === 'opt') throw new RangeError('opt knows the future: it is no graft');
  const { references, distinct } = trace;
  const kernel = new Kernel({
    frames,
    disk: null,
    compartments: compartments(kind ?? 'direct'),
    policy: kind === null ? make(references) : null,
  });
  const thread = kernel.spawn({
    name: 'replay',
    owner: 'ann',
    pages: distinct,
    program: new ReplayProgram(references),
  });
  if (kind !== null) {
    const point = `kernel/address-space/${thread.space?.id}/evict`;
    await kernel.install(await graftPackage('policy', { file: `eviction/${policy}.ts`, export: 'evict', point }), {
      user: 'ann',
    });
  }
  const begun = performance.now();
  kernel.run();
  const real_ms = performance.now() - begun;
  const { daemon_wakeups, evictions, exchanged } = kernel.memory.counts;
  const { committed, aborted } = kernel.calls.counts;
  const hits = references.length - thread.faults;
  return {
    references: references.length,
    hits,
    faults: thread.faults,
    hit_ratio: hits / references.length,
    tlb_misses: kernel.mmu.tlb_misses,
    daemon_wakeups,
    evictions,
    exchanged,
    committed,
    aborted,
    emulated_ms: kernel.events.now_us / 1000,
    real_ms,
    trace_hash: kernel.trace.hash,
  };
};

const flagged = (flags: Readonly<Record<string, string>>, name: string): string => {
  const value = flags[name];
  if (value === undefined) throw new RangeError(`traces: --${name} is missing`);
  return value;
};

const kindOf = (flags: Readonly<Record<string, string>>): Kind | null => {
  const kind = flags.compartment;
  if (kind === undefined) return null;
  if (isKind(kind)) return kind;
  throw new RangeError(`no compartment ${kind}; there are ${KINDS.join(', ')}`);
};

/** One file, one policy. */
const oneFile = async ({ flags, progress }: ExperimentOptions): Promise<Result> => {
  const format = flagged(flags, 'format');
  if (!FORMATS.includes(format)) throw new RangeError(`no format ${format}; there are ${FORMATS.join(', ')}`);
  const frames = Number(flagged(flags, 'frames'));
  if (!Number.isSafeInteger(frames) || frames < 1 || frames > 2 ** 20)
    throw new RangeError('traces: --frames takes a number of frames');
  const file = flagged(flags, 'trace');
  const policy = flags.policy ?? 'lru';
  const kind = kindOf(flags);
  progress(`traces: ${file}`);
  const found = await replay(readTrace(file, format as TraceFormat), frames, policy, kind);
  const rows = Object.entries(found).map(([name, value]) => [name, value]);
  return {
    name: 'traces',
    title: `${policy} over ${frames} frames, ${kind === null ? 'the kernel’s own' : `a graft in ${kind}`}`,
    parts: [{ kind: 'table', title: file, columns: ['', ''], rows }],
    facts: { ...found },
    hash: hashText(`${found.hits} ${found.trace_hash}`),
  };
};

/** All policies over traces made here: a loop, a scan with hot pages, a skewed mix. */
const compared = async ({ small, seed, flags, progress }: ExperimentOptions): Promise<Result> => {
  const kind = kindOf(flags);
  const parts: (Table | Figure)[] = [];
  let found = '';
  for (const { name, trace, sizes, describes } of madeTraces(seed, small)) {
    progress(`traces: ${name}`);
    const series: { name: string; points: [number, number][] }[] = [];
    for (const policy of POLICIES) {
      const points: [number, number][] = [];
      for (const frames of sizes) {
        const { hits, hit_ratio, trace_hash } = await replay(trace, frames, policy, policy === 'opt' ? null : kind);
        points.push([frames, 100 * hit_ratio]);
        found += `${name} ${policy} ${frames} ${hits} ${trace_hash}\n`;
      }
      series.push({ name: policy, points });
    }
    const rows = series.map(({ name: policy, points }) => [policy, ...points.map(([, ratio]) => ratio)]);
    const title = `${name}: hits of 100 references`;
    parts.push({
      kind: 'table',
      title,
      columns: ['policy', ...sizes.map((frames) => `${frames} frames`)],
      rows,
      note: describes,
    });
    parts.push({
      kind: 'figure',
      title,
      x: { label: 'frames', unit: '' },
      y: { label: 'hits', unit: '%' },
      series,
      marks: 'line',
    });
  }
  const where = kind === null ? 'the kernel’s own policies' : `downloaded into ${kind}`;
  return {
    name: 'traces',
    title: `Replacement policies over reference traces, ${where}`,
    parts,
    facts: { policies: POLICIES.length },
    hash: hashText(found),
  };
};

export const traces: Experiment = {
  name: 'traces',
  describes: 'Replays reference traces through the MMU and the victim path; compares replacement policies.',
  flags: {
    trace: 'a file to replay, gzipped or not',
    format: FORMATS.join('|'),
    frames: 'physical memory, in frames of 4 KB',
    policy: POLICIES.join('|'),
    compartment: `${KINDS.join('|')}: the policy is a graft there; else it is the kernel's own`,
  },
  run: (options) => (options.flags.trace === undefined ? compared(options) : oneFile(options)),
};
