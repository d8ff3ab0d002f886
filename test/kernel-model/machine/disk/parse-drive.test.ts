// Parameter files: a small drive in DiskSim's format, and every way in which it can be wrong, each told with file and
// line.

import { describe, expect, it } from '@jest/globals';
import {
  DriveFileError,
  type DriveFiles,
  type DriveSpec,
  Layout,
  parseDrive,
} from '../../../../src/kernel-model/machine/disk/index.ts';
import { readParameters } from '../../../../src/kernel-model/machine/disk/parameter-file.ts';
import { Random } from '../../../support/random.ts';

const MODEL = `# a drive
dm_disk Tiny {
  Number of data surfaces = 2,
  Layout Model = dm_layout_g1 {
    LBN-to-PBN mapping scheme = 0,
    Sparing scheme used = 1,
    Zones = [
      dm_layout_g1_zone {
        First cylinder number = 0, Last cylinder number = 9, Blocks per track = 20, Offset of first block = 0,
        Empty space at zone front = 40, Skew for track switch = 3, Skew for cylinder switch = 5,
        Number of spares = 3, slips = [ 4, 7 ], defects = [ 9, 19 ]
      },
      dm_layout_g1_zone {
        First cylinder number = 10, Last cylinder number = 14, Blocks per track = 16, Offset of first block = 2.0,
        Empty space at zone front = 0, Skew for track switch = 2, Skew for cylinder switch = 4,
        Number of spares = 0, slips = [], defects = []
      }
    ]
  },
  Mechanical Model = dm_mech_g1 {
    Access time type = trackSwitchPlusRotation, Seek type = extracted, Full seek curve = tiny.seek,
    Add. write settling delay = -0.25, Head switch time = 0.9, Rotation speed (in rpms) = 6000,
    Percent error in rpms = 0.0
  }
}
`;

const SEEK = 'Seek distances measured: 3\n1, 1.5\n5,   2.25\n14, 4\n';

const OVERHEADS = [
  ['Read hit over. after read', 1],
  ['Read hit over. after write', 2],
  ['Read miss over. after read', 3],
  ['Read miss over. after write', 4],
  ['Write miss over. after read', 5],
  ['Write miss over. after write', 6],
  ['Read completion overhead', 7],
  ['Write completion overhead', 8],
  ['Data preparation overhead', 9],
  ['First reselect overhead', 10],
  ['Other reselect overhead', 11],
  ['Read disconnect afterread', 12],
  ['Read disconnect afterwrite', 13],
  ['Write disconnect overhead', 14],
  ['Minimum seek delay', 15],
] as const;

const SPECS = `disksim_disk Tiny_disk {
  Model = source tiny.model,
  Bulk sector transfer time = 0.01,
  Number of buffer segments = 2,
  Segment size (in blks) = 64,
  Use separate write segment = 1,
  High (read) water mark = 0.5,
  Fast write level = 0,
  Maximum read-ahead (blks) = 0,
  Read-ahead on idle hit = 1,
  Extra write disconnect = 0,
${OVERHEADS.map(([key, ms]) => `  ${key} = ${ms}.5`).join(',\n')}
}
`;

const PARV = `\
disksim_bus FAST { Arbitration time = 0.0, Read block transfer time = 0.0, Write block transfer time = 0.0 }
disksim_bus SLOW { Arbitration time = 0.0, Read block transfer time = 0.125, Write block transfer time = 0.005 }
disksim_ctlr CTLR { type = 1, Scale for delays = 0.0, Bulk sector transfer time = 0.0 }
source tiny.diskspecs
instantiate [ bus0 ] as FAST
instantiate [ bus1, bus2 ] as SLOW
instantiate [ ctlr0 ] as CTLR
instantiate [ disk0 ] as Tiny_disk
topology disksim_iodriver driver0 [
  disksim_bus bus0 [ disksim_ctlr ctlr0 [ disksim_bus bus2 [ disksim_disk disk0 [] ] ] ]
]
`;

const files = ({ model = MODEL, specs = SPECS, parv = PARV, seek = SEEK } = {}): DriveFiles => ({
  model: { file: 'tiny.model', text: model },
  specs: { file: 'tiny.diskspecs', text: specs },
  parv: { file: 'tiny.parv', text: parv },
  beside: (name) => {
    if (name !== 'tiny.seek') throw new Error(`no ${name}`);
    return seek;
  },
});

/** What is said of a drive whose text was changed; nothing where it is read. */
const complaint = (parts: { model?: string; specs?: string; parv?: string; seek?: string }): string => {
  try {
    parseDrive(files(parts));
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(DriveFileError);
    return (error as Error).message;
  }
};

describe('a drive', () => {
  const drive: DriveSpec = parseDrive(files());

  it('is read with its zones, mechanics, buffer, overheads and bus', () => {
    expect(drive.name).toBe('Tiny_disk');
    expect(
      drive.zones.map(({ offset_sectors, reserved_sectors, spare_tracks }) => [
        offset_sectors,
        reserved_sectors,
        spare_tracks,
      ]),
    ).toEqual([
      [0, 40, 3],
      [2, 0, 0],
    ]);
    expect(drive.zones[0]).toMatchObject({ slipped_tracks: [4, 7], remapped_tracks: [[9, 19]] });
    expect(new Layout(drive).sectors).toBe(20 * 20 - 40 - 3 * 20 + 10 * 16);
    expect(drive).toMatchObject({ heads: 2, rotation_us: 10_000, head_switch_us: 900, write_settle_us: -250 });
    expect(drive.seek).toEqual({
      kind: 'points',
      points: [
        [1, 1_500],
        [5, 2_250],
        [14, 4_000],
      ],
    });
    expect(drive.cache).toEqual({
      segments: 2,
      segment_sectors: 64,
      separate_write_segment: true,
      read_ahead_sectors: 64,
      read_ahead_on_hit: true,
      read_watermark: 0.5,
    });
    expect(drive.bus).toEqual({ read_sector_us: 125, write_sector_us: 10 });
  });

  it('has each overhead under its own name, in microseconds', () => {
    const { overheads } = drive;
    expect(overheads).toEqual({
      read_hit: { after_read_us: 1_500, after_write_us: 2_500 },
      read_miss: { after_read_us: 3_500, after_write_us: 4_500 },
      write: { after_read_us: 5_500, after_write_us: 6_500 },
      read_completion_us: 7_500,
      write_completion_us: 8_500,
      data_preparation_us: 9_500,
      first_reselect_us: 10_500,
      other_reselect_us: 11_500,
      read_disconnect: { after_read_us: 12_500, after_write_us: 13_500 },
      write_disconnect_us: 14_500,
      minimum_write_seek_us: 15_500,
      extra_disconnect: null,
    });
  });

  it('may have a formula in place of seek times', () => {
    const model = MODEL.replace(
      'Seek type = extracted, Full seek curve = tiny.seek',
      'Seek type = hplplus10, HPL seek equation values = [ 300, 3.5, 0.25, 7.5, 0.005, -1.0 ], ' +
        'First ten seek times = [ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 ]',
    );
    expect(parseDrive(files({ model })).seek).toEqual({
      kind: 'formula',
      first_us: [1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000],
      split_cylinders: 300,
      root_base_us: 3_500,
      root_us: 250,
      line_base_us: 7_500,
      line_us: 5,
    });
    expect(complaint({ model: model.replace('[ 300, ', '[ ') })).toMatch(/^tiny\.model:20: six equation values/);
  });
});

describe('what is wrong is told with its line', () => {
  it.each([
    [
      'Number of data surfaces = 2',
      'Number of data surfaces = two',
      'tiny.model:3: "Number of data surfaces" is not an integer from 1 to 1024',
    ],
    ['Number of data surfaces = 2', 'Number of data surfaces = 0', 'tiny.model:3: "Number of data surfaces" is not'],
    ['Number of data surfaces = 2,', '', 'tiny.model:2: dm_disk: "Number of data surfaces" is missing'],
    [
      'Number of data surfaces = 2,',
      'Number of data surfaces = 2, Number of data surfaces = 3,',
      'tiny.model:3: "Number of data surfaces" a second time',
    ],
    [
      'mapping scheme = 0',
      'mapping scheme = 2',
      'tiny.model:5: "LBN-to-PBN mapping scheme = 2" is not modelled; only 0',
    ],
    [
      'Sparing scheme used = 1',
      'Sparing scheme used = 9',
      'tiny.model:6: "Sparing scheme used = 9" is not modelled; only 0 or 1',
    ],
    [
      'First cylinder number = 10',
      'First cylinder number = 11',
      'tiny.model:4: zones leave a gap or overlap at cylinder 10',
    ],
    ['Blocks per track = 16', 'Blocks per track = 16.5', 'tiny.model:14: "Blocks per track" is not'],
    ['slips = [ 4, 7 ]', 'slips = 4', 'tiny.model:11: "slips" is no list'],
    ['slips = [ 4, 7 ]', 'slips = [ 4, seven ]', 'tiny.model:11: "slips" is not'],
    ['defects = [ 9, 19 ]', 'defects = [ 9 ]', 'tiny.model:8: "defects" come in pairs'],
    [
      'Layout Model = dm_layout_g1 {',
      'Layout Model = dm_layout_g4 {',
      'tiny.model:4: "Layout Model" is not of type dm_layout_g1',
    ],
    [
      'Seek type = extracted',
      'Seek type = linear',
      'tiny.model:21: "Seek type = linear" is not modelled; only extracted or hplplus10',
    ],
    [
      'Rotation speed (in rpms) = 6000',
      'Rotation speed (in rpms) = -1',
      'tiny.model:22: "Rotation speed (in rpms)" is not',
    ],
    ['Zones = [', 'Zones = [ 7,', 'tiny.model:7: a zone is a block, not words'],
    ['dm_disk Tiny {', 'dm_disk Tiny [', 'tiny.model:2: "{" expected, not "["'],
    ['Head switch time = 0.9', 'Head switch time 0.9', 'tiny.model:22: "=" expected, not ","'],
  ])('the model: %s → %s', (from, to, message) => {
    expect(MODEL).toContain(from);
    expect(complaint({ model: MODEL.replace(from, to) })).toContain(message);
  });

  it.each([
    [
      'Fast write level = 0',
      'Fast write level = 2',
      'tiny.diskspecs:8: "Fast write level = 2" is not modelled; only 0',
    ],
    [
      'High (read) water mark = 0.5',
      'High (read) water mark = 1.5',
      'tiny.diskspecs:7: "High (read) water mark" is not a number from 0 to 1',
    ],
    ['Number of buffer segments = 2', 'Number of buffer segments = 1', 'a separate write segment needs a second one'],
    [
      'Read completion overhead = 7.5',
      'Read completion overhead = -7.5',
      '"Read completion overhead" is not a number from 0 to 10000',
    ],
    ['Extra write disconnect = 0', 'Extra write disconnect = 1', '"Extradisc command overhead" is missing'],
    [
      'disksim_disk Tiny_disk',
      'disksim_simpledisk Tiny_disk',
      'tiny.diskspecs:1: one block disksim_disk expected, not 0',
    ],
  ])('the specs: %s → %s', (from, to, message) => {
    expect(SPECS).toContain(from);
    expect(complaint({ specs: SPECS.replace(from, to) })).toContain(message);
  });

  it.each([
    ['disksim_bus bus2', 'disksim_bus bus3', 'tiny.parv:1: no disksim_bus above the disk'],
    ['disksim_disk disk0', 'disksim_simpledisk disk0', 'no disksim_bus above the disk'],
    ['disksim_ctlr ctlr0', 'disksim_bus ctlr0', 'no disksim_ctlr above the disk'],
    [
      'SLOW { Arbitration time = 0.0',
      'SLOW { Arbitration time = 0.1',
      'tiny.parv:2: "Arbitration time = 0.1" is not modelled',
    ],
    ['type = 1', 'type = 3', 'tiny.parv:3: "type = 3" is not modelled'],
    ['] as FAST', '] FAST', 'tiny.parv:5: "as" expected, not "FAST"'],
  ])('the bus: %s → %s', (from, to, message) => {
    expect(PARV).toContain(from);
    expect(complaint({ parv: PARV.replace(from, to) })).toContain(message);
  });

  it.each([
    ['measured: 3', 'measured: three', 'tiny.seek:1: "Seek distances measured: COUNT" expected'],
    ['measured: 3', 'measured: 4', 'tiny.seek:5: "DISTANCE, MILLISECONDS" expected, not ""'],
    ['measured: 3', 'measured: 9', 'tiny.seek:'],
    ['5,   2.25', '5;   2.25', 'tiny.seek:3: "DISTANCE, MILLISECONDS" expected, not "5;   2.25"'],
    ['5,   2.25', '15,   2.25', 'tiny.seek:2: distances do not ascend from 1'],
    ['1, 1.5', '2, 1.5', 'tiny.seek:2: distances do not ascend from 1'],
  ])('seek times: %s → %s', (from, to, message) => {
    expect(complaint({ seek: SEEK.replace(from, to) })).toContain(message);
  });
});

describe('hostile text', () => {
  it('is bounded in length and depth', () => {
    expect(complaint({ model: ' '.repeat(2 ** 20 + 1) })).toMatch(/^tiny\.model:1: longer than/);
    expect(complaint({ model: `dm_disk x { a = ${'['.repeat(100_000)}` })).toMatch(
      /^tiny\.model:1: nested deeper than 16/,
    );
    expect(complaint({ parv: `topology ${'a b ['.repeat(100_000)}` })).toMatch(/nested deeper than 16/);
  });

  it.each(Array.from({ length: 200 }, (_, seed) => seed))(
    'damaged at random, it is read or refused, and nothing else happens (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const characters = [...MODEL];
      for (let i = 1 + random.below(5); i > 0; i--)
        characters.splice(random.below(characters.length), random.below(3), random.pick([...'{}[]=,# \n7x']));
      try {
        const { blocks } = readParameters({ file: 'tiny.model', text: characters.join('') });
        expect(blocks.every(({ type }) => type.length > 0)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(DriveFileError);
        expect((error as Error).message).toMatch(/^tiny\.model:\d+: /);
      }
    },
  );
});
