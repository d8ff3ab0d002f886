// Every kind of compartment, held to what it claims (test/support/claims.ts); the isolate has a file of its own.

import { CLAIMS } from '../../support/claims.ts';
import { conformance } from '../../support/conformance.ts';

for (const claims of CLAIMS) if (claims.kind !== 'isolate') conformance(claims);
