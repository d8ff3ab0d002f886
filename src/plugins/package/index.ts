// Plugin packages: what an author ships, read into what a host installs. See read.ts for the steps.

export { PACKAGE_BOUNDS } from './bounds.ts';
export type { Manifest, ManifestGraft } from './manifest.ts';
export { MISSING_GLOBALS, type MissingGlobal, missingText } from './missing.ts';
export { PackageReader, type PluginPackage, type PluginSource, reachedEntries, readPackage } from './read.ts';
export { originalPosition, type Position } from './source-map.ts';
