// What crosses between a page's realm and the host: one exchange after the other, each a POST of the realm's. A text in
// JSON, signed with the page's token (HMAC-SHA-256), which itself never crosses again: whoever sees an exchange, as a
// service worker of the page may, can neither forge one nor change it.
//
//   realm → host   { number, ended }    number 0: it is ready. Else how the call of this number ended
//   host → realm   { kept, next }       whether the host keeps that, and the next graft to run; null: no more

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** The graft point. */
export const POINT = 'page/content';
/** What a graft there may call. */
export const ACCESSORS = ['query', 'text', 'hide', 'replace', 'annotate'] as const;

/** Everything of ours lies below this path of a page's origin. */
export const BASE_PATH = '/.well-known/graftwork/';
export const OUTCOME_PATH = `${BASE_PATH}outcome`;
export const PAGE_HEADER = 'x-graftwork-page';
export const SIGNATURE_HEADER = 'x-graftwork-signature';

/** What a call in a page may use up. Fuel is own time: 20,000 units count as one millisecond. */
export const LIMITS = { own_ms: 50, total_ms: 10_000, calls: 5000, writes: 5000 } as const;
export const FUEL_PER_MS = 20_000;

/** What a realm is told at its start; it lies in its script alone. */
export interface RealmConfig {
  readonly page: string;
  /** Signs exchanges. Hexadecimal digits. */
  readonly token: string;
  /** Has signed the rewritten code of grafts. Hexadecimal digits. */
  readonly key: string;
}

/** A graft to run. */
export interface Run {
  readonly number: number;
  readonly plugin: string;
  /** Rewritten, signed and stored. */
  readonly code: string;
  readonly export: string;
  /** Dotted names of what it may call. */
  readonly callable: readonly string[];
  readonly own_ms: number;
  readonly load_ms: number;
}

/** How a call ended in its realm. */
export interface Told {
  readonly status: 'committed' | 'aborted' | 'refused';
  /** `committed`: `R` and null. `refused`, and failed by its own fault: `N`, `F` and JSON. Else empty: nobody's. */
  readonly ending: string;
  /** Why, in words; empty for a call that committed. */
  readonly why: string;
  readonly own_ms: number;
  /** Records of the undo log that were taken back. */
  readonly undone: number;
  /** Changes that the page took. */
  readonly changes: number;
}

export interface Exchange {
  readonly number: number;
  readonly ended: Told | null;
}

export interface Answer {
  readonly kept: boolean;
  readonly next: Run | null;
}

const ENCODER = new TextEncoder();

export const bytesOf = (hexadecimal: string): Uint8Array =>
  Uint8Array.from({ length: hexadecimal.length / 2 }, (_, i) =>
    Number.parseInt(hexadecimal.slice(2 * i, 2 * i + 2), 16),
  );

/** The signature of a text that goes one of the two ways. */
export const signatureOf = (token: Uint8Array, way: 'to host' | 'to realm', text: string): string =>
  Array.from(hmac(sha256, token, ENCODER.encode(`${way}\0${text}`)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
