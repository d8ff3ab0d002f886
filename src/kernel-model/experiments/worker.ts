// Runs experiments in a worker of their own, whose realm is locked down: `ses` and `metered` compartments need that, and nothing else may share it.
// It is told which experiment to run, and sends progress and results as data.

import { parentPort, workerData } from 'node:worker_threads';
import { lockdownRealm } from '../../plugins/compartment/index.ts';
import { EXPERIMENTS } from './experiments.ts';

/** What a worker is started with. */
export interface WorkOrder {
  readonly name: string;
  readonly small: boolean;
  readonly seed: number;
  readonly flags: Readonly<Record<string, string>>;
}

const { name, small, seed, flags } = workerData as WorkOrder;
await lockdownRealm();
const experiment = EXPERIMENTS.find((one) => one.name === name);
const progress = (text: string): void => parentPort?.postMessage({ progress: text });
try {
  if (experiment === undefined) throw new RangeError(`no experiment ${name}`);
  parentPort?.postMessage({ result: await experiment.run({ small, seed, flags, progress }) });
} catch (error) {
  parentPort?.postMessage({
    error: error instanceof Error ? `${error.message}` : String(error),
    stack: error instanceof Error ? error.stack : '',
  });
}
