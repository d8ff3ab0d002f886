// The maker of metered compartments that takes a plugin's script as its bundler made it, and rewrites that itself.

import { installFailed } from '../ending.ts';
import { failureOf } from './graft-api.ts';
import { rewriteText } from './meter/rewrite.ts';
import { type Rewritten, sign } from './meter/sign.ts';
import { SignedMaker } from './metered.ts';

export class MeteredMaker extends SignedMaker {
  /**
   * Rewrites a script and signs the result, to be stored (`stored`) and loaded later. Throws GRAFT_INSTALL_FAILED for
   * a script that cannot be metered.
   */
  rewrite(script: string): Rewritten {
    try {
      return sign(rewriteText(script), this.key);
    } catch (error) {
      throw installFailed('metered', failureOf(error));
    }
  }

  protected override rewritten(script: string): Rewritten {
    return this.rewrite(script);
  }
}
