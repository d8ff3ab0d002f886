// The two scripts of a page, bundled from their sources when first asked for: the one that is injected (page/main.ts),
// and the one of the realm (realm/main.ts). Each is an expression: a function of its configuration.

import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const bundled = (entry: string): string => {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    // What needs a module of Node cannot be built for a browser.
    platform: 'browser',
    format: 'iife',
    target: 'es2024',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: '{}',
  });
  return `((CONFIG)=>{'use strict';${outputFiles[0]?.text.trim()}})`;
};

const texts = new Map<string, string>();

const script = (entry: string, config: object): string => {
  const text = texts.get(entry) ?? bundled(entry);
  texts.set(entry, text);
  return `${text}(${JSON.stringify(config)})`;
};

/** The text of the injected script's element. */
export const pageScript = (config: { readonly realm: string; readonly trusted: string }): string => {
  const text = script('page/main.ts', config);
  if (/<\/script|<!--/i.test(text)) throw new Error('the script cannot stand in an HTML page');
  return text;
};

export const realmScript = (config: object): string => script('realm/main.ts', config);
