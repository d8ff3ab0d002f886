// A compartment whose plugin has taken its realm over: the test says what it sends, text by text, and how it ends.

import { endingOf } from '../../../src/plugins/compartment/index.ts';
import type { Compartment, CompartmentMaker } from '../../../src/plugins/index.ts';

/** What it does in a call: `ask` sends the text of arguments to the first accessor. Gives what the realm answers. */
export type Script = (ask: (args: string) => unknown) => string;

export const scriptedMaker = (script: Script): CompartmentMaker => {
  const compartment: Compartment = {
    kind: 'scripted',
    heaps: 1,
    waits: false,
    run: (call) =>
      endingOf(
        script((args) => call.callAccessor(0, args)),
        0,
      ),
    abandon: () => {},
    dispose: () => {},
  };
  return { kind: 'scripted', waits: false, load: async () => compartment, close: () => {} };
};
