// Real time against fuel: programs that do as much as they can for a unit (programs.ts), and every built-in, called on
// and with what makes it work longest. Each gets its own time as fuel; the processor's time for it is measured. Used by
// `npm run campaign -- fuel [--seed N] [--cases N]`.

import { Worker } from 'node:worker_threads';
import { Random } from '../../support/random.ts';
import type { Functions } from './functions.ts';
import { ARGUMENTS, PROGRAMS, RECEIVERS, SETUP } from './programs.ts';
import type { Job, Measured } from './worker.ts';

export interface FuelRun {
  /** Functions in reach that no table knows. */
  readonly unknown: readonly string[];
  readonly programs: number;
  readonly calls: number;
  /** Processor time for the fuel of a millisecond, in ms: of the control, and the dearest, with their names. */
  readonly control: number;
  readonly dearest: readonly { readonly name: string; readonly ratio: number; readonly outcome: string }[];
  /** Beyond FACTOR. */
  readonly beyond: readonly string[];
  readonly neverEnded: readonly string[];
}

/** As much longer than its fuel says may a program take. */
const FACTOR = 20;
const HUNG_MS = 20_000;

/** Asks a worker for one measurement after the other; a new one where one hangs. */
class Meter {
  #worker: Worker | null = null;
  functions: Functions = { unknown: [], methods: [] };

  async start(): Promise<void> {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { unknown: true } });
    this.#worker = worker;
    await new Promise<void>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', ({ functions }: { functions: Functions }) => {
        this.functions = functions;
        resolve();
      });
    });
  }

  async measure(job: Job): Promise<Measured | null> {
    if (this.#worker === null) await this.start();
    const worker = this.#worker as Worker;
    const measured = await new Promise<Measured | null>((resolve) => {
      const done = (result: Measured | null): void => {
        clearTimeout(timer);
        worker.off('message', done);
        worker.off('error', lost);
        resolve(result);
      };
      const lost = (): void => done(null);
      const timer = setTimeout(lost, HUNG_MS);
      worker.on('message', done);
      worker.on('error', lost);
      worker.postMessage(job);
    });
    if (measured === null) await this.stop();
    return measured;
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}

/** A call of a built-in, over and over; an error costs what it costs. */
const bodyOf = (call: string): string =>
  `${SETUP} for (;;) { try { for (;;) { ${call} ${call} ${call} ${call} } } catch {} }`;

const callsOf = ({ methods }: Functions): readonly string[] => {
  const calls: string[] = [];
  for (const { holder, key } of methods) {
    if (holder.endsWith("'s prototype")) continue;
    const receivers = RECEIVERS[holder] ?? [holder];
    const isStatic = RECEIVERS[holder] === undefined;
    for (const receiver of receivers)
      for (const given of ARGUMENTS)
        calls.push(
          isStatic ? `${holder}${key}(${given});` : `${holder}${key}.call(${receiver}${given && `, ${given}`});`,
        );
  }
  for (const maker of [
    'Array',
    'Map',
    'Set',
    'Uint8Array',
    'Date',
    'Error',
    'DataView',
    'ArrayBuffer',
    'WeakMap',
    'Number',
  ])
    for (const given of ARGUMENTS) calls.push(`new ${maker}(${given});`);
  for (const name of ['String', 'Number', 'Boolean', 'Symbol', 'Object', 'isNaN', 'isFinite', 'parseInt', 'parseFloat'])
    for (const given of ARGUMENTS) calls.push(`${name}(${given});`);
  for (const name of ['encodeURI', 'encodeURIComponent', 'decodeURI', 'decodeURIComponent', 'escape', 'unescape'])
    for (const given of ARGUMENTS) calls.push(`${name}(${given});`);
  return calls;
};

export interface FuelOptions {
  readonly seed: number;
  /** Calls of built-ins, picked by the seed; 0 for all of them. */
  readonly cases: number;
  /** The fuel of each program, in ms; a call has twice that, since it is set up first. */
  readonly own_ms: number;
  /** Programs of more text are left out. */
  readonly text_max?: number;
}

export const calibrate = async (
  { seed, cases, own_ms, text_max = Number.POSITIVE_INFINITY }: FuelOptions,
  progress: (text: string) => void,
): Promise<FuelRun> => {
  const meter = new Meter();
  await meter.start();
  const { functions } = meter;
  const random = new Random(seed);
  const all = callsOf(functions);
  const calls = cases === 0 ? all : Array.from({ length: cases }, () => random.pick(all));
  const programs = Object.entries(PROGRAMS).filter(([, body]) => body.length <= text_max);
  const jobs: Job[] = [
    ...programs.map(([name, body]) => ({ name, body, own_ms })),
    ...calls.map((call) => ({ name: call, body: bodyOf(call), own_ms: own_ms * 2 })),
  ];
  const results: { name: string; ratio: number; outcome: string }[] = [];
  const beyond: string[] = [];
  const neverEnded: string[] = [];
  for (const [i, job] of jobs.entries()) {
    const measured = await meter.measure(job);
    if (measured === null) neverEnded.push(job.name);
    else {
      const ratio = measured.cpu_ms / job.own_ms;
      results.push({ name: job.name, ratio, outcome: measured.outcome });
      if (ratio > FACTOR) beyond.push(`${job.name}: ${measured.outcome}, ${ratio.toFixed(0)} x`);
    }
    if (i % 200 === 199) progress(`${i + 1} of ${jobs.length}, ${beyond.length + neverEnded.length} beyond`);
  }
  await meter.stop();
  const [control] = results;
  return {
    unknown: functions.unknown,
    programs: programs.length,
    calls: calls.length,
    control: control?.ratio ?? Number.NaN,
    dearest: results.toSorted((a, b) => b.ratio - a.ratio).slice(0, 30),
    beyond,
    neverEnded,
  };
};
