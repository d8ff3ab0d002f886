// call(name, input): graft points that a graft may call by name, each a nested transaction of the caller's. A graft
// cannot call a point that is not listed, and does not learn whether it exists.

import { type Callable, GraftError } from '../../plugins/index.ts';
import { nameOf } from './names.ts';

/** `pointOf` gives the callable of a point by the name that grafts use, or null. */
export const callByName = (pointOf: (name: string) => Callable | null): Callable => ({
  waits: true,
  run: (caller, [name, input = null]) => {
    const callable = pointOf(nameOf('call', name));
    if (callable === null) throw new GraftError('GRAFT_NEEDS', `call: ${String(name)} is not granted here`);
    return callable.run(caller, [input]);
  },
});
