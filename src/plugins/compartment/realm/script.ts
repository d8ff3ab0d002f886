// Scripts that run outside this realm: the one of plugins' realms, and through `scriptAt` those of the kinds. Each is
// bundled from its source when first asked for, into one text, so that neither an isolate nor a process reads a file.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * A module of this project, `at` its URL without an extension: TypeScript when run from source, JavaScript when built.
 */
export const entryAt = (at: URL): string => {
  const source = fileURLToPath(new URL(`${at.href}.ts`));
  return existsSync(source) ? source : fileURLToPath(new URL(`${at.href}.js`));
};

/** How esbuild makes what runs in a realm. */
export const REALM_BUILD = {
  bundle: true,
  write: false,
  target: 'es2024',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'silent',
  tsconfigRaw: '{}',
} as const;

const bundled = (at: URL, options: Parameters<typeof buildSync>[0]): string => {
  const { outputFiles } = buildSync({
    entryPoints: [entryAt(at)],
    ...REALM_BUILD,
    ...options,
  });
  return (outputFiles as { text: string }[])[0]?.text as string;
};

const scripts = new Map<string, string>();

const once = (key: string, make: () => string): string => {
  const script = scripts.get(key) ?? make();
  scripts.set(key, script);
  return script;
};

/** The program whose module is at `at`, in CommonJS, which Node starts faster. */
export const scriptAt = (at: URL): string => once(at.href, () => bundled(at, { format: 'cjs', platform: 'node' }));

/** An expression whose value is the export `name` of the module at `at`. */
export const expressionAt = (at: URL, name: string): string =>
  once(at.href, () =>
    bundled(at, {
      format: 'iife',
      globalName: 'exported',
      banner: { js: "(()=>{'use strict';" },
      footer: { js: `return exported.${name}})()` },
    }),
  );

const REALM = new URL('realm', import.meta.url);

/** The script that prepares a realm: an expression whose value is `prepare` of realm/realm.ts. */
export const realmScript = (): string => expressionAt(REALM, 'prepare');
