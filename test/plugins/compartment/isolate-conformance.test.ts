// The isolate compartment, held to what it claims of the things that every kind is asked.

import { claimsOf } from '../../support/claims.ts';
import { conformance } from '../../support/conformance.ts';

conformance(claimsOf('isolate'));
