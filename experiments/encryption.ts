// `encryption`: a program writes a file through a stream, and a graft encrypts the bytes. Encrypting is work and gains
// no time; a graft can only gain by a shorter way. Three ways to the same bytes on the disk:
// - the program itself encrypts and then writes: nothing is cheaper, but every program has to do it;
// - a filter, a process of its own, takes the bytes, encrypts and writes: no other program needs to know, for two more
//   copies and two switches of the processor;
// - the graft: no program needs to know, for a transaction a buffer.
//
// The break-even is against the filter: the length of a write above which copies cost more than the transaction. There
// is none against the program itself.

import {
  CPU_MHZ,
  CYCLES,
  GeneratorProgram,
  Kernel,
  STREAM_BUFFER_BYTES,
  type Steps,
  type Stream,
  type User,
} from 'graftwork/kernel-model';
import { type Figure, hashBytes, hashText, type Point, type Result, type Series, type Table } from '../report/index.ts';
import { compartments, type Kind } from './compartments.ts';
import type { Experiment } from './experiment.ts';
import { graftPackage } from './graft-package.ts';
import { MeasuredDisk } from './measured-disk.ts';
import { ramDisk } from './ram-disk.ts';
import { breakEven, COMPARTMENT_FLAG, emulated_us, kindOf, realTimesOf } from './sample-cost.ts';
import { CIPHERS, type Cipher, cipherSample, setCipherKey } from './samples.ts';

export type Way = 'copy' | 'program' | 'filter' | 'graft';

export interface EncryptionOptions {
  /** The cipher; ignored for 'copy'. */
  readonly cipher: Cipher;
  readonly way: Way;
  readonly bytes: number;
  /** Bytes of one write. */
  readonly write_bytes: number;
  /** Whether it writes to the project's drive, to the end; otherwise to a disk that takes no time. */
  readonly drive: boolean;
  /** The cost of encrypting for a program, in cycles a write: that of the graft's own work. */
  readonly work_cycles: number;
  readonly seed: number;
  readonly kind: Kind;
}

export interface EncryptionRun {
  readonly elapsed_us: number;
  readonly graft_calls: number;
  /** The hash of the file's bytes. */
  readonly file_hash: string;
  /** Bytes of the file that equal those written to the stream. */
  readonly same: number;
  readonly trace_hash: string;
}

const USER = 'ann';
const byteAt = (seed: number, at: number): number => (at * 13 + (at >> 8) * 7 + seed) & 255;

const dataOf = ({ bytes, seed }: EncryptionOptions): Uint8Array => {
  const data = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) data[i] = byteAt(seed, i);
  return data;
};

const sameBytes = (one: Uint8Array, other: Uint8Array): number => {
  let same = 0;
  for (let i = 0; i < one.length; i++) if (one[i] === other[i]) same++;
  return same;
};

/** Writes all the data, piece by piece. `each` runs before each write. */
function* writing(
  user: User,
  options: EncryptionOptions,
  data: Uint8Array,
  stream: Stream,
  each: (user: User) => Steps,
): Steps {
  for (let at = 0; at < data.length; at += options.write_bytes) {
    yield* each(user);
    yield* user.call('put', stream.id, data.subarray(at, at + options.write_bytes));
  }
  if (options.drive) yield* user.call('sync');
}

/** A program that hands its data to a filter: copied into the kernel, and out of it. */
const filtered = (kernel: Kernel, options: EncryptionOptions, data: Uint8Array, stream: Stream): void => {
  const { write_bytes, work_cycles } = options;
  const copying = write_bytes * CYCLES.copy_byte;
  const writes = Math.ceil(data.length / write_bytes);
  kernel.spawn({
    name: 'program',
    owner: USER,
    program: new GeneratorProgram(function* (user) {
      for (let i = 0; i < writes; i++) {
        yield* user.compute(copying);
        yield* user.call('request', 'filter', i);
      }
    }),
  });
  kernel.spawn({
    name: 'filter',
    owner: USER,
    program: new GeneratorProgram(function* (user) {
      for (let i = 0; i < writes; i++) {
        const { id } = (yield* user.call('receive', 'filter')) as { id: number };
        yield* user.compute(copying + work_cycles);
        yield* user.call('put', stream.id, data.subarray(i * write_bytes, (i + 1) * write_bytes));
        yield* user.call('reply', id, 0);
      }
      if (options.drive) yield* user.call('sync');
    }),
  });
};

function* waiting(user: User): Steps {
  yield* user.call('receive', 'never');
}

const spawnWriter = (kernel: Kernel, options: EncryptionOptions, data: Uint8Array, stream: Stream): void => {
  if (options.way === 'filter') return filtered(kernel, options, data, stream);
  const own = options.way === 'program' ? options.work_cycles : 0;
  const program = new GeneratorProgram((user) => writing(user, options, data, stream, (one) => one.compute(own)));
  kernel.spawn({ name: 'program', owner: USER, program });
};

/** The file's bytes. */
const contentsOf = (kernel: Kernel, stream: Stream): Uint8Array => {
  const into = new Uint8Array(stream.file.inode.size);
  kernel.finish(kernel.fs.read(stream.file.inode, 0, into));
  return into;
};

/** Writes a file in one of the ways. */
export const writeThrough = async (options: EncryptionOptions): Promise<EncryptionRun> => {
  const { cipher, way, bytes, drive, kind } = options;
  const disk = drive ? new MeasuredDisk().open : ramDisk(2 ** 17);
  const kernel = new Kernel({ frames: 16, disk, buffers: 1024, compartments: compartments(kind) });
  kernel.format();
  const inode = kernel.finish(kernel.fs.create('data', 'file', bytes));
  // It does not end, and so the file stays open.
  const opener = new GeneratorProgram((user) => waiting(user));
  const stream = kernel.openStream(
    kernel.openFile(kernel.spawn({ name: 'opener', owner: USER, program: opener }), inode),
  );
  setCipherKey(stream, cipher);
  if (way === 'graft') {
    const point = `kernel/stream/${stream.id}/transform`;
    await kernel.install(
      await graftPackage('cipher', { file: `encryption/${cipher}.ts`, export: 'transform', point }),
      { user: USER },
    );
  }
  const data = dataOf(options);
  spawnWriter(kernel, options, data, stream);
  const elapsed_us = emulated_us(kernel, () => kernel.run());
  const found = contentsOf(kernel, stream);
  return {
    elapsed_us,
    graft_calls: kernel.calls.counts.committed,
    file_hash: hashBytes(found),
    same: sameBytes(found, data),
    trace_hash: kernel.trace.hash,
  };
};

const TRANSACTION_US = (CYCLES.transaction_begin + CYCLES.transaction_commit) / CPU_MHZ;
const LENGTHS = [512, 1024, 1536, 2048, 3072, 4096, 6144, 8192];

/** A cipher at one length of a write: the time of each way, in emulated microseconds a write. */
interface Row {
  readonly cipher: Cipher;
  readonly write_bytes: number;
  readonly us: Readonly<Record<Way, number>>;
  readonly hashes: string;
}

type Common = Pick<EncryptionOptions, 'bytes' | 'drive' | 'seed' | 'kind'>;

/** `known_us`: the cost of encrypting for a program, per write; null: this graft's time beyond its transaction. */
const rowOf = async (
  common: Common,
  cipher: Cipher,
  write_bytes: number,
  known_us: number | null = null,
): Promise<Row> => {
  const writes = common.bytes / write_bytes;
  const run = (way: Way, work_us: number): Promise<EncryptionRun> =>
    writeThrough({ ...common, cipher, way, write_bytes, work_cycles: work_us * CPU_MHZ });
  const copy = await run('copy', 0);
  const graft = await run('graft', 0);
  const work_us = known_us ?? Math.max(0, (graft.elapsed_us - copy.elapsed_us) / writes - TRANSACTION_US);
  const [program, filter] = [await run('program', work_us), await run('filter', work_us)];
  const all = { copy, program, filter, graft };
  return {
    cipher,
    write_bytes,
    us: Object.fromEntries(Object.entries(all).map(([way, { elapsed_us }]) => [way, elapsed_us / writes])) as Record<
      Way,
      number
    >,
    hashes: Object.values(all)
      .map(({ trace_hash, file_hash }) => trace_hash + file_hash)
      .join(),
  };
};

const WAYS: readonly Way[] = ['copy', 'program', 'filter', 'graft'];
/** Megabytes of 10^6 bytes a second. */
const speed = ({ us, write_bytes }: Row, way: Way): number => write_bytes / us[way];

const speedTable = (rows: readonly Row[]): Table => ({
  kind: 'table',
  title: `Emulated throughput, writes of ${STREAM_BUFFER_BYTES / 1024} KB into the buffer cache`,
  columns: [
    'cipher',
    ...WAYS.map((way) => `${way}, MB/s`),
    'cycles a byte: encrypting',
    'graft besides',
    'filter besides',
  ],
  rows: rows.map((row) => {
    const a_byte = (us: number): number => (us * CPU_MHZ) / row.write_bytes;
    const { copy, program, filter, graft } = row.us;
    return [
      row.cipher,
      ...WAYS.map((way) => speed(row, way)),
      a_byte(program - copy),
      a_byte(graft - program),
      a_byte(filter - program),
    ];
  }),
  note:
    'copy: the stream as it is, nothing is encrypted. Encrypting is taken to cost the program and the filter what ' +
    'it costs the graft beyond its transaction. A turn of a graft’s loop is charged alike however much it does, ' +
    'which flatters ciphers whose loops are unrolled.',
});

const driveTable = (rows: readonly Row[]): Table => ({
  kind: 'table',
  title: 'The same, written out to the drive',
  columns: ['cipher', ...WAYS.map((way) => `${way}, MB/s`), 'graft, % of the copy’s'],
  rows: rows.map((row) => [row.cipher, ...WAYS.map((way) => speed(row, way)), (100 * row.us.copy) / row.us.graft]),
  note:
    'All is written first and then put on the disk, whose time hides the rest: what differs is less than one turn ' +
    'of the platters, or whole ones.',
});

/** The time that a write through the graft saves against the filter. */
const saved = (rows: readonly Row[], cipher: Cipher): Point[] =>
  rows.filter((row) => row.cipher === cipher).map(({ write_bytes, us }) => [write_bytes, us.filter - us.graft]);

const savedFigure = (rows: readonly Row[]): Figure => ({
  kind: 'figure',
  title: 'What a write through the graft saves, against a filter and against the program itself',
  x: { label: 'bytes of a write', unit: '' },
  y: { label: 'saved a write', unit: 'µs' },
  series: [
    ...CIPHERS.map((cipher): Series => ({ name: `${cipher}, against a filter`, points: saved(rows, cipher) })),
    {
      name: 'against the program itself',
      points: rows
        .filter(({ cipher }) => cipher === 'xor')
        .map(({ write_bytes, us }): Point => [write_bytes, us.program - us.graft]),
    },
  ],
  marks: 'line',
  note:
    'The copies that a filter needs grow with the write, the transaction of the graft does not. A program that ' +
    'encrypts for itself needs neither.',
});

const factsOf = (rows: readonly Row[], onDrive: readonly Row[], memory: readonly Row[]): Record<string, number> => {
  const facts: Record<string, number> = {};
  for (const cipher of CIPHERS) {
    const { us } = memory.find((row) => row.cipher === cipher) as Row;
    const drive = (onDrive.find((row) => row.cipher === cipher) as Row).us;
    facts[`${cipher}_graft_us_a_buffer`] = us.graft - us.copy;
    facts[`${cipher}_break_even_against_filter_bytes`] = breakEven(saved(rows, cipher));
    facts[`${cipher}_slower_than_copy_percent`] = 100 * (us.graft / us.copy - 1);
    facts[`${cipher}_slower_than_copy_on_drive_percent`] = 100 * (drive.graft / drive.copy - 1);
  }
  const { us } = memory[0] as Row;
  return {
    ...facts,
    behind_program_us_a_buffer: us.graft - us.program,
    saved_against_filter_us_a_buffer: us.filter - us.graft,
  };
};

export const encryption: Experiment = {
  name: 'encryption',
  describes:
    'A stream that a graft encrypts (XOR, ChaCha20, AES-XTS): against a copy, a program that does it itself, and a ' +
    'filter process.',
  flags: COMPARTMENT_FLAG,
  async run({ small, seed, flags, progress }): Promise<Result> {
    const kind = kindOf(flags);
    const common = { bytes: small ? 98_304 : 1_572_864, drive: false, seed, kind };
    const rows: Row[] = [];
    for (const cipher of CIPHERS) {
      progress(`encryption: ${cipher}`);
      for (const write_bytes of LENGTHS) rows.push(await rowOf(common, cipher, write_bytes));
    }
    const memory = rows.filter(({ write_bytes }) => write_bytes === STREAM_BUFFER_BYTES);
    const onDrive: Row[] = [];
    for (const { cipher, us } of memory)
      onDrive.push(
        await rowOf({ ...common, drive: true }, cipher, STREAM_BUFFER_BYTES, us.graft - us.copy - TRANSACTION_US),
      );
    const facts = factsOf(rows, onDrive, memory);
    const real = [];
    for (const cipher of CIPHERS)
      real.push(await realTimesOf(cipherSample(cipher), `encryption (${cipher})`, kind, small));
    return {
      name: 'encryption',
      title:
        `Encrypting in the stream gains no time: ${(facts.behind_program_us_a_buffer as number).toFixed(1)} µs a ` +
        'buffer behind a program that does it itself; against a filter process it pays from ' +
        `${Math.round(facts.xor_break_even_against_filter_bytes as number)} bytes a write on`,
      parts: [speedTable(memory), driveTable(onDrive), savedFigure(rows), ...real],
      facts: { compartment: kind, ...facts },
      hash: hashText(JSON.stringify([rows, onDrive])),
    };
  },
};
