// Arguments of system calls come from programs: each is checked before anything is done.

import type { Thread } from '../../sched/index.ts';
import type { KernelSteps } from '../../wait.ts';
import type { Kernel } from '../kernel.ts';

/** Tables of calls that answer at once, and of calls that may wait, by name. */
export interface CallTable {
  readonly atOnce: Readonly<Record<string, (kernel: Kernel, thread: Thread, args: readonly unknown[]) => unknown>>;
  readonly waiting: Readonly<
    Record<string, (kernel: Kernel, thread: Thread, args: readonly unknown[]) => KernelSteps<unknown>>
  >;
}

/** An argument that a call does not take: the call's answer is this error's text. */
export class BadArgument extends Error {}

const TEXT_MAX = 1024;

export const number = (value: unknown): number => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new BadArgument('takes a number');
};

export const text = (value: unknown): string => {
  if (typeof value === 'string' && value.length <= TEXT_MAX) return value;
  throw new BadArgument('takes a text');
};

export const bytes = (value: unknown): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  throw new BadArgument('takes bytes');
};

export const missing = (what: string): never => {
  throw new BadArgument(`no such ${what}`);
};
