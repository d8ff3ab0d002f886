// The isolate compartment, held to what it claims of the things that every kind is asked.

import { conformance } from '../../support/conformance.ts';

conformance({
  kind: 'isolate',
  waits: false,
  promises: 'drained',
  freshHeap: true,
  copiesInput: true,
  scrubbed: true,
  proxies: true,
  places: true,
  inThread: true,
  stopsLoops: true,
  stopsHoards: true,
});
