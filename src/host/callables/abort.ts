// abort() dooms the graft's own call. onAbort() is always refused: undo is the host's, from before-images, and never
// code of a graft.

import { badArgument, type Callable } from '../../plugins/index.ts';

export const abort: Callable = {
  waits: false,
  run: ({ txn }) => {
    throw txn.doom('thrown', 'the graft aborted its call');
  },
};

export const onAbort: Callable = { waits: false, run: () => badArgument('onAbort: a graft has no part in its undo') };
