// From a position in a bundle back to the author's own line. Both ends count as V8 does in a stack: lines and columns
// begin at 1.
//
// Parsing a map costs some milliseconds and errors come in bursts from one plugin, so the maps asked for last are kept
// parsed.

import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { sourceFile } from './source-name.ts';

const KEPT = 8;
const parsed = new Map<string, TraceMap>();

function parseMap(sourceMap: string): TraceMap {
  const map = parsed.get(sourceMap) ?? new TraceMap(sourceMap);
  parsed.delete(sourceMap);
  parsed.set(sourceMap, map);
  const oldest = parsed.keys().next().value;
  if (parsed.size > KEPT && oldest !== undefined) parsed.delete(oldest);
  return map;
}

/** A place in a source file of a package: `file` is its path there, line and column begin at 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/**
 * Where the author wrote what stands at `line` and `column` (from 1, as a stack names them) of a bundle; null where
 * nobody wrote it: the bundler's own lines, or a position outside. `sourceMap` is that of a PluginPackage.
 */
export function originalPosition(sourceMap: string, line: number, column: number): Position | null {
  if (!Number.isSafeInteger(line) || !Number.isSafeInteger(column) || line < 1 || column < 1) return null;
  const found = originalPositionFor(parseMap(sourceMap), { line, column: column - 1 });
  const file = found.source === null ? null : sourceFile(found.source);
  return file === null || found.line === null ? null : { file, line: found.line, column: found.column + 1 };
}
