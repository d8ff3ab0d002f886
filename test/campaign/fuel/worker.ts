// Runs metered programs in a locked realm, one message each, and says what they took of the processor.

import { parentPort, workerData } from 'node:worker_threads';
import { isKnown } from '../../../src/plugins/compartment/in-realm/meter/built-ins.ts';
import { type CompartmentCall, lockdownRealm, MeteredMaker } from '../../../src/plugins/compartment/index.ts';

/** A graft's body and its own time, as fuel, in ms. */
export interface Job {
  readonly name: string;
  readonly body: string;
  readonly own_ms: number;
}

export interface Measured {
  readonly name: string;
  /** Processor time of the call, in ms. */
  readonly cpu_ms: number;
  readonly fuel_ms: number;
  readonly outcome: string;
}

await lockdownRealm();
const maker = new MeteredMaker();
const grafts = [{ export: 'graft', callable: [], columns: [] }];

const call = (own_ms: number): CompartmentCall =>
  ({
    index: 0,
    input: null,
    own_ms,
    ignoresAnswer: true,
    at: null,
    txn: { state: 'active', doomed: null, parent: null },
  }) as unknown as CompartmentCall;

const measured = async ({ name, body, own_ms }: Job): Promise<Measured> => {
  const code = `(() => ({ graft: () => { ${body} } }))()`;
  const compartment = await maker
    .load({ plugin: 'work', code, memory_mb: 32, load_ms: 1000, grafts })
    .catch((error: Error) => `refused at load: ${error.message}`);
  if (typeof compartment === 'string') return { name, cpu_ms: 0, fuel_ms: 0, outcome: compartment };
  const before = process.threadCpuUsage();
  const ending = compartment.run?.(call(own_ms));
  const { user, system } = process.threadCpuUsage(before);
  const outcome =
    ending?.kind === 'failed' ? `${ending.failure.reason}: ${ending.failure.message}` : String(ending?.kind);
  return { name, cpu_ms: (user + system) / 1000, fuel_ms: ending?.own_ms ?? 0, outcome };
};

const { unknown } = workerData as { readonly unknown: boolean };
if (unknown) {
  // Sent before anything is asked: functions that no table knows.
  const { functions } = await import('./functions.ts');
  parentPort?.postMessage({ functions: functions(isKnown) });
}
parentPort?.on('message', (job: Job) => {
  void measured(job).then((result) => parentPort?.postMessage(result));
});
