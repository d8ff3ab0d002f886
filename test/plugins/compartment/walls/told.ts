// A host on the machine that this runs on (test/support/bare-machine.ts): prints, as JSON, its facts and what a plugin
// answers, or the error that it refuses to start with. The last argument is `processes.walls`.

import { createHost } from '../../../../src/host/index.ts';
import type { Walls } from '../../../../src/plugins/compartment/index.ts';

const tell = async (walls: Walls): Promise<object> => {
  const host = await createHost({ store: 'memory', processes: { walls } });
  try {
    const point = host.graftPoint({ name: 'p', kind: 'function', default: () => 'default' });
    const graftwork = { api: 1, grafts: [{ point: 'p', export: 'graft' }] };
    const files = { 'index.js': 'export const graft = (n) => n + 1;' };
    await host.install({ manifest: { name: 'adds', graftwork }, files });
    return { facts: host.facts(), answer: await point.call(1) };
  } finally {
    await host.close();
  }
};

const told = await tell(process.argv.at(-1) as Walls).catch(({ code, message }) => ({ code, message }));
process.stdout.write(JSON.stringify(told));
