// Entries that describe a package: its archive is packed with an otherwise right manifest and installed as bytes, and
// the code of the refusal is one that names what is wrong with it.

import { runInNewContext } from 'node:vm';
import { GraftError } from '../../src/host/index.ts';
import { PACKAGE_BOUNDS } from '../../src/plugins/package/index.ts';
import { type ArchiveEntry, archiveOf, isOrdinary, nested } from './archive.ts';
import { Wrong } from './drives.ts';
import { type Entry, expressionOf, wordsOf } from './entry.ts';
import type { World } from './world.ts';

export const describesPackage = (entry: Entry): boolean => /\bpackage upload\b/.test(entry.needs);

/** What a source may describe. */
interface Description {
  readonly entries?: readonly ArchiveEntry[];
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly manifestText?: string;
  readonly main?: string;
  readonly signature?: unknown;
  readonly extraUnsigned?: readonly ArchiveEntry[];
  /** Other names for the same package. */
  readonly alternatives?: readonly string[];
  readonly nest?: number;
  readonly sourceBytes?: number;
}

interface Parcel {
  readonly bytes: Buffer;
  /** Any of these names what is wrong; empty: any code of a package. */
  readonly codes: ReadonlySet<string>;
}

/** Ten times what a package may hold; more of them say no more. */
const ENTRIES_MAX = 10 * PACKAGE_BOUNDS.entries;
const NAME = 'parcel';
const POINT = 'hostile/attack';
/** What the words of `grants` come to here. */
const GRANTS: Readonly<Record<string, readonly string[]>> = { read: ['get'], write: ['set'] };
/** Fields of a package.json that are not the manifest's. */
const ABOUT = [
  'scripts',
  'main',
  'module',
  'exports',
  'bin',
  'type',
  'dependencies',
  'gypfile',
  'files',
  'engines',
  'name',
];

const moduleOf = (text: string): string => (expressionOf(text) === null ? text : `export const attack = ${text};\n`);

const needsOf = (grants: unknown): unknown =>
  Array.isArray(grants)
    ? grants.flatMap((grant) => (Object.hasOwn(GRANTS, String(grant)) ? GRANTS[String(grant)] : [grant]))
    : grants;

/**
 * Grants that an upgrade asks for, as far as the host has anything of the kind: what it has not would be refused for
 * that.
 */
const known = (manifest: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Array.isArray(manifest.grants)
    ? { ...manifest, grants: manifest.grants.filter((grant) => Object.hasOwn(GRANTS, String(grant))) }
    : manifest;

/** A package.json: the description's fields where they belong, the rest as it should be. */
const packageJson = (manifest: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { id = NAME, version = '1.0.0', grants = [], ...others } = manifest;
  const about = Object.fromEntries(Object.entries(others).filter(([key]) => ABOUT.includes(key)));
  const rest = Object.fromEntries(Object.entries(others).filter(([key]) => !ABOUT.includes(key)));
  const graftwork = { api: 1, grafts: [{ point: POINT, export: 'attack' }], needs: needsOf(grants), ...rest };
  return { name: id, version, ...about, graftwork };
};

/** A manifest text with the fields that it lacks put in front; text that is no object stays as it is. */
const completed = (text: string): string => {
  const inside = /^\s*\{([\s\S]*)$/.exec(text)?.[1];
  if (inside === undefined) return text;
  const fields = Object.entries(packageJson({})).filter(([key]) => !text.includes(JSON.stringify(key)));
  const front = fields.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  return `{${front}${/^\s*\}/.test(inside) ? '' : ','}${inside}`;
};

/** The author's own package.json with what it lacks, where it is JSON. */
const mended = (data: string): string => {
  try {
    return JSON.stringify({ ...packageJson({}), ...(JSON.parse(data) as object) });
  } catch {
    return data;
  }
};

const withManifest = (description: Description, id: unknown): ArchiveEntry[] => {
  const { entries = [], manifest = {}, manifestText, main, extraUnsigned = [] } = description;
  const given = [...entries.slice(0, ENTRIES_MAX), ...extraUnsigned].map((entry) => {
    if (entry.name === 'package.json' && entry.data !== undefined) return { ...entry, data: mended(entry.data) };
    return /^(?:main|index)\.[jt]s$/.test(entry.name) && entry.data !== undefined
      ? { ...entry, data: moduleOf(entry.data) }
      : entry;
  });
  const about = packageJson(id === undefined ? manifest : { ...manifest, id });
  const text = manifestText === undefined ? JSON.stringify(about) : completed(manifestText);
  const added: ArchiveEntry[] = [];
  if (!given.some(({ name }) => name === 'package.json')) added.push({ name: 'package.json', data: text });
  if (!given.some(({ name }) => /^(?:main|index)\.[jt]s$/.test(name)))
    added.push({ name: 'main.js', data: moduleOf(main ?? '(input, api) => ({ total: 1 })') });
  return [...added, ...given];
};

const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d) *(?:\.|$)/i;
const isBadSegment = (segment: string): boolean =>
  ['', '.', '..'].includes(segment) || /[. ]$/.test(segment) || DEVICE.test(segment);
const isBadPath = (name: string): boolean =>
  /[\\:]|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufffd]/u.test(name) ||
  name.split('/').some(isBadSegment) ||
  /\.\.|\/\//.test(name.normalize('NFKC'));
const fold = (name: string): string =>
  name.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').replace(/\/$/, '');

/** A text this long may meet the bounds of an archive before anybody reads it as a manifest. */
const LONG_MANIFEST = 65_536;

/** First characters of native binaries, and of archives. */
const NATIVE = ['\x7fELF', 'MZ', '\0asm', '\xfe\xed\xfa', '\xce\xfa\xed', '\xcf\xfa\xed', '\xca\xfe\xba'];
const PACKED = ['\x1f\x8b', 'PK\x03', 'Rar!', '7z', 'BZh'];

/** Codes that name what is wrong with one entry. */
const entryCodes = (entry: ArchiveEntry): string[] => {
  const { name, data = '', type = 'file', size = 0, headerSize } = entry;
  const codes: string[] = [];
  const path = type === 'directory' ? name.replace(/\/$/, '') : name;
  if (!isOrdinary(type)) codes.push('GRAFT_PACKAGE_ENTRY');
  if (isBadPath(path)) codes.push('GRAFT_PACKAGE_PATH');
  if (Buffer.byteLength(path) > PACKAGE_BOUNDS.path_bytes || path.split('/').length > PACKAGE_BOUNDS.depth)
    codes.push('GRAFT_PACKAGE_LIMIT');
  if (Math.max(size, headerSize ?? 0, data.length) > PACKAGE_BOUNDS.entry_bytes) codes.push('GRAFT_PACKAGE_LIMIT');
  if (headerSize !== undefined) codes.push('GRAFT_BAD_PACKAGE');
  if (/\.node$/i.test(name) || NATIVE.some((front) => data.startsWith(front))) codes.push('GRAFT_PACKAGE_NATIVE');
  if (PACKED.some((front) => data.startsWith(front))) codes.push('GRAFT_PACKAGE_ENTRY');
  if (/(?:^|\/)signature|\.(?:sig|asc|p7s|minisig|sigstore)$/i.test(name)) codes.push('GRAFT_PACKAGE_SIGNED');
  if (/\bimport\b|\bexport\b|\brequire\b/.test(data)) codes.push('GRAFT_BUNDLE', 'GRAFT_INSTALL_FAILED');
  return codes;
};

const codesOf = (description: Description, isUpgrade: boolean): string[] => {
  const { entries = [], extraUnsigned = [], manifest = {} } = description;
  const all = [...entries, ...extraUnsigned];
  const codes = all.flatMap(entryCodes);
  if (all.length > PACKAGE_BOUNDS.entries || description.sourceBytes !== undefined) codes.push('GRAFT_PACKAGE_LIMIT');
  if (new Set(all.map(({ name }) => fold(name))).size !== all.length) codes.push('GRAFT_PACKAGE_PATH');
  if (description.nest !== undefined) codes.push('GRAFT_PACKAGE_ENTRY');
  if (description.manifestText !== undefined) codes.push('GRAFT_BAD_MANIFEST');
  if ((description.manifestText?.length ?? 0) > LONG_MANIFEST) codes.push('GRAFT_PACKAGE_LIMIT');
  if (description.signature !== undefined) codes.push('GRAFT_PACKAGE_SIGNED');
  else if (isUpgrade) codes.push('GRAFT_UPGRADE');
  else if (Object.keys(manifest).length > 0) codes.push('GRAFT_BAD_MANIFEST', 'GRAFT_NEEDS');
  if (description.main !== undefined && expressionOf(description.main) === null)
    codes.push('GRAFT_BUNDLE', 'GRAFT_INSTALL_FAILED');
  return codes;
};

/** A signature as a file of the archive, and as a field of its package.json. */
const signed = (entries: readonly ArchiveEntry[], signature: unknown): ArchiveEntry[][] => {
  if (signature === undefined) return [[...entries]];
  const field = entries.map((entry) =>
    entry.name === 'package.json'
      ? { ...entry, data: JSON.stringify({ ...(JSON.parse(entry.data as string) as object), signature }) }
      : entry,
  );
  return [field, [...entries, { name: 'signature.json', data: JSON.stringify(signature) }]];
};

const parcelsOf = (description: Description, isUpgrade: boolean): Parcel[] => {
  const codes = new Set(codesOf(description, isUpgrade));
  const { nest, sourceBytes, alternatives = [] } = description;
  if (nest !== undefined)
    return [{ bytes: nested(withManifest(description, undefined), Math.min(Number(nest), 100)), codes }];
  const source: ArchiveEntry[] =
    sourceBytes === undefined ? [] : [{ name: 'lib/large.js', repeat: 'a=1;', size: sourceBytes }];
  return [undefined, ...alternatives].flatMap((id) =>
    signed([...withManifest(description, id), ...source], description.signature).map((entries) => ({
      bytes: archiveOf(entries),
      codes,
    })),
  );
};

const OF_A_PACKAGE =
  /^GRAFT_(?:PACKAGE_\w+|BAD_PACKAGE|BAD_MANIFEST|BUNDLE|NEEDS|UPGRADE|INSTALL_FAILED|UNKNOWN_POINT)$/;

/** Gives the code of the refusal. */
const refuse = async (world: World, { bytes, codes }: Parcel): Promise<string> => {
  const before = JSON.stringify(world.host.plugins().map(({ name, version, digest }) => [name, version, digest]));
  let code = '';
  try {
    await world.host.install(bytes);
  } catch (error) {
    if (!(error instanceof GraftError))
      throw new Wrong(`the install threw ${error instanceof Error ? error.stack : error}`);
    code = error.code;
  }
  if (code === '') throw new Wrong('the package was installed and should have been refused');
  const isRight = codes.size === 0 ? OF_A_PACKAGE.test(code) : codes.has(code);
  if (!isRight)
    throw new Wrong(
      `the package was refused with ${code} and should have been ` +
        `with ${[...codes].join(' or ') || 'the code of a package'}`,
    );
  const after = JSON.stringify(world.host.plugins().map(({ name, version, digest }) => [name, version, digest]));
  if (after !== before) throw new Wrong('a package that was refused is registered');
  return code;
};

/**
 * Packs what the source describes and uploads it; every parcel is to be refused, and what was installed before goes on.
 * Gives the codes.
 */
export const upload = async (world: World): Promise<string> => {
  const { entry } = world;
  const describe = runInNewContext(`(${entry.source})`, {}, { timeout: 10_000 }) as (
    input: object,
    api: object,
  ) => Description;
  const described = describe({}, {});
  const isUpgrade = /upgrad|downgrad|installed plugin/i.test(`${entry.title} ${wordsOf(entry)}`);
  const description =
    isUpgrade && described.manifest !== undefined ? { ...described, manifest: known(described.manifest) } : described;
  if (isUpgrade) {
    const entries = withManifest({ main: '(input, api) => ({ total: 1 })' }, undefined);
    const json = packageJson({ id: description.manifest?.id ?? NAME, version: '1.0.0', grants: ['read'] });
    await world.host.install(archiveOf([{ name: 'package.json', data: JSON.stringify(json) }, ...entries.slice(1)]));
  }
  const codes = new Set<string>();
  for (const parcel of parcelsOf(description, isUpgrade)) codes.add(await refuse(world, parcel));
  const outcome = isUpgrade ? await world.attack.invoke(null) : null;
  if (outcome !== null && outcome.status !== 'committed')
    throw new Wrong(`the old version does not go on: ${outcome.status}`);
  return [...codes].join(', ');
};
