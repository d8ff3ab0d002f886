// Which walls stand around a process on this system: found out by starting one, before anything depends on it.

import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { ANSWER_BYTES_MAX, READY } from '../../../protocol.ts';
import { FrameReader } from '../frames.ts';
import { fromByte, NO_WALLS, type Standing } from './standing.ts';

const START_MS_MAX = 15_000;
const WRITES = 4;

/** What the READY of a process started so says; null where it gets no further. It reads an end at once. */
export const probeWalls = (file: string, args: readonly string[]): Standing | null => {
  const nothing = openSync(devNull, 'r');
  try {
    const { output } = spawnSync(file, args, {
      env: {},
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', nothing, 'pipe'],
      timeout: START_MS_MAX,
      killSignal: 'SIGKILL',
    });
    const reader = new FrameReader(ANSWER_BYTES_MAX);
    reader.push((output?.[WRITES] as Buffer | null | undefined) ?? Buffer.alloc(0));
    return reader.next() && reader.type === READY ? standingOf(reader) : null;
  } finally {
    closeSync(nothing);
  }
};

/** The walls that a READY tells of. */
export const standingOf = ({ size, buffer, from }: FrameReader): Standing =>
  size === 0 ? NO_WALLS : fromByte(buffer.readUInt8(from));
