// Every bound on a plugin package, in one table. Sizes are bytes, times milliseconds, all inclusive: what is exactly as
// large passes.
//
// What **counts** is what may become part of the plugin: of an archive or an object all that is its own, and of its
// dependencies (what lies in a node_modules folder) the files that imports reach; of a folder on a disk, which may hold
// anything beside the plugin, only the files that imports reach.
//
// They are far above what an honest plugin needs (a bundled one is a few hundred kilobytes) and low enough that the
// worst package costs its host some tens of megabytes for a moment, and nothing on disk.

const MB = 1_048_576;

export const PACKAGE_BOUNDS = {
  /** An archive as it was sent, compressed. */
  archive_bytes: 8 * MB,
  /** All of an archive's tar stream, all texts of an object, and all files that count, each together. */
  unpacked_bytes: 32 * MB,
  /** One file that counts. */
  entry_bytes: 8 * MB,
  /** Files and folders that count. */
  entries: 2_000,
  /** Files and folders of an archive or an object; names in the folders of a disk that are looked into; questions. */
  carried_entries: 12_000,
  /** Unpacked bytes for each compressed byte; deflate itself ends at 1,032. */
  ratio: 200,
  /** Up to this many unpacked bytes the ratio is not looked at: a few kilobytes of spaces are no bomb. */
  ratio_floor_bytes: 1 * MB,
  /** One path in UTF-8. */
  path_bytes: 255,
  /** Segments of one path. */
  depth: 16,
  /** Text of a package.json. */
  manifest_bytes: 1 * MB,
  /** Objects and arrays within one another in a package.json. */
  manifest_depth: 32,
  /** All source text and data that one bundle takes in, and the script that comes out of it. */
  bundle_bytes: 12 * MB,
  /** All source maps that come with those sources, as text. What is beyond is not followed. */
  input_map_bytes: 16 * MB,
  /** The source map of that script. */
  source_map_bytes: 24 * MB,
  /**
   * Time for unpacking, reading and bundling one package. Some hundred bytes of nested arrow functions keep a bundler
   * busy for minutes.
   */
  bundle_ms: 15_000,
  /**
   * Memory of esbuild's process. Some hundred bytes of an enum that doubles its texts would take gigabytes.
   */
  esbuild_bytes: 512 * MB,
  /** Memory of JavaScript in the process that unpacks and reads the package. */
  heap_bytes: 256 * MB,
} as const;
