// Names that grafts give to locks, handles and events.

import { badArgument } from '../../plugins/index.ts';
import { NAME_MAX } from './bounds.ts';

/** A name as a graft may give it: 1 to 200 characters. Throws GRAFT_BAD_ARGUMENT. */
export const nameOf = (what: string, value: unknown): string =>
  typeof value === 'string' && value.length > 0 && value.length <= NAME_MAX
    ? value
    : badArgument(`${what}: a name is a string of 1 to ${NAME_MAX} characters`);
