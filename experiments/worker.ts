// Runs an experiment in a process of its own, whose realm is locked down: `ses` and `metered` compartments need that,
// and nothing else may share it. Its first message names the experiment; it sends progress and results as data. A
// hostile graft that ends the engine ends this process alone.

import { once } from 'node:events';
import { lockdownRealm } from 'graftwork/compartments';
import { EXPERIMENTS } from './experiments.ts';

/** The first message of the process. */
export interface WorkOrder {
  readonly name: string;
  readonly small: boolean;
  readonly seed: number;
  readonly flags: Readonly<Record<string, string>>;
}

const [order] = await once(process, 'message');
const { name, small, seed, flags } = order as WorkOrder;
await lockdownRealm();
const experiment = EXPERIMENTS.find((one) => one.name === name);
const progress = (text: string): void => void process.send?.({ progress: text });
try {
  if (experiment === undefined) throw new RangeError(`no experiment ${name}`);
  process.send?.({ result: await experiment.run({ small, seed, flags, progress }) });
} catch (error) {
  process.send?.({
    error: error instanceof Error ? `${error.message}` : String(error),
    stack: error instanceof Error ? error.stack : '',
  });
}
