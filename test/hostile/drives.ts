// How an entry is driven: once, or as the words of its `needs` say. A drive gives the calls that were made, each with
// how it ended; what it found wrong besides it throws as a Wrong.

import { type CallOptions, GraftError, type HostPoint, type Outcome } from '../../src/host/index.ts';
import { type Entry, literalArguments, usedNames, wordsOf } from './entry.ts';
import type { World } from './world.ts';

/** What went wrong, in words for whoever reads the report. */
export class Wrong extends Error {}

export interface Call {
  readonly input: unknown;
  /** Null where the host refused the call as misuse. */
  readonly outcome: Outcome<unknown> | null;
  /** A user before this one had been served by the same plugin. */
  readonly second?: boolean;
}

const INPUT = { user: 'ann', list: [1, 2, 3], x: 1, n: 0, nest: 8 };

/** Calls a point; the caller's input must stay as it is. */
const callOnce = async (
  point: HostPoint<unknown, unknown>,
  input: Record<string, unknown> = INPUT,
  options: CallOptions = {},
): Promise<Call> => {
  const before = JSON.stringify(input);
  let outcome: Outcome<unknown> | null = null;
  try {
    outcome = await point.invoke(input, options);
  } catch (error) {
    if (!(error instanceof GraftError))
      throw new Wrong(`the call threw ${error instanceof Error ? error.stack : error}`);
    if (error.code !== 'GRAFT_BAD_INPUT') throw new Wrong(`the call was refused with ${error.code}: ${error.message}`);
  }
  if (JSON.stringify(input) !== before) throw new Wrong('the input of the caller has changed');
  return { input, outcome };
};

const isCommitted = ({ outcome }: Call): boolean => outcome?.status === 'committed';

const twice = async (world: World): Promise<Call[]> => {
  const calls = [await callOnce(world.attack), await callOnce(world.attack)];
  if (JSON.stringify([...world.model]).includes('STALE'))
    throw new Wrong('a function of an earlier call wrote in a later one');
  return calls;
};

const TOGETHER_MS_MAX = 8000;

/** Two calls at once, one of them flipped. */
const together = async (world: World): Promise<Call[]> => {
  const started = performance.now();
  const start = Number(world.store.get('a'));
  const calls = await Promise.all([
    callOnce(world.attack, { ...INPUT, flip: false }),
    callOnce(world.attack, { ...INPUT, flip: true }),
  ]);
  if (performance.now() - started > TOGETHER_MS_MAX)
    throw new Wrong(`two calls at once took more than ${TOGETHER_MS_MAX} ms`);
  const commits = calls.filter(isCommitted).length;
  if (/number of commits/.test(wordsOf(world.entry)) && world.store.get('a') !== start + commits)
    throw new Wrong(`an update was lost: ${start} and ${commits} commits gave ${world.store.get('a')}`);
  return calls;
};

const ROUNDS = 4;

/** Several rounds: in the first the plugin may have only one process yet, and the calls do not meet. */
const atOnce = async (world: World): Promise<Call[]> => {
  const calls: Call[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (/number of commits/.test(wordsOf(world.entry))) await world.put('a', 100);
    calls.push(...(await together(world)));
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  if (!calls.some(isCommitted) && world.entry.outcome === 'any')
    throw new Wrong('of two calls at once, none ever committed');
  return calls;
};

const many = (world: World): Promise<Call[]> => Promise.all(Array.from({ length: 4 }, () => callOnce(world.attack)));

/** Ten plugins of the same source, each at a point of its own. */
const instances = async (world: World): Promise<Call[]> => {
  const points = [world.attack];
  for (let i = 1; i < 10; i++) {
    points.push(world.point(`attack-${i}`));
    await world.install(`attack-${i}`, { point: `attack-${i}` });
  }
  const before = world.answered;
  const calls = await Promise.all(points.map((point) => callOnce(point)));
  if (world.answered === before) throw new Wrong('no honest call was answered while ten plugins were stuck');
  return calls;
};

/** Around the limit of own time: whatever is reported is what is there. */
const sweep = async (world: World): Promise<Call[]> => {
  const calls: Call[] = [];
  for (let ms = 80; ms <= 120; ms += 4) {
    await world.put('a', 100);
    const call = await callOnce(world.attack, { ...INPUT, ms });
    const isWritten = world.store.get('a') !== 100;
    if (isWritten !== isCommitted(call))
      throw new Wrong(`reported ${call.outcome?.status} at ${ms} ms, and a is ${world.store.get('a')}`);
    calls.push(call);
  }
  return calls;
};

/**
 * Once to fail and once not; what a reader outside sees is watched all the time (watch.ts), what one inside sees here.
 */
const readMeanwhile = async (world: World): Promise<Call[]> => {
  const calls: Call[] = [];
  for (const fail of [true, false]) {
    const before = world.store.get('a');
    const running = callOnce(world.attack, { ...INPUT, fail });
    const seen = await world.host.transaction((txn) => world.store.in(txn).get('a'));
    const call = await running;
    calls.push(call);
    if (seen !== before && !(isCommitted(call) && seen === world.store.get('a')))
      throw new Wrong(`another transaction read ${JSON.stringify(seen)}, which was never committed`);
  }
  return calls;
};

const insertMeanwhile = async (world: World): Promise<Call[]> => {
  let isRunning = true;
  const inserting = (async () => {
    for (let i = 0; isRunning && i < 1000; i++) {
      await world.put(`p/${i}`, i);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  const calls: Call[] = [];
  for (let i = 0; i < 3; i++) calls.push(await callOnce(world.attack));
  isRunning = false;
  await inserting;
  return calls;
};

const uninstall = async (world: World): Promise<Call[]> => {
  const call = await callOnce(world.attack);
  await world.host.remove('attack');
  for (const event of ['changed', ...literalArguments(world.entry.source, 'on')]) world.events.emit(event, null);
  return [call];
};

/** Two calls, and between them an upgrade to a version that may do nothing. */
const upgrade = async (world: World): Promise<Call[]> => {
  const first = await callOnce(world.attack);
  await world.install('attack', { version: '1.0.1', needs: [] });
  const before = JSON.stringify([...world.model]);
  const second = await callOnce(world.attack);
  if (JSON.stringify([...world.model]) !== before) throw new Wrong('a version without grants wrote');
  return [first, second];
};

const twoUsers = async (world: World): Promise<Call[]> => {
  const ann = { ...INPUT, user: 'ann', card: '4111-1111' };
  const bob = { ...INPUT, user: 'bob', card: '5500-0000' };
  const first = await callOnce(world.attack, ann, { principal: 'ann' });
  const second = await callOnce(world.attack, bob, { principal: 'bob' });
  const { outcome } = second;
  const answer = outcome?.status === 'committed' ? (outcome.value as Record<string, unknown>) : {};
  if (answer.leaked !== undefined && answer.leaked !== 'none')
    throw new Wrong(`the second user was told ${String(answer.leaked).slice(0, 200)}`);
  if (JSON.stringify(answer).includes('4111-1111')) throw new Wrong('the second user was told what the first had sent');
  return [first, { ...second, second: true }];
};

/** Bytes in a buffer that is larger than they are. */
const binary = async (world: World): Promise<Call[]> => [
  await callOnce(world.attack, { ...INPUT, bytes: new Uint8Array(new ArrayBuffer(64), 8, 4) }),
];

const TIMES_MAX = 50;

const times = async (world: World, count: number): Promise<Call[]> => {
  const calls: Call[] = [];
  for (let i = 0; i < Math.min(count, TIMES_MAX); i++) calls.push(await callOnce(world.attack, { ...INPUT, i }));
  return calls;
};

const KILL_AFTER_MS = 30;

/** SIGKILL to every process of the plugin while it is called; the call is begun anew, or aborted. */
const killed = async (world: World): Promise<Call[]> => {
  const others = new Set(world.pidsBefore);
  const running = callOnce(world.attack);
  await new Promise((resolve) => setTimeout(resolve, KILL_AFTER_MS));
  for (const pid of world.host.pids()) if (!others.has(pid)) process.kill(pid, 'SIGKILL');
  return [await running];
};

/** While another transaction holds the locks that the source gives back. */
const lockedByAnother = (world: World): Promise<Call[]> =>
  world.host.transaction(async (txn) => {
    const names = literalArguments(world.entry.source, 'unlock');
    for (const name of names) await txn.run((core) => world.locks.acquire(core, name));
    const call = await callOnce(world.attack);
    const lost = names.find((name) => !world.locks.held.includes(name));
    if (lost !== undefined) throw new Wrong(`the lock ${lost} was taken from its holder`);
    return [call];
  });

type Drive = (world: World) => Promise<Call[]>;

/** The first whose words are there drives. */
const DRIVES: readonly (readonly [RegExp, Drive])[] = [
  [/\buninstalls?\b/, uninstall],
  [/\bupgrades?\b.*\b(version|grants)\b/, upgrade],
  [/\b(two|second|another|next) users?\b/, twoUsers],
  [/\btwice\b/, twice],
  [/\bten (instances|plugins|copies)\b/, instances],
  [/\b(two|both|concurrent|parallel) (calls|callers)\b/, atOnce],
  [/\b(many|calls) at once\b/, many],
  [/\bkills?\b.*\bprocess\b/, killed],
  [/\bms swept\b/, sweep],
  [/\breader\b/, readMeanwhile],
  [/\binserts?\b/, insertMeanwhile],
  [/\bbinary input\b/, binary],
  [/\block of another transaction\b/, lockedByAnother],
];

const TRIES = 3;

/** An honest plugin is tried again where a machine that is busy with others was too slow for it. */
const honest = async (world: World): Promise<Call[]> => {
  let call = await callOnce(world.attack);
  for (
    let i = 1;
    i < TRIES && call.outcome !== null && 'reason' in call.outcome && call.outcome.reason.endsWith('-time');
    i++
  )
    call = await callOnce(world.attack);
  return [call];
};

/** Calls the installed plugin as its entry asks. */
export const drive = (world: World, entry: Entry): Promise<Call[]> => {
  const found = DRIVES.find(([words]) => words.test(entry.needs));
  if (found !== undefined) return found[1](world);
  if (entry.outcome === 'ok') return honest(world);
  const last = /\bi = 0\.\.(\d{1,2})\b/.exec(wordsOf(entry))?.[1];
  if (last !== undefined) return times(world, Number(last) + 1);
  const count = /\b(\d{1,6}|three|ten) times\b/.exec(entry.needs)?.[1];
  if (count !== undefined) return times(world, { three: 3, ten: 10 }[count] ?? Number(count));
  return callOnce(world.attack).then((call) => [call]);
};

/** What the words of an entry's `needs` use of `api` beyond what its source names. */
export const needsInWords = (entry: Entry): string[] =>
  /\bupgrades?\b/.test(entry.needs) && /\bwrite\b/.test(entry.needs) ? ['set'] : [];

/** Whether nothing at all is granted to the entry. */
export const isGrantedNothing = (entry: Entry): boolean => /\bnothing granted\b/.test(entry.needs);

/** What of `api` an entry uses, for a kind that has not everything. */
export const usesOf = (entry: Entry): string[] => [...new Set([...usedNames(entry.source), ...needsInWords(entry)])];
