// `npm run bench -- isolation`: every kind of compartment through its public path, beside the bare parts that it is
// made of, so that a person can choose one. `--kinds isolate,process` and `--parts calls` measure less.

import { loadavg } from 'node:os';
import { machine } from '../report/index.ts';
import { BadUse, type Benchmark } from './benchmark.ts';
import { survivedOf } from './isolation/hostile.ts';
import { KINDS } from './isolation/kinds.ts';
import { pageOf } from './isolation/page.ts';
import { type Found, PARTS, survey } from './isolation/survey.ts';
import { targetsOf } from './isolation/targets.ts';
import type { Row } from './measure.ts';

/** Comparisons with floors, by title. */
const floorTables = (all: readonly Found[]): Record<string, readonly Row[]> => {
  const tables: Record<string, readonly Row[]> = {};
  for (const { kind, calls } of all) {
    for (const [name, { each, batch, others }] of Object.entries(calls?.works ?? {})) {
      if (each.length < 2) continue;
      tables[`${kind}: ${name}, each call timed`] = each;
      tables[`${kind}: ${name}, ${kind === 'isolate' ? 'batches' : '64 in flight'}`] = batch;
      if (others.length > 0) tables[`${name}: ways into an isolate and back`] = others;
    }
    if (calls !== undefined) tables[`${kind}: a call-back`] = calls.callBack;
  }
  return tables;
};

/** Names out of `all`, separated by commas; all if none is given. */
const listed = (text: string | undefined, all: readonly string[]): readonly string[] => {
  const names = text?.split(',') ?? all;
  const unknown = names.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new BadUse(`${unknown} is none of ${all.join(', ')}`);
  return names;
};

export const isolation: Benchmark = {
  name: 'isolation',
  describes: 'every kind of compartment: calls, start, memory, and what it stops',
  flags: {
    kinds: 'measure these alone, with commas between',
    hostile: 'the report of the hostile harness, a JSON file',
    parts: `measure this alone: ${PARTS.join(', ')}`,
  },
  async run({ small, seed, progress, flags = {} }) {
    const kinds = listed(
      flags.kinds,
      KINDS.map(({ name }) => name),
    );
    const parts = listed(flags.parts, PARTS);
    const load = loadavg()[0] as number;
    const all = await survey({ small, seed, kinds, parts, progress });
    const tables = floorTables(all);
    const targets = targetsOf(all);
    return {
      benchmark: 'isolation',
      seed,
      small,
      machine: {
        ...machine(['isolated-vm', 'ses', '@jitl/quickjs-wasmfile-release-sync']),
        load: [load, loadavg()[0] as number].map((one) => one.toFixed(1)).join(' to '),
      },
      tables,
      targets,
      page: pageOf(all, targets, tables, { small, survived: survivedOf(flags.hostile) }),
      samples: all,
    };
  },
};
