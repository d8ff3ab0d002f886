// The four sample grafts of VINO, each in a scene that calls its policy method again and again: for the real-time cost
// of a graft call.
//
// `method` calls the policy method as the kernel does, with a graft at its point or without; `base` is the decision
// without any graft support: the default, called directly. Both leave the kernel as it was, so a call can be repeated.

import {
  GeneratorProgram,
  Kernel,
  Policies,
  PROCESS_LIST,
  ReplayProgram,
  SECTOR_BYTES,
  STREAM_BUFFER_BYTES,
  type Stream,
} from 'graftwork/kernel-model';
import type { PluginPackage } from '../src/plugins/package/index.ts';
import { compartments, type Kind } from './compartments.ts';
import { graftPackage, sourcePackage } from './graft-package.ts';
import { ramDisk } from './ram-disk.ts';

/** A sample in a kernel of its own. */
export interface Scene {
  readonly kernel: Kernel;
  /** The point's path, without the leading slash. */
  readonly point: string;
  base(turn: number): number;
  method(turn: number): number;
  /** Tells the graft what its application would. Called after it was installed. */
  announce(): void;
}

export type SampleName = 'read-ahead' | 'eviction' | 'scheduling' | 'encryption';

export interface Sample {
  readonly name: SampleName;
  readonly file: string;
  readonly export: string;
  /** VINO's total on a 120 MHz Pentium, in cycles [slides]. */
  readonly vino_cycles: number;
  /** An empty graft whose answer is the default's, as a function's source. */
  readonly empty: string;
  /** The empty graft with the sample's lock. */
  readonly locking: string | null;
  scene(kind: Kind): Scene;
}

const USER = 'ann';

/** A thread that never does anything. */
const idle = (): GeneratorProgram =>
  new GeneratorProgram(function* (user) {
    yield* user.call('receive', 'never');
  });

const columnsOf = (kernel: Kernel, point: string) => kernel.points.table.get(point).grafts[0]?.columns ?? {};

const FILE_BLOCKS = 3072;
const ANNOUNCED = 3000;

/** Reads of a file at scattered blocks, all of them announced. */
const readAheadScene = (kind: Kind): Scene => {
  const kernel = new Kernel({ frames: 16, disk: ramDisk(65_536), compartments: compartments(kind) });
  kernel.format();
  const inode = kernel.finish(kernel.fs.create('data', 'file', FILE_BLOCKS * 4096));
  const thread = kernel.spawn({ name: 'reader', owner: USER, program: idle() });
  const file = kernel.openFile(thread, inode);
  const block = (turn: number): number => (turn * 1103) % FILE_BLOCKS;
  const point = `kernel/file/${file.id}/compute-ra`;
  let announced: Int32Array = new Int32Array(1);
  let count: Int32Array = new Int32Array(1);
  return {
    kernel,
    point,
    base: (turn) => file.sequential(block(turn)),
    method(turn) {
      // The application keeps its list ahead of its reads.
      if (turn % 1000 === 0) count[0] = turn + ANNOUNCED;
      return kernel.policies.readAhead(file, announced[turn % announced.length] ?? block(turn)).count;
    },
    announce() {
      const columns = columnsOf(kernel, point);
      announced = columns.announced as Int32Array;
      count = columns.announced_count as Int32Array;
      for (let i = 0; i < announced.length; i++) announced[i] = block(i);
      count[0] = ANNOUNCED;
    },
  };
};

const PAGES = 512;
const KEPT = 8;

/** 2 MB of pages, of which a few are to be kept; every fourth victim is one of those. */
const evictionScene = (kind: Kind): Scene => {
  const kernel = new Kernel({ frames: PAGES, disk: null, compartments: compartments(kind) });
  const order = Int32Array.from({ length: PAGES }, (_, page) => page);
  const thread = kernel.spawn({ name: 'pages', owner: USER, pages: PAGES, program: new ReplayProgram(order) });
  const space = thread.space as NonNullable<typeof thread.space>;
  kernel.spawn({ name: 'stays', owner: USER, space, program: idle() });
  kernel.run();
  const victim = (turn: number): number => (turn % 4 === 0 ? turn % KEPT : 64 + (turn % 256));
  const point = `kernel/address-space/${space.id}/evict`;
  return {
    kernel,
    point,
    base: victim,
    method: (turn) => kernel.policies.evict(space, victim(turn), 1000),
    announce() {
      const shared = columnsOf(kernel, point).shared as Int32Array;
      shared[0] = KEPT;
      for (let i = 0; i < KEPT; i++) shared[i + 1] = i;
    },
  };
};

/** A process list of 64 entries; the server is the last of them. */
const schedulingScene = (kind: Kind): Scene => {
  const kernel = new Kernel({ frames: 16, disk: null, compartments: compartments(kind) });
  const threads = Array.from({ length: PROCESS_LIST }, (_, i) =>
    kernel.spawn({ name: `thread ${i}`, owner: USER, program: idle() }),
  );
  const client = threads[0] as (typeof threads)[number];
  const server = threads.at(-1) as (typeof threads)[number];
  const point = `kernel/thread/${client.id}/schedule-delegate`;
  return {
    kernel,
    point,
    base: () => client.id,
    method: () => kernel.policies.delegate(client).id,
    announce() {
      (columnsOf(kernel, point).shared as Int32Array)[0] = server.id;
    },
  };
};

export const CIPHERS = ['xor', 'chacha20', 'aes-xts'] as const;
export type Cipher = (typeof CIPHERS)[number];

/** In bytes; that of AES-XTS is two of AES's. */
const KEY_BYTES: Readonly<Record<Cipher, number>> = { xor: 16, chacha20: 32, 'aes-xts': 32 };

/** Gives a stream a key for the cipher; AES-XTS works on sectors. */
export const setCipherKey = (stream: Stream, cipher: Cipher): void =>
  Policies.setKey(
    stream,
    Uint8Array.from({ length: KEY_BYTES[cipher] }, (_, i) => 17 * i + 1),
    cipher === 'aes-xts' ? SECTOR_BYTES : 0,
  );

/** 8 KB of a stream. */
const encryptionScene = (cipher: Cipher, kind: Kind): Scene => {
  const kernel = new Kernel({ frames: 16, disk: ramDisk(65_536), compartments: compartments(kind) });
  kernel.format();
  const inode = kernel.finish(kernel.fs.create('data', 'file'));
  const file = kernel.openFile(kernel.spawn({ name: 'writer', owner: USER, program: idle() }), inode);
  const stream = kernel.openStream(file);
  setCipherKey(stream, cipher);
  const from = Uint8Array.from({ length: STREAM_BUFFER_BYTES }, (_, i) => i & 255);
  return {
    kernel,
    point: `kernel/stream/${stream.id}/transform`,
    base() {
      stream.buffer.set(from);
      return stream.buffer[1] as number;
    },
    method() {
      stream.buffer.set(from);
      kernel.policies.transform(stream, STREAM_BUFFER_BYTES);
      return stream.buffer[1] as number;
    },
    announce() {},
  };
};

/** The encryption sample with one of the ciphers; VINO's was XOR. */
export const cipherSample = (cipher: Cipher): Sample => ({
  name: 'encryption',
  file: `encryption/${cipher}.ts`,
  export: 'transform',
  vino_cycles: 50_040,
  empty: '(length) => length',
  locking: null,
  scene: (kind) => encryptionScene(cipher, kind),
});

export const SAMPLES: readonly Sample[] = [
  {
    name: 'read-ahead',
    file: 'read-ahead/announced.ts',
    export: 'computeRa',
    vino_cycles: 12_360,
    empty: '() => 0',
    locking: '(block, api) => { api.announced.lock(); return 0; }',
    scene: readAheadScene,
  },
  {
    name: 'eviction',
    file: 'eviction/keep.ts',
    export: 'evict',
    vino_cycles: 36_840,
    empty: '(victim) => victim',
    locking: '(victim, api) => { api.pages.lock(); return victim; }',
    scene: evictionScene,
  },
  {
    name: 'scheduling',
    file: 'scheduling/group.ts',
    export: 'delegate',
    vino_cycles: 17_040,
    empty: '(id) => id',
    locking: '(id, api) => { api.threads.lock(); return id; }',
    scene: schedulingScene,
  },
  cipherSample('xor'),
];

/** The graft at the sample's point. `failing`: the sample's graft, with its answer replaced by an invalid one. */
export type Body = 'graft' | 'empty' | 'locking' | 'failing';

const packageFor = (sample: Sample, body: Body, point: string): Promise<PluginPackage> => {
  if (body === 'graft') return graftPackage('sample', { file: sample.file, export: sample.export, point });
  if (body === 'failing') return graftPackage('sample', { file: sample.file, export: sample.export, point }, -7);
  return sourcePackage(
    'sample',
    `export const graft = ${body === 'empty' ? sample.empty : sample.locking};`,
    'graft',
    point,
  );
};

/** Lets the scene's point remove no graft: its graft may abort again and again. */
const allowAborts = ({ kernel, point }: Scene): void => {
  kernel.points.table.get(point).budget = Number.POSITIVE_INFINITY;
};

/** A sample's scene with a graft in it, or none. */
export const staged = async (sample: Sample, kind: Kind, body: Body | null): Promise<Scene> => {
  const scene = sample.scene(kind);
  if (body !== null) {
    if (body === 'failing') allowAborts(scene);
    await scene.kernel.install(await packageFor(sample, body, scene.point), { user: USER });
    scene.announce();
  }
  return scene;
};
