// Scenarios that need a realm which is locked down. A worker (locked-worker.ts) runs all scenarios of a module, once;
// the Jest file has one test for each, which asserts what the worker reports.
//
//   locked('a ses compartment', new URL('scenarios/all.ts', import.meta.url), scenarios(claims), claims);

import { Worker } from 'node:worker_threads';
import { describe, expect, it } from '@jest/globals';
import type { Report, Scenario } from './scenario.ts';

const reported = (module: URL, data: unknown): Promise<Report> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('locked-worker.ts', import.meta.url), {
      workerData: { module: module.href, data },
    });
    worker.once('message', (report: Report) => {
      resolve(report);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the worker ended without a report')));
  });

/** One test for each scenario that `module` exports for `data`. */
export const locked = (title: string, module: URL, scenarios: readonly Scenario[], data: unknown = null): void => {
  describe(title, () => {
    let report: Promise<Report> | null = null;
    it.each(scenarios.map(({ name }) => name))('%s', async (name) => {
      report ??= reported(module, data);
      expect((await report)[name]).toBe('passed');
    });
  });
};
