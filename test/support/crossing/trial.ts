// The property of what crosses: whatever a graft hands to its host, and whatever it has done to its realm before, what
// the host's accessor sees is plain data; plain data arrives as it is, and everything else not at all.
//
//   const found = await trial(base, { claims, seed, cases: 200 });     // found.violations is empty
//
// A round installs a plugin with a hundred expressions (values.ts) that turns its realm (turns.ts) and calls an
// accessor with each; then it answers some of them, and is given some by the host.

import { MeteredMaker } from '../../../src/plugins/compartment/index.ts';
import type { Callable, GraftPoint } from '../../../src/plugins/index.ts';
import type { TestBase } from '../base.ts';
import type { Claims } from '../claims.ts';
import { Random } from '../random.ts';
import { whyNotPlain } from './oracle.ts';
import { TURNS } from './turns.ts';
import { type Expression, expression } from './values.ts';

export interface TrialOptions {
  readonly claims: Claims;
  readonly seed: number;
  /** How many lists of arguments are handed over; rounded up to a hundred. */
  readonly cases: number;
}

export interface Found {
  readonly violations: string[];
  /** Calls of the accessor that the host has seen, and lists of plain arguments that it should have seen. */
  seen: number;
  expected: number;
}

const ROUND = 100;
/** Of a round: answers, and what the host gives. */
const ANSWERED = 6;
const WIDE: Partial<Record<'calls' | 'argument_bytes' | 'own_ms', number>> = { calls: 1e6, argument_bytes: 1e9 };

interface Case {
  readonly args: readonly Expression[];
  readonly isLarge: boolean;
}

/** What the host should have seen of a case, as text; null: nothing. */
const expectedOf = ({ args }: Case, index: number): string | null =>
  args.every(({ plain }) => plain !== undefined)
    ? JSON.stringify([index, ...args.map(({ plain }) => plain?.value)])
    : null;

/**
 * The module of a round. Each call turns the realm first, since an abort before it may have left a fresh one. Where
 * the values are made early, before the turn, it is known what they are; made late they may be anything.
 */
const moduleOf = (turns: readonly string[], isEarly: boolean, cases: readonly Case[]): string => `
  const makers = [${cases.map(({ args }) => `() => [${args.map(({ text }) => text).join(', ')}]`).join(',\n    ')}];
  const make = (index) => { try { return makers[index]() } catch { return null } };
  let values = null;
  const turn = () => {
    if (values !== null) return;
    values = makers.map((_, index) => ${isEarly ? 'make(index)' : 'null'});
    ${turns.map((text) => `try { ${text} } catch {}`).join('\n    ')}
  };
  const valueOf = (index) => ${isEarly ? 'values[index]' : 'make(index)'};
  const hand = (index, api) => {
    const args = valueOf(index);
    if (args === null) return;
    if (args.length === 0) api.spy(index);
    else if (args.length === 1) api.spy(index, args[0]);
    else api.spy(index, args[0], args[1]);
  };`;

const GRAFTS = `{
  hand: (list, api) => { turn(); for (let i = 0; i < list.length; i++) try { hand(list[i], api) } catch {} return 1 },
  answer: (index) => { turn(); return [valueOf(index)[0]] },
  take: (index, api) => { turn(); return api.give(index) },
}`;

/** Whether a kind takes an expression at all: metered code is refused by what it says. */
const taker = ({ kind }: Claims): ((text: string) => boolean) => {
  if (kind !== 'metered') return () => true;
  const maker = new MeteredMaker();
  return (text) => {
    try {
      maker.rewrite(`(() => { ${text} })`);
      return true;
    } catch {
      return false;
    }
  };
};

type P = GraftPoint<unknown, unknown>;

const atOnce = (run: Callable['run']): Callable => ({ waits: false, run });

/** What is tried in one plugin. */
interface Plan {
  readonly name: string;
  readonly turns: readonly string[];
  readonly isEarly: boolean;
  readonly cases: readonly Case[];
}

class Round {
  readonly #base: TestBase;
  readonly #plan: Plan;
  readonly #found: Found;
  readonly #seen = new Map<number, string[]>();

  constructor(base: TestBase, plan: Plan, found: Found) {
    this.#base = base;
    this.#plan = plan;
    this.#found = found;
  }

  /** Whether what arrives can be foretold, and must arrive. */
  get #isStraight(): boolean {
    return this.#plan.turns.length === 0;
  }

  #violation(what: string, index: number): void {
    const { name, turns, cases } = this.#plan;
    const texts = cases[index]?.args.map(({ text }) => text.slice(0, 200));
    this.#found.violations.push(`${name} ${what}: ${texts?.join(', ')}; after ${turns.join('; ')}`);
  }

  /** What the accessor does: it looks at once, before anything else runs. */
  #look(args: readonly unknown[]): void {
    const why = whyNotPlain(args);
    const index = typeof args[0] === 'number' ? args[0] : -1;
    this.#found.seen++;
    if (why !== '') return this.#violation(`reached the host: ${why}`, index);
    this.#seen.set(index, [...(this.#seen.get(index) ?? []), JSON.stringify(args)]);
  }

  async run(): Promise<void> {
    const { name, turns, isEarly, cases } = this.#plan;
    const spy = atOnce((_caller, args) => this.#look(args));
    const give = atOnce((_caller, [index]) => [evaluated(cases[index as number]?.args[0])]);
    const [hand, answer, take] = ['hand', 'answer', 'take'].map((what) => this.#point(what, { spy, give })) as [
      P,
      P,
      P,
    ];
    const grafts = [hand, answer, take].map((point) => ({ point: point.name, export: point.name.split('-')[0] ?? '' }));
    await this.#base.install(name, GRAFTS, { grafts }, moduleOf(turns, isEarly, cases));
    await this.#handOver(hand);
    for (let index = 0; index < ANSWERED; index++) {
      await this.#crosses(answer, index, 'answered', isEarly);
      await this.#crosses(take, index, 'given', true);
    }
    this.#base.plugins.remove(name);
  }

  #point(what: string, callable: Record<string, Callable>): P {
    const name = `${what}-${this.#plan.name}`;
    return this.#base.point({ name, kind: 'function', default: (): unknown => 0, callable, budget: 1e9, limits: WIDE });
  }

  /** Those that would doom their call go last, each in a call of its own. */
  async #handOver(hand: P): Promise<void> {
    const { cases } = this.#plan;
    const all = cases.map((_, index) => index);
    const small = all.filter((index) => cases[index]?.isLarge === false);
    await this.#base.invoke(hand, small);
    for (const index of all) if (cases[index]?.isLarge) await this.#base.invoke(hand, [index]);
    if (this.#plan.isEarly) for (const index of all) this.#compare(index);
  }

  #compare(index: number): void {
    const expected = expectedOf(this.#plan.cases[index] as Case, index);
    const seen = this.#seen.get(index) ?? [];
    if (expected === null && seen.length > 0) this.#violation('was converted', index);
    else if (seen.some((text) => text !== expected)) this.#violation(`arrived as ${seen[0]?.slice(0, 200)}`, index);
    if (expected === null || !this.#isStraight) return;
    this.#found.expected++;
    if (seen.length !== 1) this.#violation(`arrived ${seen.length} times`, index);
  }

  /** An answer of the graft's, or what the host gave it, answered. */
  async #crosses(point: P, index: number, how: string, isKnown: boolean): Promise<void> {
    const one = this.#plan.cases[index]?.args[0];
    if (one === undefined) return;
    const outcome = await this.#base.invoke(point, index);
    if (outcome.status !== 'committed') {
      if (one.plain !== undefined && this.#isStraight) this.#violation(`was not ${how}`, index);
      return;
    }
    const why = whyNotPlain(outcome.value);
    const expected = one.plain === undefined ? '' : JSON.stringify([one.plain.value]);
    if (why !== '') this.#violation(`${how} and is ${why}`, index);
    else if (isKnown && JSON.stringify(outcome.value) !== expected) this.#violation(`${how} as something else`, index);
  }
}

/** The value of an expression in the realm of the host. */
const evaluated = (one: Expression | undefined): unknown => new Function(`return ${one?.text ?? 'null'}`)();

const casesOf = (random: Random, claims: Claims, takes: (text: string) => boolean): Case[] =>
  Array.from({ length: ROUND }, () => {
    const args = Array.from({ length: random.below(3) }, () => expression(random, claims.proxies));
    const taken = args.filter(({ text }) => takes(text));
    return { args: taken, isLarge: taken.some(({ isLarge }) => isLarge) };
  });

/** Tries as many cases as asked for, on `base`, which has compartments of the kind. */
export const trial = async (base: TestBase, { claims, seed, cases }: TrialOptions): Promise<Found> => {
  const random = new Random(seed);
  const takes = taker(claims);
  const turns = claims.scrubbed ? TURNS.filter(takes) : [];
  const found: Found = { violations: [], seen: 0, expected: 0 };
  for (let round = 0; round * ROUND < cases; round++) {
    const turned = round === 0 || turns.length === 0 ? 0 : random.below(4);
    const plan = {
      name: `r${seed}-${round}`,
      turns: Array.from({ length: turned }, () => random.pick(turns)),
      isEarly: round === 0 || random.chance(0.6),
      cases: casesOf(random, claims, takes),
    };
    await new Round(base, plan, found).run();
  }
  return found;
};
