// Every scenario that a kind of compartment with these claims must pass.

import type { Scenario } from '../scenario.ts';
import { type Claims, collect } from './bed.ts';
import { calls } from './calls.ts';
import { claimed, installs, survival } from './claims.ts';
import { failures } from './failures.ts';
import { shared } from './shared.ts';

export const scenarios = (claims: Claims): Scenario[] =>
  collect(() => {
    calls(claims);
    failures(claims);
    installs(claims);
    claimed(claims);
    if (claims.inThread) shared(claims);
    if (claims.stopsLoops) survival(claims);
  });
