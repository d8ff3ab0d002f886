// Why a process is gone, and what that means for what ran in it.

import type { Failure } from '../../protocol.ts';
import { LOST } from '../ending.ts';
import { lateFailure } from '../realm/failure.ts';
import type { Item, Killed } from './plugin-process.ts';

/** Whether the host killed a process for what ran in it. */
export const isFault = (killed: Killed | null): boolean =>
  killed === 'own-time' || killed === 'memory-limit' || killed === 'compartment-lost';

/** How an item ended whose process is gone. */
export const lossOf = ({ own_ms }: Item, killed: Killed | null, signal: string | null): Failure => {
  if (killed === 'own-time') return lateFailure(own_ms);
  const message = killed === null ? `the process ended (${signal ?? 'exit'})` : 'the process was killed';
  return { ...LOST, reason: killed === 'memory-limit' ? killed : 'compartment-lost', message };
};
