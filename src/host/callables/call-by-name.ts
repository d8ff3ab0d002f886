// call(name, input): graft points that a graft may call by name, each a nested transaction of the caller's. A graft
// cannot call a point that is not listed, and does not learn whether it exists.

import { type Callable, GraftError, unknownName } from '../../plugins/index.ts';
import { nameOf } from './names.ts';

/** `names`: those that grafts use; `pointOf` gives the callable of the point that one means. */
export const callByName = (names: readonly string[], pointOf: (name: string) => Callable): Callable => ({
  waits: true,
  run: (caller, [given, input = null]) => {
    const name = nameOf('call', given);
    if (!names.includes(name)) throw new GraftError('GRAFT_NEEDS', `call: ${unknownName('point', name, names)}`);
    return pointOf(name).run(caller, [input]);
  },
});
