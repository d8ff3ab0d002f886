// Which types an entry of the package names and does not export, by Microsoft's API Extractor over the emitted
// declarations.

import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';

/** Which entry answers for the declarations of a folder; the first that fits. */
const OWNERS = [
  ['src/txn', './txn'],
  ['src/plugins/compartment', './compartments'],
  ['src/plugins', './plugins'],
  ['src/host/server', './server'],
  ['src/host', '.'],
  ['src/kernel-model', './kernel-model'],
  ['sdk', './sdk'],
] as const;

/** An application sees types of grafting through the host, so the root answers for those too. */
const SEEN_AT_ROOT = './plugins';

const ownerOf = (file: string): string | undefined => OWNERS.find(([folder]) => file.startsWith(`${folder}/`))?.[1];

/** Files that an index exports types of, and no values: what its own classes are made of. */
const partsOf = (index: string): Set<string> =>
  new Set(
    [...readFileSync(index, 'utf8').matchAll(/^export type \{[^}]*\} from '(\.[^']+)\.ts';/gm)].map(([, at]) =>
      join(dirname(index), `${at}.d.ts`),
    ),
  );

const COMPILER = {
  module: 'nodenext',
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true,
};

const OFF = { enabled: false };

const configOf = (folder: string, types: string): ExtractorConfig =>
  ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: join(folder, types),
      compiler: { overrideTsconfig: { compilerOptions: COMPILER, files: [types] } },
      apiReport: OFF,
      docModel: OFF,
      dtsRollup: OFF,
      tsdocMetadata: OFF,
      messages: { extractorMessageReporting: { 'ae-forgotten-export': { logLevel: 'warning' as never } } },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });

/**
 * The forgotten types of each entry of the package that was built in `folder`, each with the file that names it.
 * `entries`: name → path of its declarations. A name in a declaration of another entry's is asked for there. Of the
 * kernel model's parts, which its classes name, what they name in turn is not asked for.
 */
export const forgotten = (folder: string, entries: Readonly<Record<string, string>>): Record<string, string[]> => {
  const all = Object.entries(entries).map(([name, types]) => ({ name, config: configOf(folder, types) }));
  const [first, ...others] = all.map(({ config }) => config) as [ExtractorConfig, ...ExtractorConfig[]];
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  });
  return Object.fromEntries(
    all.map(({ name, config }) => {
      const found: string[] = [];
      const parts = name === './kernel-model' ? partsOf(config.mainEntryPointFilePath) : new Set<string>();
      Extractor.invoke(config, {
        localBuild: true,
        compilerState,
        messageCallback: (message) => {
          message.handled = true;
          if (message.messageId !== 'ae-forgotten-export' || message.sourceFilePath === undefined) return;
          const file = relative(folder, message.sourceFilePath);
          const owner = ownerOf(file);
          const isAsked = owner === name || (name === '.' && owner === SEEN_AT_ROOT);
          if (isAsked && !parts.has(message.sourceFilePath)) found.push(`${file}: ${message.text}`);
        },
      });
      return [name, found];
    }),
  );
};
