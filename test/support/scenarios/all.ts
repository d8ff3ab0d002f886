// Every scenario that a kind of compartment with these claims must pass.

import type { Scenario } from '../scenario.ts';
import { type Claims, collect } from './bed.ts';
import { calls } from './calls.ts';
import { claimed, death, installs, survival } from './claims.ts';
import { crossing } from './crossing.ts';
import { failures } from './failures.ts';
import { columns, nesting } from './shared.ts';
import { wasm } from './wasm.ts';
import { web } from './web.ts';
import { webHostile } from './web-hostile.ts';

export const scenarios = (claims: Claims): Scenario[] =>
  collect(() => {
    if (claims.takes === 'wasm') return wasm(claims);
    calls(claims);
    failures(claims);
    crossing(claims);
    installs(claims);
    claimed(claims);
    if (claims.web) web(claims);
    if (claims.web) webHostile(claims);
    if (claims.columns !== null) columns(claims);
    if (claims.inThread) nesting(claims);
    if (claims.cpu !== null) survival(claims);
    if (claims.survives) death(claims);
  });
