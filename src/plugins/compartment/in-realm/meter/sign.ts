// Rewritten text is signed, and evaluated only where its signature holds: what runs in the realm is known to have been
// through the rewriter (VINO: "the kernel runs only code known to be safe"). So a text can be rewritten once, stored
// anywhere, and loaded later with the same key.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hexadecimal } from '../../realm/outside.ts';
import type { RewrittenText } from './rewrite.ts';

/**
 * A rewritten script, with a source map (version 3) from it to the script as it was, and the signature of both
 * (HMAC-SHA-256, hexadecimal).
 */
export interface Rewritten extends RewrittenText {
  readonly signature: string;
}

/** Changes with what the rewriter promises: a text signed under older rules is refused. */
const RULES = 'graftwork metered 1';
/** Begins a stored text; no script begins so. */
const STORED = '\0graftwork-metered ';

const ENCODER = new TextEncoder();

const signatureOf = ({ code, map }: RewrittenText, key: Uint8Array): string => {
  const signed = `${RULES}\0${code.length}\0${map.length}\0${code}\0${map}`;
  return hexadecimal(hmac(sha256, key, ENCODER.encode(signed)));
};

export const sign = (text: RewrittenText, key: Uint8Array): Rewritten => ({
  code: text.code,
  map: text.map,
  signature: signatureOf(text, key),
});

/** Whether two texts are the same; how long it takes tells nothing of where they differ. */
const isSame = (given: string, due: string): boolean => {
  if (given.length !== due.length) return false;
  let differences = 0;
  for (let i = 0; i < due.length; i++) differences |= given.charCodeAt(i) ^ due.charCodeAt(i);
  return differences === 0;
};

/** Whether `key` has signed this very text. */
export const verify = (rewritten: Rewritten, key: Uint8Array): boolean =>
  isSame(rewritten.signature, signatureOf(rewritten, key));

/** A rewritten text as one string, to be stored, and loaded in place of a script. */
export const stored = ({ code, map, signature }: Rewritten): string =>
  STORED + JSON.stringify({ code, map, signature });

/** What `stored` made; null for any other text, which is a script. Throws for one that only begins like it. */
export const restored = (text: string): Rewritten | null => {
  if (!text.startsWith(STORED)) return null;
  const found = JSON.parse(text.slice(STORED.length)) as Partial<Record<keyof Rewritten, unknown>> | null;
  const { code, map, signature } = found ?? {};
  if (typeof code !== 'string' || typeof map !== 'string' || typeof signature !== 'string')
    throw new Error('it is no rewritten text');
  return { code, map, signature };
};
