// Kills plugin processes with SIGKILL at random instants while eight callers run an honest downloaded query: no call
// may fail, every run is counted once, no row is changed. Used by a test and by `npm run campaign -- plugin-kills
// [--kills N] [--seed N]`.

import { openFlights } from '../support/flights.ts';
import { Random } from '../support/random.ts';

export interface PluginKills {
  readonly kills: number;
  readonly calls: number;
  /** Outcomes that were not `committed`. */
  readonly failed: readonly string[];
  readonly counted: number;
  readonly rowsUnchanged: boolean;
  /** Processes of the plugin after the load. */
  readonly processes: number;
  readonly seed: number;
}

const CALLERS = 8;

export const killPlugins = async (
  kills: number,
  seed: number,
  progress: (text: string) => void,
): Promise<PluginKills> => {
  const flights = await openFlights();
  const random = new Random(seed);
  const failed: string[] = [];
  let calls = 0;
  let running = true;
  try {
    await flights.install('busiest-routes');
    const digest = flights.digest();
    const caller = async (): Promise<void> => {
      while (running) {
        const outcome = await flights.point.invoke({ query: 'busiest-routes' });
        calls++;
        if (outcome.status !== 'committed') failed.push(JSON.stringify(outcome).slice(0, 400));
      }
    };
    const callers = Promise.all(Array.from({ length: CALLERS }, caller));
    for (let kill = 1; kill <= kills; kill++) {
      await new Promise((resolve) => setTimeout(resolve, random.below(300)));
      const pids = flights.host.pids();
      if (pids.length > 0) process.kill(random.pick(pids), 'SIGKILL');
      progress(`kill ${kill} of ${kills}: ${calls} calls, ${failed.length} failed, ${pids.length} processes`);
    }
    running = false;
    await callers;
    return {
      kills,
      calls,
      failed,
      counted: flights.runs(),
      rowsUnchanged: flights.digest() === digest,
      processes: flights.host.pids().length,
      seed,
    };
  } finally {
    running = false;
    await flights.close();
  }
};
