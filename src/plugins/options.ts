// Options: what a public function takes besides its arguments. An option that is unknown, or whose value is not
// allowed, is a coded error, never ignored.

import { shown } from './callable.ts';
import { GraftError } from './errors.ts';

/** For each option there is, whether a value of it is allowed. One that is `undefined` counts as not given. */
export type OptionChecks = Readonly<Record<string, (value: unknown) => boolean>>;

/** Throws GRAFT_BAD_OPTION for an option that is unknown or whose value is not allowed. `what` takes the options. */
export const checkOptions = (options: object, allowed: OptionChecks, what: string): void => {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(allowed, name))
      throw new GraftError('GRAFT_BAD_OPTION', `${what}: unknown option ${name.slice(0, 100)}`);
    if (value !== undefined && allowed[name]?.(value) !== true)
      throw new GraftError(
        'GRAFT_BAD_OPTION',
        `${what}: option ${name} has a value that is not allowed: ${shown(value)}`,
      );
  }
};
