// The error of an install whose plugin could not be loaded: what its module threw, and where.

import { GraftError } from './errors.ts';
import type { Failure } from './protocol.ts';
import { cleaned } from './text.ts';

export class InstallFailed extends GraftError {
  readonly failure: Failure;

  /** `places`: where in the author's files. */
  constructor(plugin: string, failure: Failure, places: readonly string[] = []) {
    const { reason, name, message } = failure;
    const said = cleaned([reason, name, message].filter(Boolean).join(': '));
    super('GRAFT_INSTALL_FAILED', `${plugin}: ${[said, ...places].join(', at ')}`);
    this.failure = failure;
  }
}
