// What a bundler says of a package, by the host's own checks: a bundler has read the package, so it is believed no more
// than a plugin would be.

import { type ErrorCode, GraftError } from '../../errors.ts';
import { PLAIN_BOUNDS, plainFault } from '../../plain.ts';
import { PACKAGE_BOUNDS } from '../bounds.ts';
import type { Json } from '../exports-map.ts';
import { checkManifest, checkName, checkVersion, descriptionOf } from '../manifest.ts';
import { checkMissing } from '../missing.ts';
import { printable } from '../path.ts';
import type { PluginPackage } from '../read.ts';
import type { BundlerReply } from './bundler.ts';
import { GAVE_UP, type Made } from './messages.ts';

/** Codes that a bundler may refuse a package with. */
const REFUSALS: readonly ErrorCode[] = [
  'GRAFT_BAD_PACKAGE',
  'GRAFT_PACKAGE_LIMIT',
  'GRAFT_PACKAGE_PATH',
  'GRAFT_PACKAGE_ENTRY',
  'GRAFT_PACKAGE_NATIVE',
  'GRAFT_PACKAGE_SIGNED',
  'GRAFT_BAD_MANIFEST',
  'GRAFT_BUNDLE',
];
const MESSAGE_CHARACTERS = 4_000;
const DIGEST = /^[0-9a-f]{64}$/;

const gaveUp = (why: string): GraftError => new GraftError('GRAFT_BUNDLE', printable(`${GAVE_UP}: ${why}`));

function refusalOf(code: unknown, message: unknown): GraftError {
  const known = REFUSALS.find((one) => one === code);
  if (known === undefined || typeof message !== 'string') return gaveUp('it said what it cannot have meant');
  return new GraftError(known, printable(message.slice(0, MESSAGE_CHARACTERS)));
}

/** What was made, by the host's own checks. */
function checkMade({ head, code, sourceMap }: Made): PluginPackage {
  if (plainFault(head, PLAIN_BOUNDS) !== null || !DIGEST.test(String((head as Json).digest)))
    throw gaveUp('it said what it cannot have meant');
  const { name, version, description, manifest, digest } = head as Json;
  const missing = checkMissing((head as Json).missing);
  if (missing === null) throw gaveUp('it said what it cannot have meant');
  if (code.length > PACKAGE_BOUNDS.bundle_bytes || sourceMap.length > PACKAGE_BOUNDS.source_map_bytes)
    throw gaveUp('what it made is too large');
  return Object.freeze({
    name: checkName(name),
    version: checkVersion(version),
    description: descriptionOf(description),
    manifest: checkManifest(manifest),
    code,
    sourceMap,
    digest: digest as string,
    missing,
  });
}

/** The package that was made. Throws a GraftError: why it was refused, or GRAFT_BUNDLE where the bundler was lost. */
export function packageOf(reply: BundlerReply): PluginPackage {
  if (reply.is === 'made') return checkMade(reply);
  throw reply.is === 'refused' ? refusalOf(reply.code, reply.message) : gaveUp(reply.why);
}
