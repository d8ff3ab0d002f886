// A process that runs bodies of grafts in an isolate compartment, one after the other, and prints how each ended, a
// line of JSON each. It may die of any. Its argument is the JSON of the bodies.

import { IsolateMaker } from '../../../src/plugins/compartment/isolate/isolate.ts';

const OWN_MS = 100;

const bodies = JSON.parse(process.argv[2] as string) as string[];
const maker = new IsolateMaker();

for (const body of bodies) {
  const graft = { export: 'graft', callable: [], columns: [] };
  const compartment = await maker.load({
    plugin: 'p',
    code: `({ graft: () => { ${body} } })`,
    memory_mb: 32,
    load_ms: 1000,
    grafts: [graft],
  });
  const ending = compartment.run?.({
    index: 0,
    input: null,
    own_ms: OWN_MS,
    principal: '',
    ignoresAnswer: true,
    at: null,
    lingers: false,
    txn: { parent: null } as never,
    callAccessor: () => null,
    tell: () => {},
    restart: () => true,
    ended: () => {},
  });
  const how = ending?.kind === 'failed' ? `${ending.failure.reason} ${ending.failure.name}` : ending?.kind;
  process.stdout.write(`${JSON.stringify([body, how])}\n`);
  compartment.dispose();
}

// At once, while the watcher still is awake.
process.exit(0);
