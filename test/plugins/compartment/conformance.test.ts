// Every kind of compartment, held to what it claims.

import { conformance } from '../../support/conformance.ts';

const nothing = {
  waits: false,
  freshHeap: false,
  copiesInput: false,
  scrubbed: false,
  proxies: true,
  places: false,
  inThread: false,
} as const;
const everything = {
  ...nothing,
  freshHeap: true,
  copiesInput: true,
  scrubbed: true,
  places: true,
  stopsLoops: true,
  stopsHoards: true,
} as const;

conformance({ ...nothing, kind: 'direct', promises: 'no answer', inThread: true, stopsLoops: false, stopsHoards: false });
conformance({ ...everything, kind: 'process', promises: 'drained', waits: true });
conformance({ ...everything, kind: 'ses', promises: 'no answer', inThread: true, stopsLoops: false, stopsHoards: false });
conformance({ ...everything, kind: 'metered', promises: 'refused', inThread: true, proxies: false, stopsHoards: false });
