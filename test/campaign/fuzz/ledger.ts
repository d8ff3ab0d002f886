// The model beside the real thing: which transfers are known to have happened, known not to have happened, or unheard
// of because nobody waits for whoever made them (handlers of events). What the host says afterwards must be that, and
// every balance what the transfers that stand make of it.

import { type Payment, sum } from './books.ts';
import type { Effect, Operation, Part, Program, Step } from './plan.ts';

const inProgram = (program: Program): Effect[] => program.steps.flatMap(inStep);

const inStep = (step: Step): Effect[] => {
  if (step.do === 'move' || step.do === 'pay') return [step.effect];
  return step.do === 'call' ? inProgram(step.program) : [];
};

/** Transfers of handlers that programs cause and nobody hears of. */
const unheardIn = (program: Program): Effect[] =>
  program.steps.flatMap((step) => {
    if (step.do === 'emit') return inProgram(step.program);
    return step.do === 'call' ? unheardIn(step.program) : [];
  });

const programsOf = (operation: Operation): readonly Program[] => {
  switch (operation.op) {
    case 'call':
      return [operation.program];
    case 'chain':
    case 'rows':
      return operation.programs;
    case 'transaction':
      return operation.parts.flatMap((part) => (part.do === 'invoke' ? [part.program] : []));
    default:
      return [];
  }
};

const ownOf = (part: Part): Effect[] => (part.do === 'move' || part.do === 'pay' ? [part.effect] : []);

/** Programs with those that they call. */
const allOf = (program: Program): Program[] => [
  program,
  ...program.steps.flatMap((step) => (step.do === 'call' ? allOf(step.program) : [])),
];

const operationOf = (id: string): string => id.split('-')[0] as string;

/** Transfers that the answer to an operation tells of: those kept are named, the others must not have happened. */
export const heardOf = (operation: Operation): Effect[] => [
  ...programsOf(operation).flatMap(inProgram),
  ...(operation.op === 'transaction' ? operation.parts.flatMap(ownOf) : []),
];

/** Transfers that it may cause beside, once for each plugin that hears. */
const unheardOf = (operation: Operation): Effect[] => {
  const beside = programsOf(operation).flatMap(unheardIn);
  if (operation.op === 'emit' || operation.op === 'event') return inProgram(operation.program);
  if (operation.op !== 'transaction') return beside;
  return [...beside, ...operation.parts.flatMap((part) => (part.do === 'event' ? inProgram(part.program) : []))];
};

const plain = (id: string): string => id.split('@')[0] as string;

export class Ledger {
  readonly #effects = new Map<string, Effect>();
  readonly #unheard = new Set<string>();
  /** Whether a transfer happened, and a program ran and was kept, as far as anybody was told. */
  readonly #known = new Map<string, boolean>();
  /** Programs that ran one after the other in the same heap. */
  readonly #heirs = new Map<string, string>();

  constructor(operations: readonly Operation[]) {
    for (const operation of operations) {
      for (const effect of heardOf(operation)) this.#effects.set(effect.id, effect);
      for (const effect of unheardOf(operation)) {
        this.#effects.set(effect.id, effect);
        this.#unheard.add(effect.id);
      }
    }
  }

  /** An operation has ended: these of its transfers were kept, and no others. Gives what is wrong with that. */
  settle(operation: Operation, kept: readonly string[]): string[] {
    const all = [...heardOf(operation), ...programsOf(operation).flatMap(allOf)].map(({ id }) => id);
    for (const id of all) this.#known.set(id, false);
    for (const id of kept) this.#known.set(id, true);
    const strange = kept.filter((id) => !all.includes(id));
    const twice = kept.filter((id, at) => kept.indexOf(id) !== at);
    return [
      ...strange.map((id) => `the answer keeps ${id}, which is not of this call`),
      ...twice.map((id) => `the answer keeps ${id} twice`),
    ];
  }

  /** A handler of an event was heard of after all: `status` of the graft of `plugin`. */
  heard(program: Program, plugin: string, committed: boolean): void {
    for (const { id } of [program, ...inProgram(program)]) this.#known.set(`${id}@${plugin}`, committed);
  }

  /** The heap in which one program ran was given to another. */
  inherited(before: string, id: string): void {
    if (operationOf(before) !== operationOf(id)) this.#heirs.set(before, id);
  }

  /** Heaps that outlived what was undone in them. */
  heapsWrong(): string[] {
    return [...this.#heirs].flatMap(([before, id]) =>
      this.#known.get(before) === false ? [`the heap of ${before}, which was undone, was given to ${id}`] : [],
    );
  }

  /** What is wrong with the transfers of one book that were found when nothing ran any more. */
  compare(book: Effect['book'], transfers: readonly (readonly [string, Payment])[]): string[] {
    const found = new Map(transfers);
    const wrong = transfers.flatMap(([id, payment]) => this.#judge(id, payment));
    for (const [id, happened] of this.#known)
      if (happened && this.#effects.get(plain(id))?.book === book && !found.has(id))
        wrong.push(`${id} was answered as committed, and is lost`);
    return wrong;
  }

  #judge(id: string, { from, to, amount }: Payment): string[] {
    const effect = this.#effects.get(plain(id));
    if (effect === undefined) return [`${id} is nobody's`];
    const known = this.#known.get(id);
    return [
      ...(known === false ? [`${id} stands, and its call did not commit`] : []),
      ...(known === undefined && !this.#unheard.has(plain(id)) ? [`${id} stands, and its call never ended`] : []),
      ...(effect.from === from && effect.to === to && effect.amount === amount ? [] : [`${id} is not what was asked`]),
    ];
  }
}

/** What an account holds when these transfers have happened. */
export const balanceOf = (name: string, before: number, transfers: readonly Payment[]): number =>
  before + sum(transfers.map(({ from, to, amount }) => (to === name ? amount : 0) - (from === name ? amount : 0)));
