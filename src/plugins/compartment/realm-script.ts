// Scripts that run elsewhere than in this realm, bundled from their source when first asked for: that of plugins'
// realms, which a LOAD carries, the watcher's, a worker's, and the child's, which Node takes on its command line. One
// text each, so that neither the isolate nor the process needs to read a file.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/** `path` beside this file, as TypeScript when run from source and as JavaScript when built. */
const entry = (path: string): string => {
  const source = fileURLToPath(new URL(`${path}.ts`, import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL(`${path}.js`, import.meta.url));
};

const bundle = (path: string, options: Parameters<typeof buildSync>[0]): string => {
  const { outputFiles } = buildSync({
    entryPoints: [entry(path)],
    bundle: true,
    write: false,
    target: 'es2024',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: '{}',
    ...options,
  });
  return (outputFiles as { text: string }[])[0]?.text as string;
};

/** An expression whose value is what the file at `path` exports as `name`. */
const expression = (path: string, name: string): string =>
  bundle(path, {
    format: 'iife',
    globalName: 'exported',
    banner: { js: "(()=>{'use strict';" },
    footer: { js: `return exported.${name}})()` },
  });

let realm: string | undefined;
let watcher: string | undefined;
let child: string | undefined;
let worker: string | undefined;

/** The script that prepares a realm: an expression whose value is `prepare` of realm/realm.ts. */
export function realmScript(): string {
  realm ??= expression('realm/realm', 'prepare');
  return realm;
}

/** The script of the isolate that watches others: an expression whose value is `watcher` of isolate/watcher.ts. */
export function watcherScript(): string {
  watcher ??= expression('isolate/watcher', 'watcher');
  return watcher;
}

/** The script that a plugin's process runs (process/child.ts), in CommonJS, which Node starts faster. */
export function childScript(): string {
  child ??= bundle('process/child', { format: 'cjs', platform: 'node' });
  return child;
}

/** The script that a plugin's worker runs (worker/inside.ts). */
export function workerScript(): string {
  worker ??= bundle('worker/inside', { format: 'cjs', platform: 'node' });
  return worker;
}
