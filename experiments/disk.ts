// The disk model against a real drive: the requests of DiskSim's validation trace go through the model in a closed loop
// (the next one comes its think time after the MODELLED completion of the one before), and the distribution of service
// times is compared with the one measured on the drive. The measure is the demerit (C. Ruemmler, J. Wilkes, An
// Introduction to Disk Drive Modeling, IEEE Computer, March 1994): both lists sorted, the root mean square of the
// differences. The model sees block, length and direction of a request; what was measured enters the comparison alone.
//
//   runDisk({ model, specs, parv, trace })     paths of the drive's three parameter files and of the trace, each
//                                              possibly compressed with gzip

import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { Drive, type DriveSpec, parseDrive, type SourceText } from 'graftwork/kernel-model';
import { type MeasuredRequest, parseDiskTrace, textOf } from './disk-trace.ts';

/** The same figure of the real drive, and of the model. */
export interface MeasuredModelled<T> {
  readonly measured: T;
  readonly modelled: T;
}

/** The quality of the model on a trace. */
export interface DiskResult {
  readonly drive: string;
  readonly requests: number;
  /** Root mean square distance of the two sorted lists of service times. */
  readonly demerit_ms: number;
  readonly mean_ms: MeasuredModelled<number>;
  /** Service times at PERCENTS, in milliseconds. */
  readonly percentiles_ms: MeasuredModelled<readonly number[]>;
  /** Over every modelled service time, in order: equal hashes mean equal runs, to the last bit. */
  readonly hash: string;
}

/** The percents of `percentiles_ms`. */
export const PERCENTS = [1, 5, 10, 25, 50, 75, 90, 95, 99] as const;

/** Paths. */
export interface DiskFiles {
  readonly model: string;
  readonly specs: string;
  readonly parv: string;
  readonly trace: string;
}

const sourceOf = (path: string): SourceText => ({ file: basename(path), text: textOf(path) });

/** Reads a drive; a file that the model names lies beside it. */
export const readDrive = ({ model, specs, parv }: Omit<DiskFiles, 'trace'>): DriveSpec =>
  parseDrive({
    model: sourceOf(model),
    specs: sourceOf(specs),
    parv: sourceOf(parv),
    beside: (name) => textOf(join(dirname(model), basename(name))),
  });

/** The modelled service times of requests, in microseconds, in their order. The first comes at time 0. */
export const modelledTimes_us = (spec: DriveSpec, requests: readonly MeasuredRequest[]): Float64Array => {
  const drive = new Drive(spec);
  let now_us = 0;
  return Float64Array.from(requests, ({ lbn, sectors, write, think_us }) => {
    const completed_us = drive.serve({ lbn, sectors, write }, now_us);
    const service_us = completed_us - now_us;
    now_us = completed_us + think_us;
    return service_us;
  });
};

/** Root mean square of the differences of two lists of equal length, sorted; 0 for empty ones. */
export const demerit = (one: Float64Array, other: Float64Array): number => {
  if (one.length !== other.length) throw new RangeError('lists of different lengths have no demerit');
  const left = one.toSorted();
  const right = other.toSorted();
  const squares = left.reduce((sum, value, i) => sum + (value - (right[i] as number)) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, left.length));
};

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** By nearest rank. */
const percentiles = (values: Float64Array): number[] => {
  const sorted = values.toSorted();
  return PERCENTS.map((percent) => sorted[Math.ceil((percent / 100) * sorted.length) - 1] as number);
};

/**
 * Runs a trace through the model of a drive. Throws a DriveFileError or an error that names file and line for files
 * that it cannot read.
 */
export const runDisk = (files: DiskFiles): DiskResult => {
  const spec = readDrive(files);
  const requests = parseDiskTrace(textOf(files.trace), basename(files.trace));
  const modelled_us = modelledTimes_us(spec, requests);
  const modelled = modelled_us.map((time_us) => time_us / 1000);
  const measured = Float64Array.from(requests, ({ service_us }) => service_us / 1000);
  return {
    drive: spec.name,
    requests: requests.length,
    demerit_ms: demerit(measured, modelled),
    mean_ms: { measured: mean(measured), modelled: mean(modelled) },
    percentiles_ms: { measured: percentiles(measured), modelled: percentiles(modelled) },
    hash: createHash('sha256').update(new Uint8Array(modelled_us.buffer)).digest('hex').slice(0, 16),
  };
};
