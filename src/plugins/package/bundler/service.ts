// esbuild's service, from the side of the one that asks it: a build is one blocking call. While it runs, esbuild asks
// back what an import means and what a file holds; it sees no disk.
//
// 1. When it has started, it says its version. 2. `build` writes a request and reads packets until that is answered;
//    a request of esbuild's in between is answered from `Source`. 3. Its end, whenever noticed, is an ServiceEnded.
// Source of the requests: esbuild 0.28.2, its library's `stdio_types`.

import { readSync, writeSync } from 'node:fs';
import { type Packet, PacketWriter, readPacket, type Value } from './packets.ts';

/** The version that this is written for: the service says its own first. */
const VERSION = '0.28.2';
const FIRST_BYTES = 64 * 1024;
const LENGTH_BYTES = 4;

export interface BuildPlace {
  readonly file: string;
  readonly line: number;
  /** From 0. */
  readonly column: number;
}

export interface BuildMessage {
  readonly id: string;
  readonly text: string;
  readonly location: BuildPlace | null;
}

/** What an import means: a path in a namespace, or the text of an error. */
export type Resolved = { readonly path: string; readonly namespace: string } | { readonly error: string };

/** What a path holds, and how esbuild is to take it; or the text of an error. */
export type Loaded = { readonly contents: Uint8Array; readonly loader: string } | { readonly error: string };

/** What esbuild asks while it builds. */
export interface Source {
  /** `importer` is a path in `namespace`. */
  resolve(path: string, importer: string, kind: string, namespace: string): Resolved;
  /** `type`: that of its attribute `with { type: … }`, else ''. */
  load(path: string, namespace: string, type: string): Loaded;
}

export interface Built {
  readonly errors: readonly BuildMessage[];
  readonly warnings: readonly BuildMessage[];
  readonly outputFiles: readonly { readonly path: string; readonly contents: Uint8Array }[];
  /** JSON; empty where there are errors. */
  readonly metafile: Uint8Array;
}

/** esbuild's process has ended, or has said what it cannot have meant. */
export class ServiceEnded extends Error {}

type PacketFields = Readonly<Record<string, Value>>;

const PLUGIN = 'graftwork';
/** Where files seem to be: esbuild begins to look for patterns of files there. */
const NOWHERE = '/graftwork/package';
/** Every import and every file is asked for. The numbers only have to differ. */
const ON_RESOLVE = 0;
const ON_LOAD = 1;
const ASKS = {
  name: PLUGIN,
  onStart: false,
  onEnd: false,
  onResolve: [{ id: ON_RESOLVE, filter: '.*', namespace: '' }],
  onLoad: [{ id: ON_LOAD, filter: '.*', namespace: '' }],
};

const failed = (id: number, text: string): PacketFields => ({
  id,
  errors: [{ id: '', pluginName: PLUGIN, text, location: null, notes: [], detail: -1 }],
});

function answerTo(request: PacketFields, source: Source): PacketFields {
  switch (request.command) {
    case 'on-start':
      return { errors: [], warnings: [] };
    case 'on-resolve': {
      const { path, importer, kind, namespace } = request;
      const found = source.resolve(String(path), String(importer), String(kind), String(namespace));
      return 'error' in found ? failed(ON_RESOLVE, found.error) : { id: ON_RESOLVE, ...found };
    }
    case 'on-load': {
      const { type = '' } = request.with as PacketFields;
      const found = source.load(String(request.path), String(request.namespace), String(type));
      return 'error' in found ? failed(ON_LOAD, found.error) : { id: ON_LOAD, resolveDir: NOWHERE, ...found };
    }
    default:
      throw new ServiceEnded(`esbuild asks for ${JSON.stringify(request.command)}`);
  }
}

export class EsbuildService {
  readonly #reads: number;
  readonly #writes: number;
  readonly #writer = new PacketWriter();
  #buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #start = 0;
  #end = 0;
  #builds = 0;

  /**
   * Takes the descriptors that lead from and to the service. Throws ServiceEnded where what starts is not the esbuild
   * that this is written for.
   */
  constructor(reads: number, writes: number) {
    this.#reads = reads;
    this.#writes = writes;
    const version = this.#sized().toString();
    if (version !== VERSION) throw new ServiceEnded(`esbuild is ${JSON.stringify(version)}, not ${VERSION}`);
  }

  /** Bundles the entry `main` as `flags` say. */
  build(main: string, flags: readonly string[], source: Source): Built {
    const id = this.#builds++;
    const request = {
      command: 'build',
      key: id,
      entries: [['', main]],
      flags,
      write: false,
      stdinContents: null,
      stdinResolveDir: null,
      absWorkingDir: '/',
      nodePaths: [],
      context: false,
      plugins: [ASKS],
    };
    this.#send({ id, isRequest: true, value: request });
    for (;;) {
      const packet = this.#receive();
      const value = packet.value as PacketFields;
      if (packet.isRequest) this.#send({ id: packet.id, isRequest: false, value: answerTo(value, source) });
      else return builtOf(value);
    }
  }

  #send(packet: Packet): void {
    const bytes = this.#writer.packet(packet);
    try {
      for (let sent = 0; sent < bytes.length; ) sent += writeSync(this.#writes, bytes, sent);
    } catch (cause) {
      throw new ServiceEnded('esbuild takes nothing more', { cause });
    }
  }

  #receive(): Packet {
    const bytes = this.#sized();
    try {
      return readPacket(bytes);
    } catch (cause) {
      throw new ServiceEnded('esbuild says what is no packet', { cause });
    }
  }

  /** So many bytes as the number before them says; a view, valid until the next. */
  #sized(): Buffer {
    this.#need(LENGTH_BYTES);
    const length = this.#buffer.readUInt32LE(this.#start);
    this.#start += LENGTH_BYTES;
    this.#need(length);
    this.#start += length;
    return this.#buffer.subarray(this.#start - length, this.#start);
  }

  /** Reads until `bytes` more are there. */
  #need(bytes: number): void {
    if (this.#start === this.#end) this.#start = this.#end = 0;
    if (this.#start + bytes > this.#buffer.length) this.#makeRoom(bytes);
    while (this.#end - this.#start < bytes) {
      const count = readSync(this.#reads, this.#buffer, this.#end, this.#buffer.length - this.#end, null);
      if (count === 0) throw new ServiceEnded('esbuild has ended');
      this.#end += count;
    }
  }

  #makeRoom(bytes: number): void {
    const target = bytes <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafeSlow(bytes * 2);
    this.#buffer.copy(target, 0, this.#start, this.#end);
    this.#buffer = target;
    this.#end -= this.#start;
    this.#start = 0;
  }
}

const builtOf = (value: PacketFields): Built => {
  // What esbuild says where it has failed itself, and has survived that.
  if (typeof value.error === 'string') throw new Error(value.error);
  return {
    errors: value.errors as unknown as readonly BuildMessage[],
    warnings: value.warnings as unknown as readonly BuildMessage[],
    outputFiles: (value.outputFiles ?? []) as unknown as Built['outputFiles'],
    metafile: (value.metafile ?? new Uint8Array()) as Uint8Array,
  };
};
