// The texts of the web's API in a realm (web/), each bundled from its source and the libraries that it stands on, all
// at once when first asked for. A text is an expression: a function of the part's world that gives its exports.

import { createRequire } from 'node:module';
import { buildSync } from 'esbuild';
import { REALM_FILENAME } from './failure.ts';
import { entryAt, REALM_BUILD } from './script.ts';
import { PART_NAMES, PARTS, type PartName } from './web/parts.ts';

const require = createRequire(import.meta.url);
const sourceOf = (name: string): string => entryAt(new URL(`web/${name}`, import.meta.url));

/** Tables that are parts of their own: their libraries are what is bundled. */
const LIBRARIES: Partial<Record<PartName, () => string>> = {
  idna: () => require.resolve('tr46'),
  'multi-byte': () => require.resolve('@exodus/bytes/encoding.js'),
};

/**
 * A part finds no other globals than the language's, whatever a plugin may have added. Libraries want a
 * SharedArrayBuffer to test values with; nothing is one.
 */
const HIDDEN =
  'const globalThis={__proto__:null};' +
  'class SharedArrayBuffer{get byteLength(){throw new TypeError()}get growable(){throw new TypeError()}}';

/** A locked realm has no Date.now, which event-target-shim asks for the time of an event. */
const BEFORE: Partial<Record<PartName, string>> = { events: 'const Date={now:()=>Math.floor(web.now())};' };

const wrapped = (name: PartName, bundle: string): string => {
  const { takes } = PARTS[name];
  const taken = takes.length === 0 ? '' : `const{${takes.join(',')}}=web;`;
  const body = `'use strict';${HIDDEN}${taken}${BEFORE[name] ?? ''}${bundle}return part`;
  return `((web)=>{${body}})\n//# sourceURL=${REALM_FILENAME}/${name}`;
};

const make = (): Record<PartName, string> => {
  const { outputFiles } = buildSync({
    entryPoints: PART_NAMES.map((name) => ({
      in: LIBRARIES[name]?.() ?? sourceOf(name),
      out: name,
    })),
    // What whatwg-url takes of these is in other parts.
    alias: {
      tr46: sourceOf('idna-link'),
      '@exodus/bytes/encoding.js': require.resolve('@exodus/bytes/encoding-lite.js'),
    },
    platform: 'neutral',
    mainFields: ['module', 'main'],
    format: 'iife',
    globalName: 'part',
    outdir: 'parts',
    ...REALM_BUILD,
  });
  const textOf = (name: PartName): string =>
    outputFiles.find(({ path }) => path.endsWith(`/${name}.js`) || path.endsWith(`\\${name}.js`))?.text as string;
  return Object.fromEntries(PART_NAMES.map((name) => [name, wrapped(name, textOf(name))])) as Record<PartName, string>;
};

let texts: Record<PartName, string> | undefined;

/** The texts of all parts. */
export const webParts = (): Readonly<Record<PartName, string>> => {
  texts ??= make();
  return texts;
};

/** The text of a part; an empty one where there is none of that name. */
export const webPart = (name: string): string => (Object.hasOwn(PARTS, name) ? webParts()[name as PartName] : '');
