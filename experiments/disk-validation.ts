// `disk`: the quality of the disk model, as its demerit against a real drive on a trace of measured requests; without
// files, the service times of the project's own drive.
//
//   npm run demo -- disk --model FILE --specs FILE --parv FILE --trace FILE --json

import { DRIVE_1995, Drive } from 'graftwork/kernel-model';
import { hashText, type Point, type Result } from '../report/index.ts';
import { PERCENTS, runDisk } from './disk.ts';
import type { Experiment, ExperimentOptions } from './experiment.ts';
import { numbersFrom } from './made-traces.ts';

const FILES = ['model', 'specs', 'parv', 'trace'] as const;

const against = ({ flags }: ExperimentOptions): Result => {
  const missing = FILES.find((name) => flags[name] === undefined);
  if (missing !== undefined) throw new RangeError(`disk: --${missing} is missing`);
  const [model, specs, parv, trace] = FILES.map((name) => flags[name] as string) as [string, string, string, string];
  const found = runDisk({ model, specs, parv, trace });
  const series = (['measured', 'modelled'] as const).map((name) => ({
    name,
    points: PERCENTS.map((percent, i): Point => [found.percentiles_ms[name][i] as number, percent]),
  }));
  return {
    name: 'disk',
    title: `${found.drive}: the model against the drive`,
    parts: [
      {
        kind: 'table',
        title: 'Service times, in ms',
        columns: ['', 'mean', ...PERCENTS.map((percent) => `p${percent}`)],
        rows: (['measured', 'modelled'] as const).map((name) => [
          name,
          found.mean_ms[name],
          ...found.percentiles_ms[name],
        ]),
        note: 'Demerit: the root mean square distance of the two sorted lists (Ruemmler and Wilkes, 1994).',
      },
      {
        kind: 'figure',
        title: 'Cumulative distribution of service times',
        x: { label: 'service time', unit: 'ms' },
        y: { label: 'requests', unit: '%' },
        series,
        marks: 'line',
      },
    ],
    facts: {
      drive: found.drive,
      requests: found.requests,
      demerit_ms: found.demerit_ms,
      mean_measured_ms: found.mean_ms.measured,
      mean_modelled_ms: found.mean_ms.modelled,
    },
    hash: found.hash,
  };
};

const SECTORS = 8;

/** Service times of the project's own drive against the distance of two requests. */
const ownDrive = ({ seed, small }: ExperimentOptions): Result => {
  const random = numbersFrom(seed);
  const drive = new Drive(DRIVE_1995);
  const span = drive.layout.sectors - SECTORS;
  let now_us = 0;
  let last = 0;
  const serve = (lbn: number): number => {
    const done_us = drive.serve({ lbn, sectors: SECTORS, write: false }, now_us);
    const took_ms = (done_us - now_us) / 1000;
    // Between two requests the head comes to rest anywhere.
    now_us = done_us + 20_000 * random();
    last = lbn;
    return took_ms;
  };
  const near: Point[] = [];
  for (let i = 0; i < (small ? 300 : 2000); i++) {
    const from = last;
    const lbn = Math.floor(random() * span);
    near.push([Math.abs(lbn - from) / 2048, serve(lbn)]);
  }
  const mean_ms = near.reduce((sum, [, ms]) => sum + ms, 0) / near.length;
  return {
    name: 'disk',
    title: 'The project’s own drive: 4 KB reads against their distance',
    parts: [
      {
        kind: 'figure',
        title: 'Service time of random 4 KB reads',
        x: { label: 'distance', unit: 'MB' },
        y: { label: 'service time', unit: 'ms' },
        series: [{ name: 'reads', points: near }],
        marks: 'points',
        note: 'The spread is rotation: up to one turn of the disk.',
      },
    ],
    facts: { requests: near.length, mean_ms, sectors: drive.layout.sectors },
    hash: hashText(near.join()),
  };
};

export const diskValidation: Experiment = {
  name: 'disk',
  describes: 'The disk model: its demerit against a real drive’s measured requests, or the project’s own drive.',
  flags: {
    model: 'DiskSim’s .model file; files that it names lie beside it',
    specs: 'DiskSim’s .diskspecs file',
    parv: 'DiskSim’s .parv file, for the bus',
    trace: 'requests with measured service times',
  },
  run: (options) =>
    Promise.resolve(FILES.some((name) => options.flags[name] !== undefined) ? against(options) : ownDrive(options)),
};
