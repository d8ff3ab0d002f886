// DiskSim's description of a drive, from three files, as a DriveSpec: `.model` (layout and mechanics; it may name a
// file of seek times), `.diskspecs` (buffer and overheads) and `.parv` (the drive's bus). The meaning of each parameter
// is the manual's (CMU-PDL-08-101) and that of the module descriptions in its sources (disk.modspec,
// layout_g1_zone.modspec, mech_g1.modspec); settings that the model does not have are refused by name.

import type { ByPrevious, CacheSpec, DriveSpec, Overheads } from './drive-spec.ts';
import { COUNT, flagOf, numberOf, POSITIVE, requireModelled, timeOf_us } from './parameter-block.ts';
import {
  DriveFileError,
  type ParameterBlock,
  type ParameterFile,
  readParameters,
  type SourceText,
  type TopologyNode,
} from './parameter-file.ts';
import { parseModel } from './parse-model.ts';

/** The files of a drive. `beside` gives the text of a file that the model names. */
export interface DriveFiles {
  readonly model: SourceText;
  readonly specs: SourceText;
  readonly parv: SourceText;
  readonly beside: (name: string) => string;
}

/** The settings that are modelled, in the parameters' words. */
const MODELLED_DISK = {
  'Per-request overhead time': ['0'],
  'Time scale for overheads': ['1'],
  'Hold bus entire read xfer': ['1'],
  'Hold bus entire write xfer': ['0'],
  'Allow almost read hits': ['0'],
  'Allow sneaky full read hits': ['0'],
  'Allow sneaky partial read hits': ['0'],
  'Allow sneaky intermediate read hits': ['0'],
  'Allow read hits on write data': ['1'],
  'Preseeking level': ['0'],
  'Never disconnect': ['0'],
  'Set watermark by reqsize': ['1'],
  'Enable caching in buffer': ['1', '2'],
  'Buffer continuous read': ['3'],
  'Minimum read-ahead (blks)': ['0'],
  'Read-ahead over requested': ['1'],
  'Read any free blocks': ['0'],
  'Fast write level': ['0'],
  'Immediate buffer read': ['0'],
  'Immediate buffer write': ['0'],
  'Stop prefetch in sector': ['1'],
  'Disconnect write if seek': ['0'],
  'Read directly to buffer': ['1'],
  'Immed transfer partial hit': ['1'],
} as const;

const onlyBlock = ({ blocks, file }: ParameterFile, type: string): ParameterBlock => {
  const [block, ...more] = blocks.filter((one) => one.type === type);
  if (block !== undefined && more.length === 0) return block;
  throw new DriveFileError(
    file,
    more[0]?.line ?? 1,
    `one block ${type} expected, not ${block === undefined ? 0 : more.length + 1}`,
  );
};

const byPrevious = (block: ParameterBlock, key: string): ByPrevious => ({
  after_read_us: timeOf_us(block, `${key} read`),
  after_write_us: timeOf_us(block, `${key} write`),
});

const parseCache = (block: ParameterBlock): CacheSpec => {
  const segment_sectors = numberOf(block, 'Segment size (in blks)', POSITIVE);
  const segments = numberOf(block, 'Number of buffer segments', { ...POSITIVE, max: 1024 });
  const separate_write_segment = flagOf(block, 'Use separate write segment');
  if (separate_write_segment && segments < 2)
    throw new DriveFileError(block.file, block.line, 'a separate write segment needs a second one');
  return {
    segments,
    segment_sectors,
    separate_write_segment,
    // Without a maximum, reading on ends when the segment is full.
    read_ahead_sectors:
      numberOf(block, 'Maximum read-ahead (blks)', { ...COUNT, max: segment_sectors }) || segment_sectors,
    read_ahead_on_hit: flagOf(block, 'Read-ahead on idle hit'),
    read_watermark: numberOf(block, 'High (read) water mark', { min: 0, max: 1 }),
  };
};

const parseOverheads = (block: ParameterBlock): Overheads => ({
  read_hit: byPrevious(block, 'Read hit over. after'),
  read_miss: byPrevious(block, 'Read miss over. after'),
  write: byPrevious(block, 'Write miss over. after'),
  read_disconnect: {
    after_read_us: timeOf_us(block, 'Read disconnect afterread'),
    after_write_us: timeOf_us(block, 'Read disconnect afterwrite'),
  },
  write_disconnect_us: timeOf_us(block, 'Write disconnect overhead'),
  data_preparation_us: timeOf_us(block, 'Data preparation overhead'),
  first_reselect_us: timeOf_us(block, 'First reselect overhead'),
  other_reselect_us: timeOf_us(block, 'Other reselect overhead'),
  read_completion_us: timeOf_us(block, 'Read completion overhead'),
  write_completion_us: timeOf_us(block, 'Write completion overhead'),
  extra_disconnect: flagOf(block, 'Extra write disconnect')
    ? {
        command_us: timeOf_us(block, 'Extradisc command overhead'),
        disconnect_us: timeOf_us(block, 'Extradisc disconnect overhead'),
        between_us: timeOf_us(block, 'Extradisc inter-disconnect delay'),
        second_disconnect_us: timeOf_us(block, 'Extradisc 2nd disconnect overhead'),
        seek_delta_us: timeOf_us(block, 'Extradisc seek delta'),
      }
    : null,
  minimum_write_seek_us: timeOf_us(block, 'Minimum seek delay'),
});

/** The way from the root of a topology to its first disk. */
const pathToDisk = (node: TopologyNode): TopologyNode[] | null => {
  if (node.type === 'disksim_disk') return [node];
  for (const child of node.children) {
    const path = pathToDisk(child);
    if (path !== null) return [node, ...path];
  }
  return null;
};

/** Blocks of the bus at the disk and of the controller above it. */
const aboveDisk = (parv: ParameterFile): { bus: ParameterBlock; controller: ParameterBlock } => {
  const path = parv.topology === null ? null : pathToDisk(parv.topology);
  const blockOf = (node: TopologyNode | undefined, type: string): ParameterBlock => {
    const name = node?.type === type ? parv.instances.get(node.name) : undefined;
    const block = parv.blocks.find((one) => one.type === type && one.name === name);
    if (block === undefined) throw new DriveFileError(parv.file, 1, `no ${type} above the disk of the topology`);
    return block;
  };
  return { bus: blockOf(path?.at(-2), 'disksim_bus'), controller: blockOf(path?.at(-3), 'disksim_ctlr') };
};

/** A sector takes as long as the slowest of disk, bus and controller. */
const parseBus = (parv: ParameterFile, disk: ParameterBlock): DriveSpec['bus'] => {
  const { bus, controller } = aboveDisk(parv);
  requireModelled(bus, { 'Arbitration time': ['0'] });
  requireModelled(controller, { type: ['1'], 'Scale for delays': ['0'] });
  const others_us = Math.max(
    timeOf_us(disk, 'Bulk sector transfer time'),
    timeOf_us(controller, 'Bulk sector transfer time'),
  );
  return {
    read_sector_us: Math.max(others_us, timeOf_us(bus, 'Read block transfer time')),
    write_sector_us: Math.max(others_us, timeOf_us(bus, 'Write block transfer time')),
  };
};

/** Reads a drive. Throws a DriveFileError for what is malformed, out of range or not modelled. */
export const parseDrive = ({ model, specs, parv, beside }: DriveFiles): DriveSpec => {
  const disk = onlyBlock(readParameters(specs), 'disksim_disk');
  requireModelled(disk, MODELLED_DISK);
  return {
    name: disk.name,
    ...parseModel(onlyBlock(readParameters(model), 'dm_disk'), beside),
    cache: parseCache(disk),
    overheads: parseOverheads(disk),
    bus: parseBus(readParameters(parv), disk),
  };
};
