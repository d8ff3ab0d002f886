// The part of the host that holds a page's DOM: an inline script, the first of the page. It takes what it needs of the
// page, starts the realm (a worker, which nobody else has a way to), and removes its own element. It leaves no global
// behind. When the page has been read, it serves the realm: rows for a selector, changes to carry out, to keep or to
// take back. If anything of it fails, the page stays without grafts.

import { applyAll, undoAll } from './changes.ts';
import {
  addEventListener,
  later,
  MakeWorker,
  messageData,
  numbers,
  page,
  postMessage,
  removeElement,
  terminate,
} from './natives.ts';
import { rowsFor } from './snapshot.ts';

declare const CONFIG: { readonly realm: string; readonly trusted: string };
declare const trustedTypes:
  | { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } }
  | undefined;

/** The longest time that a realm is served, in ms. */
const SERVED_MS = 60_000;

interface Asked {
  readonly kind: 'query' | 'apply' | 'keep' | 'undo' | 'done';
  readonly question: number;
  readonly of: unknown;
}

/** The realm's address, as a page takes it that demands Trusted Types. */
const address = (): string => {
  if (typeof trustedTypes === 'undefined') return CONFIG.realm;
  try {
    return trustedTypes
      .createPolicy(CONFIG.trusted, { createScriptURL: (url: string) => url })
      .createScriptURL(CONFIG.realm);
  } catch {
    return CONFIG.realm;
  }
};

const answerer = () => {
  const known = numbers();
  let undos: readonly (() => void)[] | null = null;
  return ({ kind, of }: Asked): unknown => {
    if (kind === 'query') return rowsFor(of as string, known);
    if (kind === 'apply') {
      undos = applyAll(of as Parameters<typeof applyAll>[0], known);
      return undos !== null;
    }
    if (kind === 'undo' && undos !== null) undoAll(undos);
    undos = null;
    return true;
  };
};

const start = (): void => {
  const worker = new MakeWorker(address());
  const answer = answerer();
  const end = (): void => terminate(worker);
  addEventListener(worker, 'error', end);
  addEventListener(worker, 'message', (event) => {
    try {
      const asked = messageData(event as MessageEvent) as Asked;
      if (asked.kind === 'done') return end();
      postMessage(worker, { kind: 'answer', question: asked.question, answer: answer(asked) });
    } catch {
      end();
    }
  });
  const { href } = location;
  addEventListener(
    window,
    'DOMContentLoaded',
    () => postMessage(worker, { kind: 'go', question: 0, answer: href }),
    true,
  );
  later(end, SERVED_MS);
};

const own = page.currentScript;
if (own !== null) removeElement(own);
try {
  start();
} catch {
  // The page's policy, or its origin, lets no worker be made.
}
