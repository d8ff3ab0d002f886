// Names that grafts give to locks, handles and events.

import { unexpected } from '../../plugins/index.ts';
import { NAME_MAX } from './bounds.ts';

/** A name as a graft may give it: 1 to 200 characters. Throws GRAFT_BAD_ARGUMENT. */
export const nameOf = (what: string, value: unknown): string =>
  typeof value === 'string' && value.length > 0 && value.length <= NAME_MAX
    ? value
    : unexpected(what, `a name of 1 to ${NAME_MAX} characters`, value);
