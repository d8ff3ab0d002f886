// A package.json, or an object given in its place: text in which every key stands once (json.ts), or plain data; within
// bounds, and without a signature that nobody would verify. What its fields mean is looked at later (head.ts).

import { isProxy } from 'node:util/types';
import { GraftError } from '../errors.ts';
import { PLAIN_BOUNDS, plainFault } from '../plain.ts';
import { shown } from '../shown.ts';
import { PACKAGE_BOUNDS } from './bounds.ts';
import { isObject, type Json } from './exports-map.ts';
import { fileText } from './files.ts';
import { parseUniqueJson } from './json.ts';
import { printable } from './path.ts';
import type { Files } from './tree.ts';

export const badManifest = (why: string): GraftError => new GraftError('GRAFT_BAD_MANIFEST', printable(why));

function refuseSignature(what: string, value: Json): void {
  const key = ['signature', 'signatures'].find((name) => Object.hasOwn(value, name));
  if (key !== undefined)
    throw new GraftError('GRAFT_PACKAGE_SIGNED', `${what}.${key}: this version verifies no signatures`);
}

/** Throws GRAFT_BAD_MANIFEST or GRAFT_PACKAGE_SIGNED; `what` is what the message calls the value. */
export function checkPackageJson(what: string, value: unknown): Json {
  const fault = plainFault(value, PLAIN_BOUNDS, isProxy);
  if (fault !== null) throw badManifest(`${what}${fault.path}: ${fault.why}`);
  if (!isObject(value)) throw badManifest(`${what}: must be an object, not ${shown(value)}`);
  refuseSignature(what, value);
  if (isObject(value.graftwork)) refuseSignature(`${what}.graftwork`, value.graftwork);
  return value;
}

/** The package.json at the top of a package; null where it has none. */
export function readPackageJson(files: Files): Json | null {
  const bytes = files.get('package.json');
  if (bytes === undefined) return null;
  if (bytes.length > PACKAGE_BOUNDS.manifest_bytes)
    throw badManifest(`package.json is larger than ${PACKAGE_BOUNDS.manifest_bytes} bytes`);
  const { value, fault } = parseUniqueJson(fileText('package.json', bytes), PACKAGE_BOUNDS.manifest_depth);
  if (fault !== null) throw badManifest(`package.json: ${fault}`);
  return checkPackageJson('package.json', value);
}
