// The streaming rewriter: lol-html, compiled to WebAssembly (html-rewriter-wasm). Its module keeps some bytes for each
// call of a handler and gives none of them back, so it is renewed after so many calls; a rewriter that is at work keeps
// the module that it came from until it is done.

import { createRequire } from 'node:module';
import type { DocumentHandlers, ElementHandlers } from 'html-rewriter-wasm';

type RewriterModule = typeof import('html-rewriter-wasm');

/** 40 bytes each: 8 MB. */
const CALLS_MAX = 200_000;
const NAME = 'html-rewriter-wasm';

let module: RewriterModule | null = null;
let calls = 0;

/** What requires a module keeps it for ever, so each is required by another. */
const fresh = (): RewriterModule => {
  const require = createRequire(import.meta.url);
  const folder = require.resolve(NAME).replace(/[^/\\]+$/, '');
  for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path];
  calls = 0;
  return require(NAME) as RewriterModule;
};

/** Notes that handlers were called so often. */
const counted = (count: number): void => {
  calls += count;
  if (calls > CALLS_MAX) module = null;
};

export interface Handlers {
  /** By selector, in the order in which they are called. */
  readonly on: readonly (readonly [selector: string, handlers: ElementHandlers])[];
  readonly document?: DocumentHandlers;
  /** How often handlers were called. */
  readonly calls: () => number;
}

/** A selector that the rewriter does not know. */
export class BadSelector extends Error {}

/** Runs bytes through a rewriter. Throws BadSelector. Handlers answer at once, and throw nothing. */
export const rewritten = async (bytes: Uint8Array, handlers: Handlers): Promise<Buffer> => {
  const chunks: Uint8Array[] = [];
  await read(bytes, handlers, (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks);
};

/** The same, where nothing is to be changed. `sink` gets each piece of what comes out: bytes of its own. */
export const read = async (
  bytes: Uint8Array,
  handlers: Handlers,
  sink: (chunk: Uint8Array) => void = () => {},
): Promise<void> => {
  module ??= fresh();
  const rewriter = new module.HTMLRewriter(sink);
  try {
    for (const [selector, one] of handlers.on) add(rewriter, selector, one);
    if (handlers.document !== undefined) rewriter.onDocument(handlers.document);
    await rewriter.write(bytes);
    await rewriter.end();
  } catch (error) {
    // What failed inside may have left the module in any state.
    if (!(error instanceof BadSelector)) module = null;
    throw error;
  } finally {
    counted(handlers.calls());
    rewriter.free();
  }
};

const add = (rewriter: InstanceType<RewriterModule['HTMLRewriter']>, selector: string, on: ElementHandlers): void => {
  try {
    rewriter.on(selector, on);
  } catch (error) {
    throw new BadSelector(`${selector.slice(0, 100)}: ${String(error).slice(0, 200)}`);
  }
};

/** A piece of a document's beginning, long enough to hold the first tags of most. */
const PIECE_BYTES = 16_384;

/**
 * Puts HTML right after `<head>`, else before the first element that is not `<html>`, else at the end. Bytes after that
 * place are not looked at.
 */
export const withHead = async (bytes: Buffer, html: string): Promise<Buffer> => {
  module ??= fresh();
  let done = false;
  let seen = 0;
  const chunks: Uint8Array[] = [];
  const rewriter = new module.HTMLRewriter((chunk) => void chunks.push(chunk));
  rewriter.on('*', {
    element: (element) => {
      seen++;
      if (done || element.tagName === 'html') return;
      done = true;
      if (element.tagName === 'head') element.prepend(html, { html: true });
      else element.before(html, { html: true });
    },
  });
  let at = 0;
  for (; at < bytes.length && !done; at += PIECE_BYTES) await rewriter.write(bytes.subarray(at, at + PIECE_BYTES));
  await rewriter.end();
  counted(seen);
  rewriter.free();
  return Buffer.concat([...chunks, ...(done ? [] : [Buffer.from(html)]), bytes.subarray(Math.min(at, bytes.length))]);
};
