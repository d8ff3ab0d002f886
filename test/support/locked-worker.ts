// The worker of locked.ts: locks its realm down, runs a module's scenarios one after the other, and reports.

import { parentPort, workerData } from 'node:worker_threads';
import { lockdownRealm } from '../../src/plugins/compartment/index.ts';
import type { Scenario } from './scenario.ts';

const { module, data } = workerData as { module: string; data: unknown };
const { scenarios } = (await import(module)) as { scenarios: (data: unknown) => readonly Scenario[] };
await lockdownRealm();

const outcome = async ({ run, clean }: Scenario): Promise<string> => {
  try {
    await run();
    return 'passed';
  } catch (error) {
    await clean?.();
    return error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  }
};

const report: Record<string, string> = {};
for (const scenario of scenarios(data)) report[scenario.name] = await outcome(scenario);
parentPort?.postMessage(report);
