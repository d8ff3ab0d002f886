// A drive's `.model` file (dm_disk): its zones (dm_layout_g1) and its mechanics (dm_mech_g1), with the seek times in
// the file that it may name.

import type { DriveSpec, SeekCurve, Zone } from './drive-spec.ts';
import {
  COUNT,
  innerBlock,
  itemsOf,
  numberOf,
  numbersOf,
  POSITIVE,
  requireModelled,
  TIME_MS,
  timeOf_us,
  wordsOf,
} from './parameter-block.ts';
import { DriveFileError, type ParameterBlock } from './parameter-file.ts';

const ZONES_MAX = 256;
const TRACKS_MAX = 2 ** 20;
const SEEK_POINTS_MAX = 10_000;
/** `Seek distances measured: 64`, then `1,      1.264421800`: cylinders and milliseconds. */
const SEEK_HEAD = /^Seek distances measured:\s*(\d+)$/;
const SEEK_LINE = /^(\d+),\s*(\d+(?:\.\d*)?)$/;

const pairs = (numbers: readonly number[], block: ParameterBlock): (readonly [number, number])[] => {
  if (numbers.length % 2 !== 0) throw new DriveFileError(block.file, block.line, '"defects" come in pairs');
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i] as number, numbers[2 * i + 1] as number]);
};

const parseZone = (block: ParameterBlock, spared: boolean): Zone => {
  requireModelled(block, { 'Skew units': ['sectors'] });
  return {
    first_cylinder: numberOf(block, 'First cylinder number', COUNT),
    last_cylinder: numberOf(block, 'Last cylinder number', COUNT),
    sectors_per_track: numberOf(block, 'Blocks per track', { ...POSITIVE, max: 65_536 }),
    offset_sectors: numberOf(block, 'Offset of first block', COUNT),
    reserved_sectors: numberOf(block, 'Empty space at zone front', COUNT),
    track_skew_sectors: numberOf(block, 'Skew for track switch', COUNT),
    cylinder_skew_sectors: numberOf(block, 'Skew for cylinder switch', COUNT),
    spare_tracks: spared ? numberOf(block, 'Number of spares', COUNT) : 0,
    slipped_tracks: spared ? numbersOf(block, 'slips', COUNT) : [],
    remapped_tracks: spared ? pairs(numbersOf(block, 'defects', COUNT), block) : [],
  };
};

const checkZones = (zones: readonly Zone[], heads: number, { file, line }: ParameterBlock): void => {
  let cylinder = 0;
  for (const zone of zones) {
    if (zone.first_cylinder !== cylinder || zone.last_cylinder < cylinder) {
      throw new DriveFileError(file, line, `zones leave a gap or overlap at cylinder ${cylinder}`);
    }
    cylinder = zone.last_cylinder + 1;
  }
  if (zones.length === 0 || cylinder * heads > TRACKS_MAX)
    throw new DriveFileError(file, line, `no zones, or more than ${TRACKS_MAX} tracks`);
};

const parseZones = (layout: ParameterBlock, heads: number): Zone[] => {
  requireModelled(layout, {
    'LBN-to-PBN mapping scheme': ['0'],
    'Sparing scheme used': ['0', '1'],
    'Skew units': ['sectors'],
  });
  const spared = numberOf(layout, 'Sparing scheme used', COUNT) === 1;
  const items = itemsOf(layout, 'Zones');
  if (items.length > ZONES_MAX) throw new DriveFileError(layout.file, layout.line, `more than ${ZONES_MAX} zones`);
  const zones = items.map((item) => {
    if (item.kind !== 'block') throw new DriveFileError(layout.file, item.line, `a zone is a block, not ${item.kind}`);
    return parseZone(item.block, spared);
  });
  checkZones(zones, heads, layout);
  return zones;
};

/** Reads a file of seek times; `file` names it in errors. */
const parseSeekTimes = (text: string, file: string): SeekCurve => {
  const lines = text.split('\n', SEEK_POINTS_MAX + 2).map((line) => line.trim());
  const count = Number(SEEK_HEAD.exec(lines[0] ?? '')?.[1]);
  if (!(count >= 1 && count <= SEEK_POINTS_MAX))
    throw new DriveFileError(file, 1, '"Seek distances measured: COUNT" expected');
  const points = lines.slice(1, count + 1).map((line, i): readonly [number, number] => {
    const match = SEEK_LINE.exec(line);
    if (match === null)
      throw new DriveFileError(
        file,
        i + 2,
        `"DISTANCE, MILLISECONDS" expected, not ${JSON.stringify(line.slice(0, 40))}`,
      );
    return [Number(match[1]), Number(match[2]) * 1000];
  });
  if (points.length < count)
    throw new DriveFileError(file, points.length + 2, `${count} distances announced, ${points.length} given`);
  const ascending = points.every(([distance], i) =>
    i === 0 ? distance === 1 : distance > (points[i - 1] as readonly [number, number])[0],
  );
  if (!ascending) throw new DriveFileError(file, 2, 'distances do not ascend from 1');
  return { kind: 'points', points };
};

const parseSeek = (mechanics: ParameterBlock, beside: (name: string) => string): SeekCurve => {
  requireModelled(mechanics, { 'Seek type': ['extracted', 'hplplus10'] });
  if (wordsOf(mechanics, 'Seek type') === 'extracted') {
    const name = wordsOf(mechanics, 'Full seek curve');
    return parseSeekTimes(beside(name), name);
  }
  const values = numbersOf(mechanics, 'HPL seek equation values', { min: -1, max: 1e6 });
  const first_us = numbersOf(mechanics, 'First ten seek times', TIME_MS).map((time_ms) => time_ms * 1000);
  const [split_cylinders, root_base_ms, root_ms, line_base_ms, line_ms] = values as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (values.length !== 6 || first_us.length !== 10) {
    throw new DriveFileError(mechanics.file, mechanics.line, 'six equation values and ten first seek times expected');
  }
  return {
    kind: 'formula',
    first_us,
    split_cylinders,
    root_base_us: root_base_ms * 1000,
    root_us: root_ms * 1000,
    line_base_us: line_base_ms * 1000,
    line_us: line_ms * 1000,
  };
};

/** The part of a drive that a `dm_disk` block describes. Throws a DriveFileError. */
export const parseModel = (
  block: ParameterBlock,
  beside: (name: string) => string,
): Pick<DriveSpec, 'heads' | 'rotation_us' | 'zones' | 'seek' | 'head_switch_us' | 'write_settle_us'> => {
  const mechanics = innerBlock(block, 'Mechanical Model', 'dm_mech_g1');
  requireModelled(mechanics, { 'Access time type': ['trackSwitchPlusRotation'], 'Percent error in rpms': ['0'] });
  const heads = numberOf(block, 'Number of data surfaces', { ...POSITIVE, max: 1024 });
  return {
    heads,
    rotation_us: 60e6 / numberOf(mechanics, 'Rotation speed (in rpms)', POSITIVE),
    zones: parseZones(innerBlock(block, 'Layout Model', 'dm_layout_g1'), heads),
    seek: parseSeek(mechanics, beside),
    head_switch_us: timeOf_us(mechanics, 'Head switch time'),
    write_settle_us: timeOf_us(mechanics, 'Add. write settling delay', { min: -1000, max: 1000 }),
  };
};
