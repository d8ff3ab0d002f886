// The origin of a call: what it has from the call that makes it. A call from outside has none around it and is on
// nobody's behalf.

import { GraftError } from './errors.ts';
import { shown } from './shown.ts';

export interface Origin {
  /** How many calls through graft points are around it. */
  readonly depth: number;
  /** On whose behalf it is made: calls of different principals share no heap of a plugin. */
  readonly principal: string;
}

export const OUTERMOST: Origin = { depth: 0, principal: '' };

const PRINCIPAL_MAX = 200;

const checkPrincipal = (principal: unknown): string => {
  if (typeof principal === 'string' && principal.length <= PRINCIPAL_MAX) return principal;
  throw new GraftError(
    'GRAFT_BAD_OPTION',
    `principal: expected a text of at most ${PRINCIPAL_MAX} characters, got ${shown(principal)}`,
  );
};

/** The origin that a call's options say. Throws GRAFT_BAD_OPTION. */
export const originOf = ({ depth = 0, principal = '' }: Partial<Origin>): Origin =>
  depth === 0 && principal === '' ? OUTERMOST : { depth, principal: checkPrincipal(principal) };
