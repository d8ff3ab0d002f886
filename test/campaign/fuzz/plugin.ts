// The plugins of the fuzzer, as source text: one interpreter of programs (plan.ts), standing at every point. A new
// version differs in its number alone. Bad ones fail to load, each in its own way.
//
// A plugin watches its own heap: `half` is the call that runs, so a call that finds one there was given the heap of a
// call that did not end; `owner` is the principal of the first call; `last` is the call before, which must have been
// kept, unless it is of the same transaction.

const INTERPRETER = `
import { refuse } from 'graftwork/sdk';

let half = null;
let owner = null;
let last = null;

const faults = {
  throw: () => { throw new Error('on purpose'); },
  refuse: () => { half = last = null; refuse('on-purpose', 'no'); },
  abort: (api) => api.abort(),
  calls: (api) => { for (;;) api.purses.get('a0'); },
  caught: (api) => { for (let i = 0; i < 2000; i++) try { api.log('line '.repeat(20)); } catch {} },
  lines: (api) => { for (;;) api.log('line '.repeat(1000)); },
  large: (api) => api.storage.set('large', 'x'.repeat(2_000_000)),
  missing: (api) => api.missing(),
  broken: (api) => api.broken(),
  brokenLater: (api) => api.brokenLater(),
  unheard: () => void Promise.reject(new Error('on purpose')),
  spin: () => { for (;;); },
  wedge: () => { while ((7n ** 30000000n) > 1n); },
  hoard: () => { const all = []; for (;;) all.push(new Array(1000).fill(all.length)); },
};

const nonsense = {
  function: () => () => 1,
  nan: () => ({ kept: [], n: NaN }),
  undefined: () => undefined,
  date: () => ({ kept: [], at: new Date(0) }),
  shape: () => ({ kept: 'all' }),
  proxy: () => new Proxy({ kept: [] }, {}),
  cycle: () => { const a = { kept: [] }; a.a = a; return a; },
  getter: () => ({ get kept() { return []; } }),
  bigint: () => ({ kept: [], n: 1n }),
  stranger: () => ({ kept: ['stranger'] }),
  pending: () => new Promise(() => {}),
};

const books = (api) => [
  (name, by) => api.accounts.set(name, api.accounts.get(name) + by),
  (name, by) => api.saved.set(name, api.saved.get(name) + by),
  (name, by) => {
    const [row] = api.account.find({ where: { name } });
    if (api.account.update({ name }, { amount: row.amount + by }) !== 1) api.alarm('one row was not updated');
  },
];

const record = (api, id, { from, to, amount }) => [
  () => api.move.insert({ id, source: from, target: to, amount }),
  () => api.journal.push(id),
  () => api.count.add(1),
  () => api.last.set(id),
  () => api.mail({ id }),
];

const pause = (step, api) => () => { if (step.pause_ms > 0) api.sleep(step.pause_ms); };

const moving = (step, api, id) => {
  const { from, to, amount } = step.effect;
  const parts = step.tableFirst ? books(api).reverse() : books(api);
  return [
    ...parts.map((part) => () => part(from, -amount)),
    pause(step, api),
    ...parts.map((part) => () => part(to, amount)),
    ...record(api, id, step.effect),
  ];
};

const paying = (step, api, id) => {
  const { from, to, amount } = step.effect;
  return [
    () => api.purses.set(from, api.purses.get(from) - amount),
    pause(step, api),
    () => api.purses.set(to, api.purses.get(to) + amount),
    () => api.paid.set(id, { from, to, amount }),
  ];
};

const transfer = (work) => (step, api, kept, suffix) => {
  const id = step.effect.id + suffix;
  work(step, api, id).forEach((part, at) => {
    if (step.cut !== null && at === step.cutAt) faults[step.cut](api);
    part();
  });
  kept.push(id);
};

const sumOf = (map) => map.keys().reduce((sum, key) => sum + map.get(key), 0);

const steps = {
  move: transfer(moving),
  pay: transfer(paying),
  fault: (step, api) => faults[step.fault](api),
  audit: (_step, api) => { const sum = sumOf(api.purses); if (sum !== api.total()) api.alarm('purses sum to ' + sum); },
  lock: (step, api) => { api.lock(step.name); api.unlock(step.name); },
  open: (step, api) => {
    const handle = api.open(step.name);
    api.read(handle);
    if (step.name === 'thing') api.close(handle);
  },
  keep: (_step, api) => api.storage.set('n', (api.storage.get('n') ?? 0) + 1),
  log: (_step, api) => api.log('a line'),
  sleep: (step, api) => api.sleep(step.ms),
  schedule: (step, api) => api.schedule(step.ms, 'ring'),
  subscribe: (step, api) => api.on(step.event, 'hear'),
  emit: (step, api) => api.emit(step.event, step.program),
  original: (_step, api, kept) => { if (api.original) kept.push(...api.original(null).kept); },
  call: (step, api, kept) => {
    try {
      kept.push(...api.call(step.point, step.program).kept);
    } catch (error) {
      if (!step.catches) throw error;
    }
  },
};

const run = (program, api, suffix = '') => {
  if (half !== null) api.alarm('the heap of ' + half + ', which had not ended, was given to ' + program.id);
  half = program.id;
  if (owner === null) owner = program.principal;
  if (owner !== program.principal) api.alarm('a heap of ' + owner + ' was given to ' + program.principal);
  if (last !== null) api.after(last, program.id);
  const kept = [];
  for (const step of program.steps) steps[step.do](step, api, kept, suffix);
  half = null;
  last = program.id + suffix;
  kept.push(program.id);
  return kept;
};

const answer = (program, kept) => {
  // What is answered is refused: this heap is not to be used again.
  if (program.nonsense !== null || program.rejected) half = program.id;
  return program.nonsense === null ? { kept } : nonsense[program.nonsense]();
};

const work = (program, api) => answer(program, run(program, api));
export { work as default_, work as fail, work as deny, work as short };

/** Other rows of the same call follow, whatever is answered to this one. */
export const row = (program, api) => {
  const kept = run(program, api);
  return program.nonsense === null ? { kept } : nonsense[program.nonsense]();
};

const pass = (input, api) => {
  const program = input.programs[PLUGIN];
  const kept = [...input.kept, ...run(program, api)];
  if (program.nonsense === null) return { kept, programs: input.programs };
  half = program.id;
  return nonsense[program.nonsense]();
};
export { pass as lineDefault, pass as lineFail };

export const told = (program, api) => { run(program, api, '@' + PLUGIN); return null; };
export const hear = ({ value }, api) => { run(value, api, '@' + PLUGIN); return null; };
export const ring = (_input, api) => { api.storage.set('rang', (api.storage.get('rang') ?? 0) + 1); return null; };
const rowsSum = (api) => api.account.find().reduce((sum, { amount }) => sum + amount, 0);
export const peek = (_input, api) => {
  const sum = rowsSum(api);
  if (rowsSum(api) !== sum) api.alarm('a snapshot changed');
  return sum;
};
`;

/** Where a plugin stands. The first plugin alone stands where there is one place. */
const graftsOf = (plugin: string) => [
  { point: 'f/default', export: 'default_' },
  { point: 'f/fail', export: 'fail' },
  { point: 'f/deny', export: 'deny' },
  { point: 'f/short', export: 'short' },
  { point: 'c/default', export: 'lineDefault' },
  { point: 'c/fail', export: 'lineFail' },
  { point: 'e/told', export: 'told' },
  { point: 'e/hear', export: 'hear' },
  { point: 'e/ring', export: 'ring' },
  ...(plugin === 'p0'
    ? [
        { point: 'f/row', export: 'row' },
        { point: 'f/peek', export: 'peek' },
      ]
    : []),
];

const BAD: Readonly<Record<string, (source: string) => string>> = {
  throws: (source) => `${source}\nthrow new Error('at load');`,
  lacks: (source) => source.replace('export const told', 'const told'),
  syntax: (source) => `${source}\nexport const (`,
  loops: (source) => `${source}\nfor (;;);`,
  wedges: (source) => `${source}\nwhile ((7n ** 30000000n) > 1n);`,
};

export interface Package {
  readonly manifest: object;
  readonly files: Readonly<Record<string, string>>;
}

/** A version of a plugin; `bad` names how it fails to load. */
export const pluginPackage = (
  plugin: string,
  version: number,
  needs: readonly string[],
  bad: string | null,
): Package => {
  const source = `const PLUGIN = '${plugin}'; // ${version}\n${INTERPRETER}`;
  const spoil = bad === null ? undefined : BAD[bad];
  return {
    manifest: { name: plugin, version: `1.0.${version}`, graftwork: { api: 1, grafts: graftsOf(plugin), needs } },
    files: { 'index.js': spoil === undefined ? source : spoil(source) },
  };
};
