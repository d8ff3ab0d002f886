// Every kind of compartment, held to what it claims.

import { conformance } from '../../support/conformance.ts';

conformance({ kind: 'direct', waits: false, promises: false, freshHeap: false, copiesInput: false, scrubbed: false, survives: false });
conformance({ kind: 'process', waits: true, promises: true, freshHeap: true, copiesInput: true, scrubbed: true, survives: true });
